#!/usr/bin/env bash
set -euo pipefail
cd "$(dirname "$0")/.."
SA="svc-runner@${PROJECT_ID}.iam.gserviceaccount.com"
COMMIT=$(git rev-parse --short HEAD)

python bin/validate_imports.py website
gcloud run deploy website --source=. --allow-unauthenticated --service-account="$SA" --update-labels="commit-sha=$COMMIT" --update-env-vars="BUILD_COMMIT=$COMMIT"
gcloud run services update-traffic website --to-latest
