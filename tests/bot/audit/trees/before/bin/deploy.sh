#!/bin/bash
# Usage: deploy.sh [SERVICE…]
PROJECT_ID=example-project
REGION=us-west2
SERVICES=(nba-phase2-raw-processors nba-phase3-analytics-processors prediction-worker)
usage="gcloud run deploy SERVICE --set-env-vars=… || true"

validate() {
  python3 - <<'PY'
import importlib
import main
PY
}

for service in "${SERVICES[@]}"; do
  validate
  gcloud run deploy "$service" \
    --image="images.example.com/$PROJECT_ID/services/$service:latest" \
    --region="$REGION" \
    --min-instances 0 \
    --set-env-vars "GCP_PROJECT_ID=$PROJECT_ID,SERVICE=$service" \
    --no-allow-unauthenticated
done

for service in nba-phase2-raw-processors prediction-worker; do
  gcloud run services add-iam-policy-binding "$service" --region="$REGION" \
    --member=serviceAccount:pubsub@example-project.iam.gserviceaccount.com --role=roles/run.invoker
done
