#!/usr/bin/env bash
set -euo pipefail
python bin/validate_imports.py lines
if ! gcloud run deploy lines --source=. --service-account="$SA" --update-labels="commit-sha=$SHA" --update-env-vars="BUILD_COMMIT=$SHA"; then
  echo "deploy of lines failed" >&2
  exit 1
fi
gcloud run services update-traffic lines --to-latest
MEMBER="serviceAccount:scheduler@$PROJECT.iam.gserviceaccount.com"
gcloud run services add-iam-policy-binding lines --member="$MEMBER" --role="roles/run.invoker"
policy=$(gcloud run services get-iam-policy lines --flatten="bindings[].members" --format="csv[no-heading](bindings.role,bindings.members)")
case "$policy" in
  *"roles/run.invoker,$MEMBER"*) echo "bound" ;;
  *) echo "not bound" >&2; exit 1 ;;
esac
