#!/bin/bash
set -euo pipefail
# A job: nobody invokes it as a service, so nothing need be bound, verified or sent traffic.
COMMIT=$(git rev-parse --short HEAD)
python bin/validation/validate_imports.py line_enrichment
gcloud run jobs deploy line-enrichment \
  --image="images.example.com/example-project/jobs/line-enrichment:$COMMIT" \
  --region=us-west2 \
  --service-account=line-enrichment@example-project.iam.gserviceaccount.com \
  --update-env-vars="GCP_PROJECT=example-project,BUILD_COMMIT=$COMMIT" \
  --update-labels="commit-sha=$COMMIT"
rm -rf build || true
