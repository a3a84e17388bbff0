#!/usr/bin/env bash
set -euo pipefail
here="$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" &>/dev/null && pwd)"
# shellcheck source=../lib/gcp.sh
source "${here}/../lib/gcp.sh"

for service in ingest grade publish; do
  log "deploying $service"
  retry gcp::deploy "$service" --memory=1Gi
  gcp::bind "$service"
done
