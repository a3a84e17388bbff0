#!/usr/bin/env bash
set -euo pipefail
cd "$(dirname "$0")/.."
SA="svc-runner@${PROJECT_ID}.iam.gserviceaccount.com"
COMMIT=$(git rev-parse --short HEAD)

IMAGE="us-docker.pkg.dev/$PROJECT_ID/app/live:$COMMIT"
docker build -t "$IMAGE" .
docker push "$IMAGE"
python bin/validate_imports.py live-export
gcloud run services update live-export --image="$IMAGE" --update-labels="commit-sha=$COMMIT" --update-env-vars="BUILD_COMMIT=$COMMIT"
gcloud run services update-traffic live-export --to-latest
POLICY=$(gcloud run services get-iam-policy live-export --format=json)
if ! grep -q run.invoker <<< "$POLICY"; then
  reveille iam ensure live-export
fi
reveille deploy verify live-export
