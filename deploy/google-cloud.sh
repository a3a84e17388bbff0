#!/usr/bin/env bash
# Makes everything that Reveille needs in a project of Google Cloud, or brings it up to date; docs/deploy.md has the rest.
# What is there and right is left alone, so it can be run again at any time, also after it has stopped half-way.
#
#   PROJECT=example-project REGION=us-west2 PIPELINE=nba IMAGE=... deploy/google-cloud.sh [--dry-run]
#
# CLOCK=always (the default) keeps a CPU; CLOCK=scheduler lets Cloud Scheduler wake the service, CLOCK=tasks lets a queue of
# Cloud Tasks wake it in between, too, when a message may go.
# JOBS="NAME=PIPELINE ..." makes a Cloud Run job for each pipeline, which does what is due every five minutes.
# REPAIRABLE="SERVICE ..." lets repairs write to these services. SLACK_BOT_TOKEN and SLACK_SIGNING_SECRET (or
# SLACK_APP_TOKEN) are put into Secret Manager where it has none yet.
set -euo pipefail
cd "$(dirname "$0")"

NAME=reveille
DRY_RUN=no
CHANGES=0
DISABLED="SERVICE_DISABLED\|has not been used in project"
export CLOUDSDK_CORE_DISABLE_PROMPTS=1
ERRORS=$(mktemp)
trap 'rm -f "$ERRORS"' EXIT

stop() {
    printf 'google-cloud.sh: %s\n' "$*" >&2
    exit 1
}

# Says in one sentence why a command of gcloud did not work, and ends.
refuse() {
    local why missing
    why=$(grep -m 1 . "$ERRORS" | cut -c 1-300) || why="it gave no reason"
    if ! grep -q "$DISABLED" "$ERRORS" && grep -qE 'PERMISSION_DENIED|does not have permission|[Pp]ermission .* denied' "$ERRORS"; then
        missing=$(grep -oE '\b[a-z]+(\.[a-zA-Z]+){2}\b' "$ERRORS" | grep -vE 'googleapis|gserviceaccount' | head -n 1) || missing="a permission"
        stop "your account lacks $missing for '${*:1:5}': ask an owner of $PROJECT for it, and run this again; what is done stays done."
    fi
    stop "'${*:1:5}' failed: ${why#ERROR: } Run this again when that is solved; what is done stays done."
}

# Prints what gcloud finds, and nothing where there is no such thing. Of an API that is to be enabled first there is none.
found() {
    "$@" 2>"$ERRORS" && return
    [ "$DRY_RUN" = no ] || ! grep -q "$DISABLED" "$ERRORS" || return 0
    grep -qiE 'NOT_FOUND|not found|does not exist|cannot find' "$ERRORS" || refuse "$@"
}

# Runs a command that changes something, or only shows it.
change() {
    CHANGES=$((CHANGES + 1))
    printf '+ %s\n' "$*"
    [ "$DRY_RUN" = no ] || return 0
    "$@" >/dev/null 2>"$ERRORS" || refuse "$@"
}

read_settings() {
    case "$#:${1-}" in
        0:) ;;
        1:--dry-run) DRY_RUN=yes ;;
        *) stop "it takes --dry-run and nothing else; settings are variables, such as PROJECT=example-project." ;;
    esac
    local name
    for name in PROJECT REGION PIPELINE IMAGE; do
        [ -n "${!name-}" ] || stop "$name is not set: see the first lines of this file."
    done
    [[ $PROJECT =~ ^[a-z][a-z0-9-]{4,28}[a-z0-9]$ ]] || stop "PROJECT is '$PROJECT', which is no id of a project."
    [[ $REGION =~ ^[a-z]+-[a-z]+[0-9]+$ ]] || stop "REGION is '$REGION', which is no region, such as us-west2."
    [[ $PIPELINE =~ ^[A-Za-z0-9._/:-]+$ ]] || stop "PIPELINE is '$PIPELINE': name a file in the image, or nba."
    CLOCK=${CLOCK:-always}
    [[ $CLOCK =~ ^(always|scheduler|tasks)$ ]] || stop "CLOCK is '$CLOCK': write always, scheduler or tasks."
    local each
    for each in ${JOBS-}; do
        [[ $each =~ ^[a-z][a-z0-9-]{0,30}=[A-Za-z0-9._/-]+$ ]] || stop "JOBS has '$each': write NAME=PIPELINE, such as shop=/etc/reveille/shop.yaml."
        [[ ! $each =~ ^(round|prune)= ]] || stop "JOBS has '$each', which is the name of a job of the clock: take another."
    done
    for each in ${REPAIRABLE-}; do
        [[ $each =~ ^[a-z][a-z0-9-]{0,62}$ ]] || stop "REPAIRABLE has '$each', which is no name of a service."
    done
    COMMIT=${COMMIT:-$(git rev-parse --short HEAD 2>/dev/null)} || stop "COMMIT is not set, and this is no clone: name the commit of the image."
    ACCOUNT=$NAME@$PROJECT.iam.gserviceaccount.com
    CLOCK_ACCOUNT=$NAME-clock@$PROJECT.iam.gserviceaccount.com
    command -v gcloud >/dev/null || stop "gcloud is missing: install the Google Cloud SDK."
}

enable_apis() {
    local wanted=(bigquery cloudbuild cloudresourcemanager cloudscheduler firestore iam logging monitoring pubsub run secretmanager)
    [ "$CLOCK" != tasks ] || wanted+=(cloudtasks)
    local enabled missing=() each
    enabled=$(found gcloud services list --enabled --project="$PROJECT" --format="value(config.name)")
    for each in "${wanted[@]}"; do
        grep -qx "$each.googleapis.com" <<<"$enabled" || missing+=("$each.googleapis.com")
    done
    [ "${#missing[@]}" = 0 ] || change gcloud services enable "${missing[@]}" --project="$PROJECT"
}

make_account() {
    local there
    there=$(found gcloud iam service-accounts describe "$2" --project="$PROJECT" --format="value(email)")
    [ -n "$there" ] || change gcloud iam service-accounts create "$1" --project="$PROJECT" --display-name="$3"
}

# A role holds exactly what its file says.
make_role() {
    local role=${1//-/_} file=roles/$1.yaml there
    there=$(found gcloud iam roles describe "$role" --project="$PROJECT" --format="value[delimiter='\n'](includedPermissions)" | sort)
    if [ -z "$there" ]; then
        change gcloud iam roles create "$role" --project="$PROJECT" --file="$file" --quiet
    elif [ "$there" != "$(sed -n 's/^- //p' "$file" | sort)" ]; then
        change gcloud iam roles update "$role" --project="$PROJECT" --file="$file" --quiet
    fi
}

# grant ROLE MEMBER CONDITION COMMAND...: lets a member hold a role on what the command is about.
grant() {
    local role=$1 member=$2 condition=$3
    shift 3
    local words=("$@") options=() there
    local verb=$((${#words[@]} - 1))
    [[ ${words[*]} == *"gcloud projects"* ]] || options+=(--project="$PROJECT")
    [[ ${words[*]} != *"gcloud run"* ]] || options+=(--region="$REGION")
    [[ ${words[*]} != *"gcloud tasks"* ]] || options+=(--location="$REGION")
    there=$(found "${words[@]:0:verb}" get-iam-policy "${words[verb]}" "${options[@]}" --flatten="bindings[].members" \
        --filter="bindings.role=$role AND bindings.members=$member" --format="value(bindings.role)")
    [[ -z $condition ]] || options+=(--condition="$condition")
    [ -n "$there" ] || change "${words[@]:0:verb}" add-iam-policy-binding "${words[verb]}" "${options[@]}" --member="$member" --role="$role"
}

make_accounts_and_roles() {
    make_account "$NAME" "$ACCOUNT" "Reveille"
    make_role reveille
    make_role reveille-store
    grant "projects/$PROJECT/roles/reveille" "serviceAccount:$ACCOUNT" None gcloud projects "$PROJECT"
    grant "projects/$PROJECT/roles/reveille_store" "serviceAccount:$ACCOUNT" \
        "title=reveille,expression=resource.name==\"projects/$PROJECT/databases/$NAME\"" gcloud projects "$PROJECT"
}

# A database of its own, which nobody deletes by mistake. Records are read whole: no index of them is wanted, nor any
# other than those that Firestore makes by itself. What is old goes by /tasks/prune, a thread at a time.
make_database() {
    local there collection
    there=$(found gcloud firestore databases describe --database="$NAME" --project="$PROJECT" --format="value(name)")
    [ -n "$there" ] || change gcloud firestore databases create --database="$NAME" --project="$PROJECT" --location="$REGION" \
        --type=firestore-native --delete-protection
    for collection in alerts deliveries reports audit; do
        there=$(found gcloud firestore indexes fields describe record --collection-group="reveille_$collection" \
            --database="$NAME" --project="$PROJECT" --format="value(name,indexConfig.usesAncestorConfig)")
        [[ -n $there && $there != *True* ]] || change gcloud firestore indexes fields update record \
            --collection-group="reveille_$collection" --database="$NAME" --project="$PROJECT" --disable-indexes
    done
}

# keep_secret VARIABLE: puts what a variable holds into Secret Manager where there is none; a newer one is put there by hand.
keep_secret() {
    local variable=$1 secret=${1,,} there
    secret=$NAME-${secret//_/-}
    there=$(found gcloud secrets describe "$secret" --project="$PROJECT" --format="value(name)")
    [ -n "$there" ] || change gcloud secrets create "$secret" --project="$PROJECT" --replication-policy=automatic
    there=$(found gcloud secrets versions list "$secret" --project="$PROJECT" --filter=state=ENABLED --limit=1 --format="value(name)")
    if [ -z "$there" ]; then
        [ -n "${!variable-}" ] || stop "the secret $secret has no value yet: set $variable, and run this again."
        change gcloud secrets versions add "$secret" --project="$PROJECT" --data-file=- < <(printf '%s' "${!variable}")
    fi
    grant roles/secretmanager.secretAccessor "serviceAccount:$ACCOUNT" "" gcloud secrets "$secret"
    SECRETS=${SECRETS:+$SECRETS,}$variable=$secret:latest
}

# With an app token Slack is reached through Socket Mode, without one it calls the service and signs.
keep_secrets() {
    SECRETS=
    keep_secret SLACK_BOT_TOKEN
    JOB_SECRETS=$SECRETS
    if [ -n "${SLACK_APP_TOKEN-}" ]; then
        keep_secret SLACK_APP_TOKEN
    else
        keep_secret SLACK_SIGNING_SECRET
    fi
}

# The account whose token Cloud Scheduler and Cloud Tasks send.
make_clock_account() {
    [ "$CLOCK" != always ] || [ -n "${JOBS-}" ] || return 0
    make_account "$NAME-clock" "$CLOCK_ACCOUNT" "Reveille's clock"
}

# A queue whose tasks call the service; Reveille may put some there that carry the token of its clock.
make_queue() {
    [ "$CLOCK" = tasks ] || return 0
    local there
    there=$(found gcloud tasks queues describe "$NAME" --project="$PROJECT" --location="$REGION" --format="value(name)")
    [ -n "$there" ] || change gcloud tasks queues create "$NAME" --project="$PROJECT" --location="$REGION" \
        --max-concurrent-dispatches=1 --max-attempts=3 --min-backoff=10s
    make_role reveille-waker
    grant "projects/$PROJECT/roles/reveille_waker" "serviceAccount:$ACCOUNT" "" gcloud tasks queues "$NAME"
    grant roles/iam.serviceAccountUser "serviceAccount:$ACCOUNT" "" gcloud iam service-accounts "$CLOCK_ACCOUNT"
}

# Says the label under which a service or a job keeps what it was deployed with: a hash of the words.
settings_label() {
    printf '%s\n' "$@" | sha256sum | cut -c 1-40
}

# Slack has no account of Google's, so anybody may knock: the service checks Slack's signature, and Google's on /tasks.
deploy_service() {
    local number settings called label there
    number=$(found gcloud projects describe "$PROJECT" --format="value(projectNumber)")
    [ -n "$number" ] || stop "there is no project $PROJECT that your account can see."
    SERVICE_URL=https://$NAME-$number.$REGION.run.app
    VARIABLES=REVEILLE_STORE=firestore:$NAME,BUILD_COMMIT=$COMMIT
    settings=(--image="$IMAGE" --memory=512Mi --cpu=1 --max-instances=2 --timeout=900 --update-secrets="$SECRETS")
    called="REVEILLE_TASKS_AUDIENCE=$SERVICE_URL,REVEILLE_TASKS_ACCOUNT=$CLOCK_ACCOUNT"
    # What another clock has set goes.
    case $CLOCK in
        always)
            settings+=(--no-cpu-throttling --min-instances=1 --update-env-vars="$VARIABLES,REVEILLE_PIPELINE=$PIPELINE"
                --remove-env-vars=REVEILLE_TASKS_AUDIENCE,REVEILLE_TASKS_ACCOUNT,REVEILLE_TASKS_QUEUE)
            ;;
        scheduler)
            settings+=(--cpu-throttling --update-env-vars="$VARIABLES,REVEILLE_PIPELINE=$PIPELINE,$called"
                --remove-env-vars=REVEILLE_TASKS_QUEUE)
            ;;
        tasks)
            called+=,REVEILLE_TASKS_QUEUE=projects/$PROJECT/locations/$REGION/queues/$NAME
            settings+=(--cpu-throttling --update-env-vars="$VARIABLES,REVEILLE_PIPELINE=$PIPELINE,$called")
            ;;
    esac
    label=$(settings_label "$ACCOUNT" "${settings[@]}")
    there=$(found gcloud run services describe "$NAME" --project="$PROJECT" --region="$REGION" --format="value(metadata.labels.reveille-settings)")
    [ "$there" != "$label" ] || return 0
    # reveille: ignore[REV008] an image imports what it serves while it is built
    change gcloud run deploy "$NAME" --project="$PROJECT" --region="$REGION" --service-account="$ACCOUNT" --allow-unauthenticated \
        --update-labels="commit-sha=$COMMIT,reveille-settings=$label" "${settings[@]}" --quiet
    change gcloud run services update-traffic "$NAME" --to-latest --project="$PROJECT" --region="$REGION" --quiet
}

# clock NAME SCHEDULE URI FLAG...: makes a job of Cloud Scheduler; its description keeps what it was made with.
clock() {
    local job=$1 verb=create there
    local settings=(--schedule="$2" --uri="$3" --time-zone=Etc/UTC --http-method=POST --attempt-deadline=900s --max-retry-attempts=3 "${@:4}")
    local label
    label=$(settings_label "${settings[@]}")
    there=$(found gcloud scheduler jobs describe "$job" --project="$PROJECT" --location="$REGION" --format="value(name,description)")
    [[ $there != *"$label"* ]] || return 0
    [ -z "$there" ] || verb=update
    change gcloud scheduler jobs "$verb" http "$job" --project="$PROJECT" --location="$REGION" --description="$label" "${settings[@]}"
}

# stop_clock NAME: takes away a job that another clock has made.
stop_clock() {
    local there
    there=$(found gcloud scheduler jobs describe "$1" --project="$PROJECT" --location="$REGION" --format="value(name,description)")
    [ -z "$there" ] || change gcloud scheduler jobs delete "$1" --project="$PROJECT" --location="$REGION" --quiet
}

make_clock() {
    if [ "$CLOCK" = always ]; then
        stop_clock "$NAME-round"
        stop_clock "$NAME-prune"
        return
    fi
    local call=(--oidc-service-account-email="$CLOCK_ACCOUNT" --oidc-token-audience="$SERVICE_URL")
    clock "$NAME-round" "*/5 * * * *" "$SERVICE_URL/tasks/round" "${call[@]}"
    clock "$NAME-prune" "30 3 * * *" "$SERVICE_URL/tasks/prune" "${call[@]}"
}

# A pipeline validates in executions of its own, through the store of the service. Two at once do nothing twice.
deploy_job() {
    local job=$NAME-$1 label there
    local settings=(--image="$IMAGE" --memory=512Mi --cpu=1 --max-retries=1 --task-timeout=900 --args=round
        --update-secrets="$JOB_SECRETS" --update-env-vars="$VARIABLES,REVEILLE_PIPELINE=$2")
    label=$(settings_label "$ACCOUNT" "${settings[@]}")
    there=$(found gcloud run jobs describe "$job" --project="$PROJECT" --region="$REGION" --format="value(metadata.labels.reveille-settings)")
    # reveille: ignore[REV008] an image imports what it serves while it is built
    [ "$there" = "$label" ] || change gcloud run jobs deploy "$job" --project="$PROJECT" --region="$REGION" --service-account="$ACCOUNT" \
        --labels="commit-sha=$COMMIT,reveille-settings=$label" "${settings[@]}" --quiet
    grant roles/run.invoker "serviceAccount:$CLOCK_ACCOUNT" "" gcloud run jobs "$job"
    clock "$job" "*/5 * * * *" "https://run.googleapis.com/v2/projects/$PROJECT/locations/$REGION/jobs/$job:run" \
        --oauth-service-account-email="$CLOCK_ACCOUNT"
}

deploy_jobs() {
    local each
    for each in ${JOBS-}; do
        deploy_job "${each%%=*}" "${each#*=}"
    done
}

# What repairs write: single services, and whom they run as; and the jobs of Cloud Scheduler, which have no grants of their own.
allow_repairs() {
    [ -n "${REPAIRABLE-}" ] || return 0
    make_role reveille-repairs
    make_role reveille-jobs
    grant "projects/$PROJECT/roles/reveille_jobs" "serviceAccount:$ACCOUNT" None gcloud projects "$PROJECT"
    local each runs_as
    for each in $REPAIRABLE; do
        runs_as=$(found gcloud run services describe "$each" --project="$PROJECT" --region="$REGION" --format="value(spec.template.spec.serviceAccountName)")
        [ -n "$runs_as" ] || stop "there is no service $each in $REGION that names its account: deploy it with --service-account first, or take it out of REPAIRABLE."
        grant "projects/$PROJECT/roles/reveille_repairs" "serviceAccount:$ACCOUNT" "" gcloud run services "$each"
        grant roles/iam.serviceAccountUser "serviceAccount:$ACCOUNT" "" gcloud iam service-accounts "$runs_as"
    done
}

read_settings "$@"
enable_apis
make_accounts_and_roles
make_database
keep_secrets
make_clock_account
make_queue
deploy_service
make_clock
deploy_jobs
allow_repairs
if [ "$DRY_RUN" = yes ]; then
    printf '%s\n' "$CHANGES to change; nothing was changed."
else
    printf '%s\n' "$CHANGES changed. Now: reveille doctor, and reveille slack check --post."
fi
