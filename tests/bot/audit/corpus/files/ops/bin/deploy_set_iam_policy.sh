#!/usr/bin/env bash
set -euo pipefail
python bin/validate_imports.py all
gcloud run deploy odds --source=. --service-account="$SA" --update-labels="commit-sha=$SHA" --update-env-vars="BUILD_COMMIT=$SHA"
gcloud run services update-traffic odds --to-latest
gcloud run services set-iam-policy odds policy.yaml --quiet
gcloud run services get-iam-policy odds --format=json | jq -e --arg m "serviceAccount:$CALLER" '.bindings[] | select(.role=="roles/run.invoker") | .members | index($m)' >/dev/null
