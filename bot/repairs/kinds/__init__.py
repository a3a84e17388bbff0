"""The kinds of repairs: a file each, and one line in this table. Nothing else knows any of them by name."""

from __future__ import annotations

from typing import Any

from bot.repairs.kind import RepairKind
from bot.repairs.kinds.invoker_grant import InvokerGrant
from bot.repairs.kinds.job_run import JobRun
from bot.repairs.kinds.latest_traffic import LatestTraffic
from bot.repairs.kinds.secret_variables import SecretVariables

KINDS: tuple[type[RepairKind[Any]], ...] = (InvokerGrant, LatestTraffic, SecretVariables, JobRun)
"""In the order in which they are listed for people."""
