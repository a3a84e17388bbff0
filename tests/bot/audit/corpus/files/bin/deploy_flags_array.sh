#!/usr/bin/env bash
set -euo pipefail
cd "$(dirname "$0")/.."
SA="svc-runner@${PROJECT_ID}.iam.gserviceaccount.com"
COMMIT=$(git rev-parse --short HEAD)

SERVICE=grading
FLAGS=(
  --source=.
  --region=us-west2
  --memory=2Gi
  --service-account="$SA"
  --set-env-vars="GCP_PROJECT=$PROJECT_ID"
  --update-labels="commit-sha=$COMMIT"
)
if [[ "${WARM:-no}" == yes ]]; then
  FLAGS+=(--min-instances=1)
else
  FLAGS+=(--min-instances=0)
fi
python bin/validate_imports.py "$SERVICE" || { echo "imports broken" >&2; exit 1; }
gcloud run deploy "$SERVICE" "${FLAGS[@]}" --update-env-vars="BUILD_COMMIT=$COMMIT"
gcloud run services update-traffic "$SERVICE" --to-latest --region us-west2
reveille iam ensure "$SERVICE"
