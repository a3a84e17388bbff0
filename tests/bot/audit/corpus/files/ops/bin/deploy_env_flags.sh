#!/usr/bin/env bash
set -euo pipefail
python bin/validate_imports.py all
ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
source "$ROOT/common/env.sh" || exit 1
gcloud run deploy odds --source=. --service-account="$SA" --update-labels="commit-sha=$SHA" --update-env-vars="BUILD_COMMIT=$SHA" $RUN_FLAGS || die "odds failed"
gcloud run services update-traffic odds --to-latest || die "traffic"
reveille iam ensure odds
