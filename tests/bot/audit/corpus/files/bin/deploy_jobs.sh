#!/usr/bin/env bash
set -euo pipefail
cd "$(dirname "$0")/.."
SA="svc-runner@${PROJECT_ID}.iam.gserviceaccount.com"
COMMIT=$(git rev-parse --short HEAD)

JOB=nightly-report
python bin/validate_imports.py "$JOB"
if gcloud run jobs describe "$JOB" --region=us-west2 >/dev/null 2>&1; then
  gcloud run jobs update "$JOB" --image=i --region=us-west2 --update-labels="commit-sha=$COMMIT" --update-env-vars="BUILD_COMMIT=$COMMIT"
else
  gcloud run jobs create "$JOB" --image=i --region=us-west2 --service-account="$SA" --labels="commit-sha=$COMMIT" --set-env-vars="BUILD_COMMIT=$COMMIT"
fi
gcloud run jobs deploy "$JOB" --image=i --service-account="$SA" --labels="commit-sha=$COMMIT" --set-env-vars="BUILD_COMMIT=$COMMIT"
gcloud scheduler jobs create http nightly --schedule="0 6 * * *" --uri="https://example.com/run"
