#!/usr/bin/env bash
set -euo pipefail
ENV="${1:-dev}"
if [ "$ENV" = "prod" ]; then
  ACCESS="--no-allow-unauthenticated"
else
  ACCESS="--allow-unauthenticated"
fi
python bin/validate_imports.py site
gcloud run deploy site --source=. --service-account="$SA" --update-labels="commit-sha=$SHA" --update-env-vars="BUILD_COMMIT=$SHA" $ACCESS
gcloud run services update-traffic site --to-latest
if [ "$ENV" = "prod" ]; then
  reveille iam ensure site
fi
