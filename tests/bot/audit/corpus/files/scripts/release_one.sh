#!/usr/bin/env bash
set -euo pipefail
. "$(git rev-parse --show-toplevel)/lib/gcp.sh"
gcp::deploy grade --clear-secrets
log "gcloud run deploy is done"
