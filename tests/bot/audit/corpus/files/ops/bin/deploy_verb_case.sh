#!/usr/bin/env bash
set -euo pipefail
python bin/validate_imports.py all
case "${1:-}" in
  prod) TARGET=api-prod; VERB=deploy ;;
  stage) TARGET=api-stage; VERB=deploy ;;
  *) echo "prod or stage" >&2; exit 2 ;;
esac
gcloud run $VERB "$TARGET" --source=. --service-account="$SA" --update-labels="commit-sha=$SHA" --update-env-vars="BUILD_COMMIT=$SHA"
gcloud run services update-traffic "$TARGET" --to-latest
reveille iam ensure "$TARGET"
