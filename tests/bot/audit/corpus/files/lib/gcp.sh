# shellcheck shell=bash
: "${REGION:=us-west2}"

log() { printf '%s %s\n' "$(date -u +%FT%TZ)" "$*" >&2; }

die() { log "ERROR: $*"; exit 1; }

retry() {
  local attempt
  for attempt in 1 2 3 4 5; do
    "$@" && return 0
    log "attempt $attempt failed: $1"
    sleep $((attempt * 2))
  done
  return 1
}

gcp::deploy() {
  local service=$1; shift
  local sha; sha=$(git rev-parse --short HEAD)
  python bin/validate_imports.py "$service" || die "imports of $service"
  gcloud run deploy "$service" --region="$REGION" --source=. \
    --service-account="${service}@${PROJECT}.iam.gserviceaccount.com" \
    --update-labels="commit-sha=${sha}" --update-env-vars="BUILD_COMMIT=${sha}" "$@"
}

gcp::bind() {
  reveille iam ensure "$1"
  reveille deploy verify "$1"
}
