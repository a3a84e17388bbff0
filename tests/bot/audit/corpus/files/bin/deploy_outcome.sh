#!/bin/bash
set -uo pipefail
python bin/validate_imports.py live-export || exit 1
gcloud run deploy live-export --source=. --service-account=a@b --update-labels=commit-sha=$C --update-env-vars=BUILD_COMMIT=$C 2>&1 | tee deploy.log
if [ "${PIPESTATUS[0]}" -ne 0 ]; then
  echo "deploy failed"; exit 1
fi
gcloud run services update-traffic live-export --to-latest || exit 1
reveille iam ensure live-export || { echo "not bound" >&2; exit 1; }
