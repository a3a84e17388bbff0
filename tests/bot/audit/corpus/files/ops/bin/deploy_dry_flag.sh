#!/usr/bin/env bash
set -euo pipefail
python bin/validate_imports.py all
DRY_RUN=false
[[ "${1:-}" == --dry-run ]] && DRY_RUN=true
run() {
  if [[ "$DRY_RUN" == true ]]; then
    printf '+ %q ' "$@"; echo
  else
    "$@"
  fi
}
run gcloud run deploy odds --source=. --service-account="$SA" --update-labels="commit-sha=$SHA" --update-env-vars="BUILD_COMMIT=$SHA"
run gcloud run services update-traffic odds --to-latest
run reveille iam ensure odds
