#!/usr/bin/env bash
set -euo pipefail
cd "$(dirname "$0")/.."
SA="svc-runner@${PROJECT_ID}.iam.gserviceaccount.com"
COMMIT=$(git rev-parse --short HEAD)

python bin/validate_imports.py live-export
gcloud run deploy live-export --source=. --no-traffic --tag=next --service-account="$SA" --update-labels="commit-sha=$COMMIT" --update-env-vars="BUILD_COMMIT=$COMMIT"
reveille iam ensure live-export
