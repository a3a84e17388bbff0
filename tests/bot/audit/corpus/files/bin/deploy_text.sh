#!/usr/bin/env bash
set -euo pipefail
cd "$(dirname "$0")/.."
SA="svc-runner@${PROJECT_ID}.iam.gserviceaccount.com"
COMMIT=$(git rev-parse --short HEAD)

cat <<EOF
Next steps:
  gcloud run deploy live-export --set-env-vars=A=b || true
EOF
# gcloud run deploy live-export --set-env-vars=A=b
echo "run: gcloud run deploy live-export --set-env-vars=A=b"
printf 'gcloud functions deploy %s --set-secrets=a=b\n' x
