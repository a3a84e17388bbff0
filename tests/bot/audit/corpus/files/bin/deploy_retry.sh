#!/usr/bin/env bash
set -euo pipefail
cd "$(dirname "$0")/.."
SA="svc-runner@${PROJECT_ID}.iam.gserviceaccount.com"
COMMIT=$(git rev-parse --short HEAD)

with_retry() {
  local n=0
  until "$@"; do
    n=$((n + 1))
    [ "$n" -ge 3 ] && return 1
    sleep 5
  done
}
python bin/validate_imports.py live-export
with_retry gcloud run deploy live-export --source=. --service-account="$SA" --update-labels="commit-sha=$COMMIT" --update-env-vars="BUILD_COMMIT=$COMMIT" --set-secrets=KEY=key:latest
with_retry gcloud run services update-traffic live-export --to-latest
with_retry reveille iam ensure live-export
