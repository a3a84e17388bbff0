#!/usr/bin/env bash
set -euo pipefail
python bin/validate_imports.py all
gcloud run deploy odds --source=. --service-account="$SA" --update-labels="commit-sha=$SHA" --update-env-vars="BUILD_COMMIT=$SHA"
gcloud run services update-traffic odds --to-latest
gcloud run services add-iam-policy-binding odds --member="serviceAccount:$CALLER" --role=roles/run.invoker
ok=
for i in 1 2 3 4 5; do
  if reveille deploy verify odds; then
    ok=1
    break
  fi
  sleep 10
done
[[ -n "$ok" ]] || exit 1
