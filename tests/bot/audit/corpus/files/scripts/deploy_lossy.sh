#!/usr/bin/env bash
set -eu
python bin/validate_imports.py lossy
run() {
  local out=$(gcloud run deploy lossy --source=. --service-account="$SA" --update-labels=commit-sha="$SHA" --update-env-vars=BUILD_COMMIT="$SHA")
  echo "$out"
}
run
gcloud run services update-traffic lossy --to-latest | tee traffic.log
reveille iam ensure lossy &
