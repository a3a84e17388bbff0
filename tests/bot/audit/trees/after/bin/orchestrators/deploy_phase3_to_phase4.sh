#!/bin/bash
# Deploys the orchestrator that starts phase 4 when phase 3 is complete.
# Earlier this used: gcloud functions deploy phase3-to-phase4 --set-env-vars A=b
set -euo pipefail

PROJECT_ID="example-project"
REGION="us-west2"
FUNCTION_NAME="phase3-to-phase4-orchestrator"
RUNTIME="python311"
ENTRY_POINT="orchestrate_phase3_to_phase4"
TRIGGER_TOPIC="nba-phase3-analytics-complete"
SERVICE_ACCOUNT="orchestrators@example-project.iam.gserviceaccount.com"
COMMIT=$(git rev-parse --short HEAD)

BUILD_DIR=$(mktemp -d)
trap 'rm -rf "$BUILD_DIR"' EXIT
echo "Copying the source to $BUILD_DIR"
cp -r orchestration/cloud_functions/phase3_to_phase4/. "$BUILD_DIR/"
rsync -a --exclude='__pycache__' shared/ "$BUILD_DIR/shared/"

python bin/validation/validate_imports.py "$BUILD_DIR"

gcloud functions deploy $FUNCTION_NAME \
    --gen2 \
    --runtime=$RUNTIME \
    --region=$REGION \
    --source="$BUILD_DIR" \
    --entry-point=$ENTRY_POINT \
    --trigger-topic=$TRIGGER_TOPIC \
    --service-account="$SERVICE_ACCOUNT" \
    --update-env-vars="GCP_PROJECT=$PROJECT_ID,PHASE4_TOPIC=nba-phase4-trigger,BUILD_COMMIT=$COMMIT" \
    --update-labels="commit-sha=$COMMIT" \
    --memory=512MB \
    --timeout=540s \
    --project=$PROJECT_ID

gcloud run services update-traffic "$FUNCTION_NAME" --to-latest --region=$REGION --project=$PROJECT_ID
reveille iam ensure "$FUNCTION_NAME"
reveille deploy verify "$FUNCTION_NAME"

echo "Deployed. Should the scheduler ever be refused, run:"
echo "  gcloud run services add-iam-policy-binding $FUNCTION_NAME --role=roles/run.invoker"
cat <<'HELP'
To look: gcloud run services get-iam-policy phase3-to-phase4-orchestrator || true
HELP
