#!/bin/bash
set -e
python bin/validate_imports.py live-export
gcloud run deploy live-export --source=. --service-account=a@b --update-labels=commit-sha=$C --update-env-vars=BUILD_COMMIT=$C | tee deploy.log
gcloud run services update-traffic live-export --to-latest
reveille iam ensure live-export
