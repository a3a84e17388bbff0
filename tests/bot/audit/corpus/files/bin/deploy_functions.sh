#!/bin/bash
set -e
REGION=us-west2
SA=fn@example-project.iam.gserviceaccount.com
log() { echo "[$(date +%T)] $*"; }
deploy_fn() {
  local name="$1" topic="$2"
  log "deploying $name"
  python3 bin/validate_imports.py "$name"
  gcloud functions deploy "$name" --gen2 --runtime=python311 --region="$REGION" --source="functions/$name" --entry-point=main --trigger-topic="$topic" --service-account="$SA" --update-labels=commit-sha="$(git rev-parse HEAD)" --update-env-vars=BUILD_COMMIT="$(git rev-parse HEAD)"
  gcloud functions add-invoker-policy-binding "$name" --region="$REGION" --member="serviceAccount:$SA"
  reveille deploy verify "$name"
}
deploy_fn phase3_to_phase4 nba-phase3-done
deploy_fn phase4_to_phase5 nba-phase4-done
log "all done"
