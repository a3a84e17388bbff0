#!/usr/bin/env bash
set -euo pipefail
SHA=$(git rev-parse --short HEAD)
python bin/validate_imports.py grading
gcloud functions deploy grading --gen2 --runtime=python312 --trigger-topic=grading --source=grading \
  --service-account="grading@$PROJECT.iam.gserviceaccount.com" \
  --update-labels="commit-sha=$SHA" --update-env-vars="BUILD_COMMIT=$SHA"
gcloud functions add-iam-policy-binding grading --member="serviceAccount:c@$PROJECT.iam.gserviceaccount.com" --role=roles/cloudfunctions.invoker
reveille deploy verify grading
