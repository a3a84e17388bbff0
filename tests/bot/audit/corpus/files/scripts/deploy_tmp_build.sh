#!/usr/bin/env bash
set -euo pipefail
BUILD=$(mktemp -d)
OTHER=$(mktemp -d -t other.XXXX)
on_exit() {
  rm -rf "$BUILD"
}
trap on_exit EXIT
python bin/validate_imports.py tmpsvc
gcloud run deploy tmpsvc --source="$BUILD" --service-account="$SA" --update-labels="commit-sha=$SHA" --update-env-vars="BUILD_COMMIT=$SHA" --env-vars-file=env.yaml
gcloud run services update-traffic tmpsvc --to-latest
reveille iam ensure tmpsvc
