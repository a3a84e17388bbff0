#!/usr/bin/env bash
set -euo pipefail
python bin/validate_imports.py all
declare -A pids=()
deploy() {
  local name="$1"
  gcloud run deploy "$name" --source="services/$name" --service-account="$name@$P.iam.gserviceaccount.com" \
    --update-labels="commit-sha=$SHA" --update-env-vars="BUILD_COMMIT=$SHA"
  gcloud run services update-traffic "$name" --to-latest
  reveille iam ensure "$name"
}
for name in a b c; do
  deploy "$name" & pids[$name]=$!
done
failed=0
for name in "${!pids[@]}"; do
  wait "${pids[$name]}" || failed=$((failed + 1))
done
(( failed == 0 )) || exit 1
