#!/usr/bin/env bash
set -euo pipefail
python bin/validate_imports.py all
DRY_RUN=${DRY_RUN:-0}
if [ "$DRY_RUN" = 1 ]; then
  echo "would deploy"
  exit 0
fi
if gcloud run deploy odds --source=. --service-account="$SA" --update-labels="commit-sha=$SHA" --update-env-vars="BUILD_COMMIT=$SHA"; then
  echo deployed
else
  code=$?
  echo "failed with $code" >&2
  exit "$code"
fi
gcloud run services update-traffic odds --to-latest
reveille iam ensure odds
