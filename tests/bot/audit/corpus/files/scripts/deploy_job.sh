#!/usr/bin/env bash
set -euo pipefail
JOB=nightly-report
IMAGE="us-docker.pkg.dev/$PROJECT/r/report:$SHA"
if gcloud run jobs describe "$JOB" --region=us-west2 >/dev/null 2>&1; then
  ACTION=update
else
  ACTION=create
fi
python bin/validate_imports.py report
gcloud run jobs "$ACTION" "$JOB" --image="$IMAGE" --region=us-west2 \
  --service-account="report@$PROJECT.iam.gserviceaccount.com" \
  --labels="commit-sha=$SHA" --set-env-vars="BUILD_COMMIT=$SHA"
