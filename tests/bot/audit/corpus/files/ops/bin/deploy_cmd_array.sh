#!/usr/bin/env bash
set -euo pipefail
python bin/validate_imports.py all
CMD=(gcloud run deploy web --source=. --service-account="$SA" --update-labels="commit-sha=$SHA" --update-env-vars="BUILD_COMMIT=$SHA")
if [[ "${CANARY:-}" == yes ]]; then
  CMD+=(--no-traffic --tag=canary)
fi
"${CMD[@]}"
reveille iam ensure web
if [[ "${CANARY:-}" != yes ]]; then
  gcloud run services update-traffic web --to-latest
fi
