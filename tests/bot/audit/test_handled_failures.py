"""Which spellings handle a failure and which forget it: one row for each."""

from __future__ import annotations

import pytest

from tests.bot.audit.in_memory import audit_text

DEPLOY = "gcloud run deploy live-export --source=."
DESCRIBE = "gcloud pubsub subscriptions describe s"

HANDLED = {
    "a counter that a later test reads": f"{DEPLOY} || ((n++))\n[[ $n -eq 0 ]] || exit 1",
    "a counter in braces": f"{DEPLOY} || {{ echo bad; ((n += 1)); }}\nexit $n",
    "a counter in the other branch": f"if {DEPLOY}; then echo ok; else ((n++)); fi\nif (( n > 0 )); then exit 1; fi",
    "an increment in front": f"{DEPLOY} || ((++n))\n(( n == 0 ))",
    "the status of the pipe in a test": f'set +e\n{DEPLOY} | tee l\n[ "${{PIPESTATUS[0]}}" -eq 0 ] || exit 1',
    "the status of the pipe in a variable": f"set +eo pipefail\n{DEPLOY} | tee l\nrc=${{PIPESTATUS[0]}}\nexit $rc",
    "the status of the pipe as the outcome": f"set +eo pipefail\n{DEPLOY} | tee l\nexit ${{PIPESTATUS[0]}}",
    "a deploy in a branch with else echo": f'if [ -n "$X" ]; then\n{DEPLOY}\nelse echo skipped; fi\necho done',
    "a subscription that is made when missing": f"{DESCRIBE} || gcloud pubsub subscriptions create s --topic=t",
    "a subscription that decides": f"if ! {DESCRIBE}; then gcloud pubsub subscriptions create s --topic=t; fi",
    "a subscription that must be there": f"{DESCRIBE} || {{ echo missing >&2; exit 1; }}",
}
FORGOTTEN = {
    "a counter that nothing reads": f"{DEPLOY} || ((n++))\necho done",
    "a counter that is only counted again": f"{DEPLOY} || ((n++))\n{DEPLOY} || ((n++))\necho done",
    "the status of another pipe": f"set +eo pipefail\n{DEPLOY} | tee l\ndate | cat\necho ${{PIPESTATUS[0]}}",
    "a missing subscription": f'{DESCRIBE} || echo "no subscription"',
}


def findings(script: str) -> int:
    text = f"set -euo pipefail\n{script}\n"
    return sum(one.rule == "REV006" for one in audit_text("bin/deploy.sh", text))


@pytest.mark.parametrize("script", HANDLED.values(), ids=HANDLED.keys())
def test_a_failure_that_is_looked_at_is_no_finding(script: str) -> None:
    assert findings(script) == 0


@pytest.mark.parametrize("script", FORGOTTEN.values(), ids=FORGOTTEN.keys())
def test_a_failure_that_is_forgotten_is_a_finding(script: str) -> None:
    assert findings(script) > 0
