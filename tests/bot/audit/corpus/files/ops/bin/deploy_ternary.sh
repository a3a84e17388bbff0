#!/usr/bin/env bash
set -euo pipefail
python bin/validate_imports.py all
[ "$ENV" = prod ] && MIN=1 || MIN=0
gcloud run deploy odds --source=. --service-account="$SA" --update-labels="commit-sha=$SHA" --update-env-vars="BUILD_COMMIT=$SHA" --min-instances="$MIN"
gcloud run services update-traffic odds --to-latest
reveille iam ensure odds
