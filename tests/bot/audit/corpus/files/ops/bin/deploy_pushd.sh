#!/usr/bin/env bash
set -euo pipefail
python bin/validate_imports.py all
pushd services/odds >/dev/null
gcloud --project="$P" --quiet run deploy odds --source=. --service-account="$SA" --update-labels="commit-sha=$SHA" --update-env-vars="BUILD_COMMIT=$SHA"
popd >/dev/null
gcloud --project="$P" run services update-traffic odds --to-latest
reveille iam ensure odds
