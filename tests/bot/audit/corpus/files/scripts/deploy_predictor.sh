#!/usr/bin/env bash
# Deploys the predictor. Usage: deploy_predictor.sh [-n] [-e ENV]
set -Eeuo pipefail
IFS=$'\n\t'

readonly PROJECT="${GCP_PROJECT:?set GCP_PROJECT}"
readonly REGION="${REGION:-us-west2}"
ENVIRONMENT=dev
DRY_RUN=

usage() {
  cat <<USAGE
Usage: $0 [-n] [-e ENV]
  gcloud run deploy predictor --set-env-vars=...   is what it runs
USAGE
}

while getopts ":ne:h" option; do
  case "$option" in
    n) DRY_RUN=echo ;;
    e) ENVIRONMENT="$OPTARG" ;;
    h) usage; exit 0 ;;
    *) usage >&2; exit 64 ;;
  esac
done
shift $((OPTIND - 1))

SERVICE="predictor-${ENVIRONMENT}"
ACCOUNT="predictor@${PROJECT}.iam.gserviceaccount.com"
CALLER="pubsub-push@${PROJECT}.iam.gserviceaccount.com"
SHA="$(git rev-parse --short=8 HEAD)"
WORK="$(mktemp -d "${TMPDIR:-/tmp}/predictor.XXXXXX")"
cleanup() { local code=$?; rm -rf -- "$WORK"; exit "$code"; }
trap cleanup EXIT INT TERM

git archive HEAD predictor shared | tar -x -C "$WORK"
(cd "$WORK" && python -m compileall -q predictor && python -c 'import predictor.main')

$DRY_RUN gcloud run deploy "$SERVICE" \
  --project="$PROJECT" \
  --region="$REGION" \
  --source="$WORK" \
  --service-account="$ACCOUNT" \
  --no-allow-unauthenticated \
  --update-labels="commit-sha=$SHA,team=data" \
  --update-env-vars="^@^BUILD_COMMIT=$SHA@MODE=live,fast" \
  --quiet
$DRY_RUN gcloud run services update-traffic "$SERVICE" --to-latest --region="$REGION"
$DRY_RUN gcloud run services add-iam-policy-binding "$SERVICE" \
  --region="$REGION" \
  --member="serviceAccount:$CALLER" \
  --role=roles/run.invoker
if [[ -z "$DRY_RUN" ]]; then
  bound="$(gcloud run services get-iam-policy "$SERVICE" --region="$REGION" \
    --flatten='bindings[].members' \
    --filter="bindings.role:roles/run.invoker AND bindings.members:$CALLER" \
    --format='value(bindings.members)')"
  [[ -n "$bound" ]] || { echo "not bound: $CALLER" >&2; exit 1; }
fi
