#!/usr/bin/env bash
set -euo pipefail
cd "$(dirname "$0")/.."
SA="svc-runner@${PROJECT_ID}.iam.gserviceaccount.com"
COMMIT=$(git rev-parse --short HEAD)

python bin/validate_imports.py grading
gcloud functions deploy grading --gen2 --source=. --trigger-topic=nba-done --service-account="$SA" --update-labels="commit-sha=$COMMIT" --update-env-vars="BUILD_COMMIT=$COMMIT"
gcloud run services update-traffic grading --to-latest
reveille iam ensure grading
gcloud pubsub subscriptions describe extra >/dev/null 2>&1 || gcloud pubsub subscriptions create extra --topic=nba-done
