#!/usr/bin/env bash
set -euo pipefail
cd "$(dirname "$0")/.."
SA="svc-runner@${PROJECT_ID}.iam.gserviceaccount.com"
COMMIT=$(git rev-parse --short HEAD)

python bin/validate_imports.py live-export
gcloud run deploy live-export --source=. --service-account="$SA" --update-labels="commit-sha=$COMMIT" --update-env-vars="BUILD_COMMIT=$COMMIT"
gcloud run services update-traffic live-export --to-latest
if [ "${1:-}" = "--skip-iam" ]; then
  echo "left as it is"
  exit 0
fi
reveille iam ensure live-export
