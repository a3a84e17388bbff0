#!/usr/bin/env bash
set -euo pipefail
python bin/validate_imports.py props
gcloud run deploy props --source=. --service-account="$SA" --update-labels="commit-sha=$SHA" --update-env-vars="BUILD_COMMIT=$SHA"
gcloud run services update-traffic props --to-latest
gcloud run services add-iam-policy-binding props --member="serviceAccount:s@p.iam.gserviceaccount.com" --role="roles/run.invoker"
policy=$(gcloud run services get-iam-policy props --flatten="bindings[].members" --format="csv[no-heading](bindings.role,bindings.members)")
case "$policy" in
  *"roles/run.invoker,serviceAccount:s@"*) echo "bound" ;;
  *) echo "not bound" ;;
esac
