#!/bin/bash
set -euo pipefail
# A job: nobody invokes it as a service, so nothing need be bound, verified or sent traffic.
gcloud run jobs deploy line-enrichment \
  --image=images.example.com/example-project/jobs/line-enrichment:latest \
  --region=us-west2 \
  --set-env-vars=GCP_PROJECT=example-project
rm -rf build || true
