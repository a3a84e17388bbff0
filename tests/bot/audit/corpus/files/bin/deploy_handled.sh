#!/usr/bin/env bash
set -euo pipefail
cd "$(dirname "$0")/.."
SA="svc-runner@${PROJECT_ID}.iam.gserviceaccount.com"
COMMIT=$(git rev-parse --short HEAD)

failed=0
for svc in a b; do
  python bin/validate_imports.py "$svc"
  if ! gcloud run deploy "$svc" --source=. --service-account="$SA" --update-labels="commit-sha=$COMMIT" --update-env-vars="BUILD_COMMIT=$COMMIT"; then
    echo "failed: $svc" >&2
    failed=$((failed + 1))
    continue
  fi
  gcloud run services update-traffic "$svc" --to-latest
  reveille iam ensure "$svc"
done
if [ "$failed" -gt 0 ]; then
  exit 1
fi
