#!/usr/bin/env bash
set -euo pipefail
python bin/validate_imports.py sub
gcloud run deploy sub --source=. --service-account="$SA" --update-labels="commit-sha=$SHA" --update-env-vars="BUILD_COMMIT=$SHA"
gcloud run services update-traffic sub --to-latest
reveille iam ensure sub
URL=$(gcloud run services describe sub --format='value(status.url)')
if ! gcloud pubsub subscriptions describe sub-push >/dev/null 2>&1; then
  gcloud pubsub subscriptions create sub-push --topic=sub --push-endpoint="$URL" --push-auth-service-account="$CALLER"
else
  gcloud pubsub subscriptions update sub-push --push-endpoint="$URL"
fi
