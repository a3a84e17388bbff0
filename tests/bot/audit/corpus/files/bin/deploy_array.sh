#!/usr/bin/env bash
set -euo pipefail
cd "$(dirname "$0")/.."
SA="svc-runner@${PROJECT_ID}.iam.gserviceaccount.com"
COMMIT=$(git rev-parse --short HEAD)

declare -a SERVICES=(phase2 phase3 phase4)
usage() {
  cat <<USAGE
usage: $0 [service...]
  gcloud run deploy is run for each of them
USAGE
}
[[ "${1:-}" == "-h" ]] && { usage; exit 0; }
for svc in "${SERVICES[@]}"; do
  echo "Deploying $svc with gcloud run deploy ..."
  python bin/validate_imports.py "$svc"
  gcloud run deploy "$svc" --source="services/$svc" --region=us-west2 --service-account="$SA" --update-labels="commit-sha=$COMMIT" --update-env-vars="BUILD_COMMIT=$COMMIT" --quiet
  gcloud run services update-traffic "$svc" --to-latest --region=us-west2
done
for svc in "${SERVICES[@]}"; do
  reveille iam ensure "$svc"
done
