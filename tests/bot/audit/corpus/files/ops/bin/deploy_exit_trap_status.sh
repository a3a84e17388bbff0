#!/usr/bin/env bash
set -euo pipefail
python bin/validate_imports.py all
status=0
gcloud run deploy odds --source=. --service-account="$SA" --update-labels="commit-sha=$SHA" --update-env-vars="BUILD_COMMIT=$SHA" || status=$?
if [ "$status" -ne 0 ]; then
  echo "failed" >&2
  exit "$status"
fi
gcloud run services update-traffic odds --to-latest
reveille iam ensure odds
