#!/usr/bin/env bash
set -euo pipefail
SHA=$(git rev-parse --short HEAD)
python bin/validate_imports.py webhook
gcloud functions deploy webhook --no-gen2 --runtime=python310 --trigger-http --source=webhook \
  --service-account="webhook@$PROJECT.iam.gserviceaccount.com" \
  --update-labels="commit-sha=$SHA" --update-env-vars="BUILD_COMMIT=$SHA"
gcloud functions add-iam-policy-binding webhook --member="serviceAccount:caller@$PROJECT.iam.gserviceaccount.com" --role=roles/cloudfunctions.invoker
