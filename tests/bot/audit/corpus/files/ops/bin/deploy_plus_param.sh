#!/usr/bin/env bash
set -euo pipefail
python bin/validate_imports.py all
gcloud run deploy odds --source=. --service-account="$SA" --update-labels="commit-sha=$SHA" --update-env-vars="BUILD_COMMIT=$SHA" ${PROD:+--set-labels=env=prod} ${MEMORY:+"--memory=$MEMORY"}
gcloud run services update-traffic odds --to-latest
reveille iam ensure odds
