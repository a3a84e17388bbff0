#!/usr/bin/env bash
set -euo pipefail
python bin/validate_imports.py all
case "${1:-}" in
  prod) TARGET=api-prod; FLAGS="--set-secrets=K=k:1" ;;
  *) TARGET=api-stage; FLAGS="--update-secrets=K=k:1" ;;
esac
gcloud run deploy "$TARGET" --source=. --service-account="$SA" --update-labels="commit-sha=$SHA" --update-env-vars="BUILD_COMMIT=$SHA" $FLAGS
gcloud run services update-traffic "$TARGET" --to-latest
reveille iam ensure api-prod
