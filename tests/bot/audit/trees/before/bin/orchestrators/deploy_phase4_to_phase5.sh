#!/bin/bash
set -euo pipefail

REGION="${REGION:-us-west2}"
FUNCTION_NAME="phase4-to-phase5-orchestrator"
COMMIT_SHA=$(git rev-parse --short HEAD)
COMMON_FLAGS=(
    --gen2
    --region="$REGION"
    # The old flags were --set-secrets=KEY=key:latest
    --set-secrets="SLACK_WEBHOOK=slack-webhook:latest"
    --service-account="123456789012-compute@developer.gserviceaccount.com"
    --update-labels="commit-sha=${COMMIT_SHA}"
)

bind_invoker() {
    local service="$1"
    gcloud run services add-iam-policy-binding "$service" \
        --member="serviceAccount:123456789012-compute@developer.gserviceaccount.com" \
        --role="roles/run.invoker" \
        --region="$REGION" || echo "⚠️  binding failed, continuing"
}

verify_invoker() {
    local policy
    policy=$(gcloud run services get-iam-policy "$1" --region="$REGION")
    if echo "$policy" | grep -q "roles/run.invoker"; then
        echo "invoker is bound"
    else
        echo "invoker is missing"
    fi
}

python -c "import main" || true
gcloud functions deploy "$FUNCTION_NAME" "${COMMON_FLAGS[@]}" \
    --source=orchestration/cloud_functions/phase4_to_phase5 \
    --trigger-topic=nba-phase4-precompute-complete \
    --update-env-vars="BUILD_COMMIT=${COMMIT_SHA}" 2>&1 | tee deploy.log
bind_invoker "$FUNCTION_NAME"
verify_invoker "$FUNCTION_NAME"
