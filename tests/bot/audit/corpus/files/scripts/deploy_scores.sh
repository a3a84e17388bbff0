#!/bin/bash
set -euo pipefail
ENV=$1
SHA=$(git rev-parse HEAD)
FLAGS=(
  --source=.
  --service-account="scores@$PROJECT.iam.gserviceaccount.com"
  --update-labels="commit-sha=$SHA"
)
if [[ $ENV == prod ]]; then
  FLAGS+=(--set-env-vars="BUILD_COMMIT=$SHA,MODE=prod")
else
  FLAGS+=(--update-env-vars="BUILD_COMMIT=$SHA" --min-instances=0)
fi
python bin/validate_imports.py scores
gcloud run deploy scores "${FLAGS[@]}"
gcloud run services update-traffic scores --to-latest
gcloud run services add-iam-policy-binding scores --member="serviceAccount:x@$PROJECT.iam.gserviceaccount.com" --role=roles/run.invoker
if [[ $ENV == prod ]]; then
  reveille deploy verify scores
fi
