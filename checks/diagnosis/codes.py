"""The codes of causes: what each means and what to do first. Codes are permanent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CauseCode:
    """``meaning`` is what happened; ``fix`` is what to do. The report adds the names, the times and the command."""

    meaning: str
    fix: str


CAUSE_CODES: Mapping[str, CauseCode] = {
    "invoker-removed-by-deploy": CauseCode(
        "A deploy removed the permission of a caller; the service has refused every message since.",
        "Grant roles/run.invoker to the caller again, then add the grant to the deploy script.",
    ),
    "invoker-missing": CauseCode(
        "A caller of a service has no permission to call it, so the service refuses every message.",
        "Grant roles/run.invoker on the service to the caller that the report names.",
    ),
    "identity-missing": CauseCode(
        "Pub/Sub or Cloud Scheduler calls a service without an identity, or with one that the service refuses.",
        "Give the subscription or job an account that can call the service, and the service's address as audience.",
    ),
    "service-not-ready": CauseCode(
        "A service does not exist, did not become ready, or hangs in the middle of a change.",
        "Read why the revision did not start, fix it, and deploy again.",
    ),
    "stale-revision": CauseCode(
        "Traffic goes to an older revision than the newest one, so the last deploy has no effect.",
        "If the newest revision is ready, send all traffic to it; otherwise fix the deploy first.",
    ),
    "variable-removed-by-deploy": CauseCode(
        "A deploy removed an environment variable that the service needs.",
        "Set the variable again with an --update- flag, then find the --set- flag in the deploy that removed it.",
    ),
    "variable-missing": CauseCode(
        "A service lacks an environment variable that it needs, or the variable is empty.",
        "Set the variable, or bind it to its secret.",
    ),
    "address-missing": CauseCode(
        "A service calls an address that no service has: what it sends there is lost, even where it reports success.",
        "Set the variable that the report names to the address of the service that it means.",
    ),
    "service-failing": CauseCode(
        "A service is up and called, and fails on what it is asked.",
        "Read its log; if the errors began with a deploy, roll back to the previous revision.",
    ),
    "messages-not-taken": CauseCode(
        "The messages of a subscription do not arrive: its service refuses them, fails on them, or is too slow.",
        "Read what the service answers; what waits is delivered again by itself once it works.",
    ),
    "subscription-missing": CauseCode(
        "No subscription pushes a topic to the service that works on it: its messages are lost.",
        "Redeploy the service: that creates the trigger and its subscription.",
    ),
    "subscription-surplus": CauseCode(
        "A topic pushes to a service more than once, or to one that should not get it: work is done twice.",
        "Check the address of each subscription, and delete the one that is left over.",
    ),
    "variable-misspelled": CauseCode(
        "A deploy changed a variable only by a blank, quotes, the case of its letters or a slash: hardly on purpose.",
        "Set the value of the previous revision again, and take the blank or the quotes out of the deploy.",
    ),
    "variable-changed": CauseCode(
        "A deploy gave a variable that a service needs another value, and nothing has failed since.",
        "Compare the two revisions; if the change was not intended, restore the old value.",
    ),
    "build-failed": CauseCode(
        "The last build of a service failed, so older code goes on running.",
        "Read the build's log, fix what it names, and build again.",
    ),
    "stale-build": CauseCode(
        "Commits that change a service were not built, so older code goes on running.",
        "Check that the build trigger is enabled and covers the changed files, then run it.",
    ),
    "not-deployed": CauseCode(
        "A service has no build trigger, or a disabled one: what is merged from now on does not run.",
        "Recreate the trigger, or enable it, and run it once.",
    ),
    "drift": CauseCode(
        "A service runs another commit than the head of its branch.",
        "Deploy the head of the branch, or revert what should not run.",
    ),
    "run-job-failing": CauseCode(
        "A Cloud Run job failed, hangs, was not executed, or is gone: what it writes is missing.",
        "Read the log of its latest execution, fix what it names, and execute the job again.",
    ),
    "job-failing": CauseCode(
        "A Cloud Scheduler job fails: what it starts does not happen.",
        "Read the error of the job, fix what it calls, and run the job again.",
    ),
    "jobs-missing": CauseCode(
        "Cloud Scheduler jobs that the pipeline file lists do not exist, or are not enabled.",
        "Recreate the jobs from their definitions, or enable them.",
    ),
    "deploy-unsafe": CauseCode(
        "A deploy script breaks a rule of the audit: the next deploy can break what works today.",
        "Fix the script before the next deploy; 'reveille audit' shows the place and the rule.",
    ),
    "broken-by-deploy": CauseCode(
        "A service did its work before a deploy, and not since.",
        "Read the log of the service; roll back to the previous revision, or fix the code.",
    ),
    "broken-by-change": CauseCode(
        "What starts a phase, or what it may do, was changed, and the phase did its work before and not since.",
        "Find out what was changed, ask who did it; undo it unless it was meant.",
    ),
    "stale-trigger": CauseCode(
        "The flag of a transition was set by an earlier run of that date, so the later run considered itself done.",
        "Start the next phase once by hand, then give each run a document of its own.",
    ),
    "upstream-check": CauseCode(
        "Data that the phase needs is missing or wrong in a table before it.",
        "Fix the table that the failed check names, then run the phase again.",
    ),
    "task-failed": CauseCode(
        "A task failed, hangs, was cancelled or not run: what it makes, and what comes after, is missing or old.",
        "Read its log, fix what it names, and run it again with what comes after it.",
    ),
    "processor-failed": CauseCode(
        "A processor reported that it failed, or that it wrote nothing, and what uses it has nothing.",
        "Read the processor's log, fix what it names, then run it again.",
    ),
    "processor-stalled": CauseCode(
        "A processor started and did not finish.",
        "Read the processor's log from its start on, then run it again.",
    ),
    "processor-missing": CauseCode(
        "A transition waits for a processor that has not reported.",
        "Read the log of the missing processor, and run it; a critical one blocks the transition.",
    ),
    "service-not-called": CauseCode(
        "A service that a phase needs received no request.",
        "Check what calls it: the orchestrator, the topic and its subscription, the scheduler job.",
    ),
    "trigger-without-effect": CauseCode(
        "The orchestrator says that it triggered the next phase, but that phase wrote nothing.",
        "Read the log of the next phase's services from the time of the trigger on.",
    ),
    "unexplained": CauseCode(
        "A transition broke, and no check found the reason.",
        "Read the log of the orchestrator, and the checks that could not be read.",
    ),
    "broken-flag": CauseCode(
        "A flag says that the phase did not start, but its data is there: the flag is wrong, not the pipeline.",
        "Nothing to repair today; fix how the orchestrator sets its flag.",
    ),
}
