#!/bin/bash
set -euo pipefail

REGION="${REGION:-us-west2}"
FUNCTION_NAME="phase4-to-phase5-orchestrator"
COMMIT_SHA=$(git rev-parse --short HEAD)
SERVICE_ACCOUNT="${SERVICE_ACCOUNT:-orchestrators@example-project.iam.gserviceaccount.com}"
COMMON_FLAGS=(
    --gen2
    --region="$REGION"
    # The old flags were --set-secrets=KEY=key:latest
    --update-secrets="SLACK_WEBHOOK=slack-webhook:latest"
    --service-account="$SERVICE_ACCOUNT"
    --update-labels="commit-sha=${COMMIT_SHA}"
)

bind_invoker() {
    local service="$1"
    gcloud run services add-iam-policy-binding "$service" \
        --member="serviceAccount:$SERVICE_ACCOUNT" \
        --role="roles/run.invoker" \
        --region="$REGION" || { echo "the binding of $service failed" >&2; return 1; }
}

verify_invoker() {
    local member
    member=$(gcloud run services get-iam-policy "$1" --region="$REGION" \
        --flatten="bindings[].members" \
        --filter="bindings.role=roles/run.invoker AND bindings.members=serviceAccount:$SERVICE_ACCOUNT" \
        --format="value(bindings.members)")
    if [[ -z "$member" ]]; then
        echo "the invoker of $1 is missing" >&2
        exit 1
    fi
}

no_duplicate_subscriptions() {
    local count
    count=$(gcloud pubsub subscriptions list --filter="topic:$1" --format="value(name)" | wc -l)
    if (( count > 1 )); then
        echo "$count subscriptions on $1, expected one" >&2
        exit 1
    fi
}

python bin/validation/validate_imports.py orchestration/cloud_functions/phase4_to_phase5
gcloud functions deploy "$FUNCTION_NAME" "${COMMON_FLAGS[@]}" \
    --source=orchestration/cloud_functions/phase4_to_phase5 \
    --trigger-topic=nba-phase4-precompute-complete \
    --serve-all-traffic-latest-revision \
    --update-env-vars="BUILD_COMMIT=${COMMIT_SHA}" 2>&1 | tee deploy.log
bind_invoker "$FUNCTION_NAME"
verify_invoker "$FUNCTION_NAME"
no_duplicate_subscriptions nba-phase4-precompute-complete
