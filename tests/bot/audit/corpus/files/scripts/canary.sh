#!/bin/bash
set -euo pipefail
step=${1:?start|finish}
case "$step" in
  start) verb="deploy"; extra=(--no-traffic --tag=next --source=. --service-account="$SA" --update-labels="commit-sha=$SHA" --update-env-vars="BUILD_COMMIT=$SHA") ;;
  finish) verb="services update-traffic"; extra=(--to-latest) ;;
  *) echo "start or finish" >&2; exit 2 ;;
esac
python bin/validate_imports.py odds
gcloud run $verb odds "${extra[@]}"
reveille iam ensure odds
