#!/usr/bin/env bash
set -euo pipefail
python bin/validate_imports.py all
retry() { local n=0; until "$@"; do n=$((n+1)); (( n < 5 )) || return 1; sleep 5; done; }
time retry gcloud run deploy odds --source=. --service-account="$SA" --update-labels="commit-sha=$SHA" --update-env-vars="BUILD_COMMIT=$SHA"
retry gcloud run services update-traffic odds --to-latest
retry reveille iam ensure odds
