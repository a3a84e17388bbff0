export PROJECT=p REGION=us-west2
RUN_FLAGS="--region=$REGION --set-env-vars=MODE=prod"
die() { echo "$*" >&2; exit 1; }
