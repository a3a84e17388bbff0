#!/usr/bin/env bash
set -euo pipefail
cd "$(dirname "$0")/.."
SA="svc-runner@${PROJECT_ID}.iam.gserviceaccount.com"
COMMIT=$(git rev-parse --short HEAD)

ENVIRONMENT="${1:-staging}"
case "$ENVIRONMENT" in
  prod) SERVICE=live-export ;;
  staging) SERVICE=live-export-staging ;;
  *) echo "unknown environment: $ENVIRONMENT" >&2; exit 2 ;;
esac
python bin/validate_imports.py "$SERVICE"
gcloud run deploy "$SERVICE" --source=. --service-account="$SA" --update-labels="commit-sha=$COMMIT" --update-env-vars="BUILD_COMMIT=$COMMIT"
gcloud run services update-traffic "$SERVICE" --to-latest
reveille iam ensure "$SERVICE"
