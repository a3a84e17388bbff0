#!/usr/bin/env bash
set -euo pipefail
bash -euo pipefail <<'REMOTE'
python bin/validate_imports.py remote
gcloud beta run deploy remote --source=. --service-account="$SA" --update-labels=commit-sha="$SHA" --update-env-vars=BUILD_COMMIT="$SHA" --set-labels=team=data
gcloud run services update-traffic remote --to-latest
reveille iam ensure remote
REMOTE
