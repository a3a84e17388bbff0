#!/usr/bin/env bash
set -euo pipefail
python bin/validate_imports.py all
SKIP_VERIFY=false
for arg in "$@"; do
  case "$arg" in
    --skip-verify) SKIP_VERIFY=true ;;
  esac
done
gcloud run deploy odds --source=. --service-account="$SA" --update-labels="commit-sha=$SHA" --update-env-vars="BUILD_COMMIT=$SHA"
gcloud run services update-traffic odds --to-latest
gcloud run services add-iam-policy-binding odds --member="serviceAccount:$CALLER" --role=roles/run.invoker
if [[ "$SKIP_VERIFY" != true ]]; then
  reveille deploy verify odds
fi
