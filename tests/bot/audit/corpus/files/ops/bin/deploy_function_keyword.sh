#!/usr/bin/env bash
set -euo pipefail
python bin/validate_imports.py all
function deploy_one {
  local -r service="$1"
  local -a flags=("${@:2}")
  gcloud run deploy "$service" --source=. --service-account="$SA" --update-labels="commit-sha=$SHA" --update-env-vars="BUILD_COMMIT=$SHA" "${flags[@]}"
  gcloud run services update-traffic "$service" --to-latest
}
function bind_one () { reveille iam ensure "$1"; }
main() {
  deploy_one ingest --memory=2Gi
  bind_one ingest
  deploy_one publish --clear-env-vars
}
main "$@"
