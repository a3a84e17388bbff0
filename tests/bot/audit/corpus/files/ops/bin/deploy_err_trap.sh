#!/usr/bin/env bash
set -euo pipefail
python bin/validate_imports.py all
trap 'echo "failed at line $LINENO" >&2' ERR
TMP=$(mktemp -d); trap 'code=$?; rm -rf -- "${TMP:?}"; exit $code' EXIT HUP
cp -r . "$TMP/"
gcloud run deploy odds --source=. --service-account="$SA" --update-labels="commit-sha=$SHA" --update-env-vars="BUILD_COMMIT=$SHA"
gcloud run services update-traffic odds --to-latest
reveille iam ensure odds
