#!/usr/bin/env bash
set -euo pipefail
python bin/validate_imports.py evalsvc
cmd="gcloud run deploy evalsvc --source=. --service-account=$SA"
cmd+=" --update-labels=commit-sha=$SHA"
cmd="$cmd --update-env-vars=BUILD_COMMIT=$SHA"
if [ "${DEBUG:-}" = 1 ]; then
  cmd="$cmd --verbosity=debug"
fi
echo "+ $cmd"
eval "$cmd"
gcloud run services update-traffic evalsvc --to-latest
reveille iam ensure evalsvc
