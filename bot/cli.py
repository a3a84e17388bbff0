"""The command ``reveille``: how it starts, how it ends, and nothing of what it does.

Importing this module loads click and the short modules of the commands; whatever is heavy is imported by the
command that needs it, so that help is there at once.
"""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
import sys
from collections.abc import Sequence
from typing import NoReturn

import click

from bot.commands.audit import audit
from bot.commands.config import config
from bot.commands.demo import demo
from bot.commands.deploy import deploy
from bot.commands.deploys import deploys
from bot.commands.digest import digest
from bot.commands.env import env
from bot.commands.exits import BROKEN_PIPE, INTERRUPTED, UNKNOWN, WRONG_USE, CannotGoOnError
from bot.commands.iam import iam
from bot.commands.listing import checks, explain
from bot.commands.log import log
from bot.commands.output import complain, say
from bot.commands.repair import repair
from bot.commands.scenarios import replay, scenarios
from bot.commands.serve import serve
from bot.commands.staging import staging
from bot.commands.validate import validate

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


@click.group(context_settings=CONTEXT)
@click.version_option(package_name="reveille", message="reveille %(version)s")
@click.option("-v", "--verbose", is_flag=True, help="Log to standard error, with the details of what broke.")
def reveille(verbose: bool) -> None:
    """Tell whether last night's pipeline really worked, why not, and how to repair it.

    \b
    Examples:
      reveille demo                                    one incident, without any account
      reveille validate                                last night, on Google Cloud
      reveille validate --scenario healthy-morning     a recorded morning
      reveille explain trigger                         what a check looks at, and why

    \b
    Exit codes:
      0  ALL CLEAR or WATCH          2  UNKNOWN: something could not be looked at
      1  ACT or BLOCKED              3  wrong use or configuration
    """  # noqa: D301 - click reads the backspace
    _log(verbose=verbose)


COMMANDS = (
    validate,
    audit,
    checks,
    explain,
    scenarios,
    replay,
    demo,
    config,
    deploys,
    digest,
    serve,
    staging,
    repair,
    iam,
    env,
    deploy,
    log,
)

for command in COMMANDS:
    reveille.add_command(command)


def _log(*, verbose: bool) -> None:
    """Keep the log off the terminal unless somebody asks for it: reports are for people."""
    from bot.serving.logs import log_threads, log_to_terminal  # noqa: PLC0415 - kept off the way to --help

    log_threads()
    if verbose:
        from bot.redaction import Redactor  # noqa: PLC0415 - likewise
        from bot.secret_settings import known_secrets  # noqa: PLC0415 - likewise

        log_to_terminal(Redactor(known_secrets(os.environ)), sys.stderr)
    else:
        logging.getLogger().addHandler(logging.NullHandler())


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command and leave with its exit code. Every error is one sentence on standard error."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal without Unicode shows "?" and goes on
    try:
        code = _run(given)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read the output has stopped. Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = BROKEN_PIPE
    # Threads that wait for a source which hangs must not keep the process.
    with contextlib.suppress(BrokenPipeError):
        sys.stderr.flush()
    sys.exit(code)


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
    except BrokenPipeError:
        raise
    except Exception as error:
        number = secrets.token_hex(4)
        logging.getLogger(__name__).exception("error %s", number)
        words = f"something inside broke ({type(error).__name__}, error {number}), so nothing is known."
        complain(f"{words} 'reveille --verbose ...' shows where.")
        return UNKNOWN


def _sentence(text: str) -> str:
    return text if text.endswith((".", "?", "!")) else f"{text}."
