#!/usr/bin/env bash
set -euo pipefail
export SHA=$(git rev-parse --short HEAD)
envsubst < service.yaml > /tmp/service.yaml
python bin/validate_imports.py batch
gcloud run services replace service.yaml --region=us-west2
