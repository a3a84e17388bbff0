#!/usr/bin/env bash
set -euo pipefail
python bin/validate_imports.py all
printf '%s\n' a b c | xargs -n1 -P3 -I{} gcloud run deploy {} --source=services/{} --service-account="$SA" --update-labels="commit-sha=$SHA" --update-env-vars="BUILD_COMMIT=$SHA"
for s in a b c; do
  gcloud run services update-traffic "$s" --to-latest
  reveille iam ensure "$s"
done
