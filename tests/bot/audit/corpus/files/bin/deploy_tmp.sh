#!/usr/bin/env bash
set -euo pipefail
cd "$(dirname "$0")/.."
SA="svc-runner@${PROJECT_ID}.iam.gserviceaccount.com"
COMMIT=$(git rev-parse --short HEAD)

BUILD_DIR=$(mktemp -d)
cleanup() { rm -rf "$BUILD_DIR"; }
trap cleanup EXIT
LEFT=$(mktemp -d)
cp -r src "$BUILD_DIR"
cp -r src "$LEFT"
cat > "$BUILD_DIR/policy.json" <<JSON
{"bindings": [{"role": "roles/run.invoker", "members": ["serviceAccount:$SA"]}]}
JSON
python bin/validate_imports.py live-export
gcloud run deploy live-export --source="$BUILD_DIR" --service-account="$SA" --update-labels="commit-sha=$COMMIT" --update-env-vars="BUILD_COMMIT=$COMMIT"
gcloud run services update-traffic live-export --to-latest
reveille iam ensure live-export
rm -rf "$LEFT"
