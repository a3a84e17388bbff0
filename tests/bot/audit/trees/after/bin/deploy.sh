#!/bin/bash
# Usage: deploy.sh [SERVICE…]
set -euo pipefail
PROJECT_ID=example-project
REGION=us-west2
COMMIT=${COMMIT:-$(git rev-parse --short HEAD)}
SERVICES=(nba-phase2-raw-processors nba-phase3-analytics-processors prediction-worker)
usage="gcloud run deploy SERVICE --set-env-vars=… || true"

for service in "${SERVICES[@]}"; do
  python bin/validation/validate_imports.py "$service"
  gcloud run deploy "$service" \
    --image="images.example.com/$PROJECT_ID/services/$service:$COMMIT" \
    --region="$REGION" \
    --service-account="$service@$PROJECT_ID.iam.gserviceaccount.com" \
    --update-env-vars "GCP_PROJECT_ID=$PROJECT_ID,SERVICE=$service,BUILD_COMMIT=$COMMIT" \
    --update-labels "commit-sha=$COMMIT" \
    --no-allow-unauthenticated
done

for service in "${SERVICES[@]}"; do
  gcloud run services update-traffic "$service" --to-latest --region="$REGION"
  reveille iam ensure "$service"
done
