#!/usr/bin/env bash
set -euo pipefail
cd "$(dirname "$0")/.."
SA="svc-runner@${PROJECT_ID}.iam.gserviceaccount.com"
COMMIT=$(git rev-parse --short HEAD)

DRY_RUN=${DRY_RUN:-0}
run() {
  if [ "$DRY_RUN" = 1 ]; then
    echo "+ $*"
    return 0
  fi
  "$@"
}
python bin/validate_imports.py live-export
run gcloud run deploy live-export --source=. --service-account="$SA" --update-labels="commit-sha=$COMMIT" --update-env-vars="BUILD_COMMIT=$COMMIT"
run gcloud run services update-traffic live-export --to-latest
run reveille iam ensure live-export
