#!/bin/bash
SA=$(gcloud config get-value account)
COMMIT=$(git rev-parse HEAD)
python bin/validate_imports.py live-export
gcloud run deploy live-export --source=. --service-account="$SA" --update-labels="commit-sha=$COMMIT" --update-env-vars="BUILD_COMMIT=$COMMIT"
gcloud run services update-traffic live-export --to-latest
reveille iam ensure live-export
echo "done"
