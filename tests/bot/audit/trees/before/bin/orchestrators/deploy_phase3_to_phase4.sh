#!/bin/bash
# Deploys the orchestrator that starts phase 4 when phase 3 is complete.
# Earlier this used: gcloud functions deploy phase3-to-phase4 --set-env-vars A=b
set -e

PROJECT_ID="example-project"
REGION="us-west2"
FUNCTION_NAME="phase3-to-phase4-orchestrator"
RUNTIME="python311"
ENTRY_POINT="orchestrate_phase3_to_phase4"
TRIGGER_TOPIC="nba-phase3-analytics-complete"
MIN_INSTANCES=0

BUILD_DIR=$(mktemp -d)
echo "Copying the source to $BUILD_DIR"
cp -r orchestration/cloud_functions/phase3_to_phase4/. "$BUILD_DIR/"
rsync -a --exclude='__pycache__' shared/ "$BUILD_DIR/shared/"

gcloud functions deploy $FUNCTION_NAME \
    --gen2 \
    --runtime=$RUNTIME \
    --region=$REGION \
    --source="$BUILD_DIR" \
    --entry-point=$ENTRY_POINT \
    --trigger-topic=$TRIGGER_TOPIC \
    --set-env-vars="GCP_PROJECT=$PROJECT_ID,PHASE4_TOPIC=nba-phase4-trigger" \
    --memory=512MB \
    --timeout=540s \
    --min-instances=$MIN_INSTANCES \
    --project=$PROJECT_ID

rm -rf "$BUILD_DIR"

echo "Deployed. To let the scheduler in, run:"
echo "  gcloud run services add-iam-policy-binding $FUNCTION_NAME --role=roles/run.invoker"
cat <<'HELP'
To verify: gcloud run services get-iam-policy phase3-to-phase4-orchestrator || true
HELP
