"""The command ``reveille``: how it starts, how it ends, and nothing of what it does.

Importing this module loads click and little else; the module of a command is imported when the command is called, so
that help is there at once.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import secrets
import sys
from collections.abc import Sequence
from typing import NoReturn, TextIO

import click

from bot.commands.exits import BROKEN_PIPE, INTERRUPTED, UNKNOWN, WRONG_USE, CannotGoOnError
from bot.commands.lazy_group import Entry, LazyGroup
from bot.commands.output import complain, say
from bot.redaction.known import known_secrets
from bot.redaction.redactor import Redactor
from bot.serving.logs import log_threads, log_to_terminal

_ABOUT_A_NAME = frozenset({errno.EACCES, errno.EPERM, errno.ENAMETOOLONG, errno.ELOOP, errno.ENOTDIR, errno.EISDIR})
"""Errors of the system that a path which somebody gave explains; what is not there is looked for before."""

_ABOUT_A_STREAM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF})

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}

COMMANDS = {
    "validate": Entry(
        "bot.commands.validate:validate",
        "Validate the pipeline: the verdict, its cause, and what to do.",
    ),
    "init": Entry(
        "bot.commands.init:init",
        "Write a first pipeline file from what is there: tables and what to expect of them, services, jobs, dbt.",
    ),
    "audit": Entry(
        "bot.commands.audit:audit",
        "Audit Cloud Build files and deploy scripts: does each deploy keep the pipeline running?",
    ),
    "checks": Entry(
        "bot.commands.listing:checks",
        "List the checks by phase: id, the worst they can say, whether they are quick, what they ask.",
    ),
    "explain": Entry(
        "bot.commands.listing:explain",
        "Explain a check, a cause, a finding's code or a rule of the audit: what it means and what to do.",
    ),
    "scenarios": Entry(
        "bot.commands.scenarios:scenarios", "List the scenarios that 'validate --scenario' and 'replay' know."
    ),
    "replay": Entry(
        "bot.commands.scenarios:replay",
        "Run scenarios and compare what they state with what is found; exit with 1 on any difference.",
    ),
    "backtest": Entry(
        "bot.commands.backtest:backtest",
        "Try limits on the past: what each check would have said of every interval; exit with 1 if it had alarmed.",
    ),
    "record": Entry(
        "bot.commands.record:record",
        "Validate, and keep what was read as a scenario: to replay the incident, to drill with it, to change it.",
    ),
    "drill": Entry(
        "bot.commands.drill:drill",
        "Break a healthy world, one thing at a time, and list what no check notices.",
    ),
    "demo": Entry(
        "bot.commands.demo:demo",
        "Open the playground: a page that looks like Slack, with the real bot behind it and a world to break.",
    ),
    "config": Entry(
        "bot.commands.config:config",
        "Check the pipeline file, print its schema for editors, or upgrade files of an earlier version.",
    ),
    "graph": Entry(
        "bot.commands.graph:graph",
        "Draw the pipeline as a graph, with what failed, its cause and suspects marked by shape and colour.",
    ),
    "deploys": Entry(
        "bot.commands.deploys:deploys", "List recent builds and revisions, the newest first, with who and when."
    ),
    "digest": Entry(
        "bot.commands.digest:digest",
        "Post the morning digest to Slack, or bring the one of that morning up to date in place.",
    ),
    "round": Entry(
        "bot.commands.round:round_command",
        "Do what is due now, once: the digest and its refreshes, the watch, the notice of a late digest, repairs.",
    ),
    "doctor": Entry(
        "bot.commands.doctor:doctor",
        "Check everything that Reveille needs: pipeline file, store, Google Cloud, Slack, webhooks, schedule, clock.",
    ),
    "status": Entry(
        "bot.commands.status:status",
        "Say when Reveille last checked and checks next, what it may do, which sources answer, what waits to be sent.",
    ),
    "webhook": Entry("bot.commands.webhook:webhook", "Send a test event to a webhook of the pipeline file."),
    "slack": Entry(
        "bot.commands.slack:slack", "Check that Slack lets the bot do its work, and write the manifest of its app."
    ),
    "serve": Entry("bot.commands.serve:serve", "Answer Slack, post the digest, keep the alert threads: until SIGTERM."),
    "staging": Entry(
        "bot.commands.staging:staging",
        "Try things on real infrastructure, beside production: datasets, services and topics under a prefix.",
    ),
    "repair": Entry(
        "bot.commands.repair:repair",
        "Repair what a finding names: show the exact difference, ask, write it once, prove the effect.",
    ),
    "iam": Entry("bot.commands.iam:iam", "Let callers into services, and see who is let in."),
    "env": Entry("bot.commands.env:env", "Set and compare the environment variables of a service."),
    "deploy": Entry("bot.commands.deploy:deploy", "What to do after a deploy."),
    "report": Entry(
        "bot.commands.report:report",
        "Write up an interval as a web page, or an incident for people who were not there.",
    ),
    "log": Entry(
        "bot.commands.log:log",
        "List repairs and what else people did, the newest first, from the store that REVEILLE_STORE names.",
    ),
}


@click.group(cls=LazyGroup, table=COMMANDS, context_settings=CONTEXT)
@click.version_option(package_name="reveille", message="reveille %(version)s")
@click.option("-v", "--verbose", is_flag=True, help="Log to standard error, with the details of what broke.")
def reveille(verbose: bool) -> None:
    """Tell whether the last run of a pipeline really worked, why not, and how to repair it.

    \b
    Examples:
      reveille demo                                    one incident, without any account
      reveille validate                                the last run, on Google Cloud
      reveille validate --scenario healthy-morning     a scenario
      reveille explain trigger                         what a check, cause or rule means

    \b
    Exit codes:
      0  ALL CLEAR or WATCH          2  UNKNOWN: something could not be checked
      1  ACT or BLOCKED              3  wrong use or configuration
    """  # noqa: D301 - click reads the backspace
    _log(verbose=verbose)


def _log(*, verbose: bool) -> None:
    """Keep the log off the terminal unless somebody asks for it: reports are for people."""
    log_threads()
    if verbose:
        log_to_terminal(Redactor(known_secrets(os.environ)), sys.stderr)
    else:
        logging.getLogger().addHandler(logging.NullHandler())


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command and exit with its exit code. Every error is one sentence on standard error."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    _open_what_is_closed()
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal without Unicode shows "?" and goes on
    try:
        code = _run(given)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read the output has stopped.
        _let_go_of(sys.stdout)
        code = BROKEN_PIPE
    except OSError as error:
        # Half a report says nothing, whatever its verdict is.
        _let_go_of(sys.stdout)
        complain(f"the output cannot be written: {error.strerror or error}.")
        code = UNKNOWN
    try:
        sys.stderr.flush()
    except OSError:
        _let_go_of(sys.stderr)
    sys.exit(code)


def _open_what_is_closed() -> None:
    """Give a stream that was closed somewhere to go: the next file would take its number, and get what is printed."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, "r" if name == "stdin" else "w", encoding="utf-8"))  # noqa: PTH123, SIM115


def _let_go_of(stream: TextIO) -> None:
    """Send what is still to be written nowhere: Python would fail once more when it flushes at exit."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _run(arguments: list[str]) -> int:
    try:
        return int(reveille.main(arguments, prog_name="reveille", standalone_mode=False) or 0)
    except click.exceptions.NoArgsIsHelpError as error:
        for line in error.format_message().splitlines():
            say(line, err=True)
        return WRONG_USE
    except click.UsageError as error:
        hint = f" Try '{error.ctx.command_path} --help'." if error.ctx is not None else ""
        complain(f"{_sentence(error.format_message())}{hint}")
        return WRONG_USE
    except click.ClickException as error:
        complain(*(error.lines if isinstance(error, CannotGoOnError) else (error.format_message(),)))
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        say("reveille: stopped.", err=True)
        return INTERRUPTED
    except SystemExit as error:
        # Click leaves this way, and only then, when nobody reads its output any more; its code 1 would say ACT.
        raise BrokenPipeError from error
    except OSError as error:
        if isinstance(error, BrokenPipeError) or (error.filename is None and error.errno in _ABOUT_A_STREAM):
            raise
        return _unusable(error)
    except Exception as error:  # noqa: BLE001 - whatever it is, the person hears one sentence
        return _broken(error)


def _unusable(error: OSError) -> int:
    if error.filename is None or error.errno not in _ABOUT_A_NAME:
        return _broken(error)
    complain(f"{os.fsdecode(error.filename)} cannot be used: {error.strerror}. Check the path, and who may use it.")
    return WRONG_USE


def _broken(error: Exception) -> int:
    number = secrets.token_hex(4)
    logging.getLogger(__name__).error("error %s", number, exc_info=error)
    words = f"something inside broke ({type(error).__name__}, error {number}), so nothing is known."
    complain(f"{words} 'reveille --verbose ...' shows where.")
    return UNKNOWN


def _sentence(text: str) -> str:
    return text if text.endswith((".", "?", "!")) else f"{text}."
