#!/usr/bin/env bash
set -euo pipefail
python bin/validate_imports.py all
gcloud run deploy odds --source=. --service-account="$SA" --update-labels="commit-sha=$SHA" --update-env-vars="BUILD_COMMIT=$SHA"
gcloud run services update-traffic odds --to-latest
gcloud run services add-iam-policy-binding odds --member="serviceAccount:$CALLER" --role=roles/run.invoker
n=0
while ! reveille deploy verify odds; do
  n=$((n+1)); [ "$n" -lt 5 ] || exit 1
  sleep 10
done
