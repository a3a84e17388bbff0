#!/usr/bin/env bash
set -euo pipefail
python bin/validate_imports.py all
SERVICES="a b"
BOUND="a"
for s in $SERVICES; do
  gcloud run deploy "$s" --source=. --service-account="$SA" --update-labels="commit-sha=$SHA" --update-env-vars="BUILD_COMMIT=$SHA"
  gcloud run services update-traffic "$s" --to-latest
done
for s in $BOUND; do
  reveille iam ensure "$s"
done
