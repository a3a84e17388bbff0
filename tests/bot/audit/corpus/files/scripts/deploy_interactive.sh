#!/usr/bin/env bash
set -euo pipefail
read -r -p "Deploy alerts to production? [y/N] " answer
[[ "$answer" =~ ^[Yy]$ ]] || { echo "left as it is"; exit 0; }
python bin/validate_imports.py alerts
tries=0
until gcloud run deploy alerts --source=. --service-account="$SA" --update-labels="commit-sha=$SHA" --update-env-vars="BUILD_COMMIT=$SHA"; do
  tries=$((tries + 1))
  if (( tries >= 3 )); then
    echo "gave up" >&2
    exit 1
  fi
  sleep 10
done
gcloud run services update-traffic alerts --to-latest
reveille iam ensure alerts
echo "To roll back: gcloud run services update-traffic alerts --to-revisions=PREVIOUS=100"
