"""A Debian without anything in a folder, and commands that run in it as on a machine of its own."""

from __future__ import annotations

import ast
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

SUITE = "bookworm"
"""Its Python 3.11.2 brings the oldest pip that a supported Python has: 23.0.1."""

PACKAGES = ("ca-certificates", "make", "python3", "python3-venv")
CERTIFICATES = "etc/ssl/certs/ca-certificates.crt"
BOOTSTRAP_SECONDS = 900
COMMAND_SECONDS = 900

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

_PASSED_ON = ("default-timeout", "extra-index-url", "index-url", "proxy", "retries", "timeout", "trusted-host")
_PROXIES = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")


class FreshError(Exception):
    """Something does not work as on a fresh machine it should; the message says what."""


@dataclass(frozen=True, slots=True)
class Root:
    """A folder that commands see as ``/``."""

    folder: Path

    def copy(self, folder: Path) -> Root:
        _must(["cp", "--archive", "--reflink=auto", str(self.folder), str(folder)])
        return Root(folder)

    def path(self, path: str) -> Path:
        return self.folder / path.lstrip("/")

    def account(self, user: str) -> str:
        """Return ``UID:GID`` of a user by name or number, as the root's own list of users has it."""
        for line in self.path("/etc/passwd").read_text(encoding="utf-8").splitlines():
            name, _, uid, gid, *_ = line.split(":")
            if user in (name, uid):
                return f"{uid}:{gid}"
        raise FreshError(f"there is no user {user}")

    def command(
        self,
        words: Sequence[str],
        *,
        folder: str = "/",
        user: str = "root",
        writable: Mapping[str, Path] | None = None,
    ) -> list[str]:
        """Return the command that runs words in the root, in mounts of its own that end with it.

        With ``writable`` the root can be read only, but for these folders, which lie elsewhere, and for /tmp.
        """
        inside = shlex.quote(str(self.folder))
        mounts = [f"mount --bind {inside} {inside}"]
        if writable is not None:
            mounts += [f"mount -o remount,bind,ro {inside}", f"mount -t tmpfs -o mode=1777 tmp {inside}/tmp"]
            mounts += [
                f"mount --bind {shlex.quote(str(kept))} {inside}{shlex.quote(at)}" for at, kept in writable.items()
            ]
        mounts += [f"mount -t proc proc {inside}/proc", f"mount -t tmpfs -o mode=755 dev {inside}/dev"]
        for device in ("full", "null", "random", "urandom", "zero"):
            mounts.append(f"touch {inside}/dev/{device}; mount --bind /dev/{device} {inside}/dev/{device}")
        mounts += [f"mkdir -m 1777 {inside}/dev/shm", f"ln -s /proc/self/fd {inside}/dev/fd"]
        entered = (
            f'exec chroot --userspec={self.account(user)} {inside} /usr/bin/env --chdir={shlex.quote(folder)} "$@"'
        )
        return ["unshare", "--mount", "sh", "-euc", "\n".join([*mounts, entered]), "sh", *words]

    def run(
        self, words: Sequence[str], environment: Mapping[str, str], *, folder: str = "/", user: str = "root"
    ) -> str:
        """Run words to their end, and return what they print. Raises FreshError, with all of it, when they fail."""
        return _must(self.command(words, folder=folder, user=user), environment)


def bootstrap(folder: Path) -> Root:
    """Make a Debian in a folder, from its packages. Raises FreshError."""
    if os.geteuid() != 0:
        raise FreshError("An empty root is made and entered by root only: run this as root, in a container or on CI.")
    for program, package in (("debootstrap", "debootstrap"), ("unshare", "util-linux"), ("git", "git")):
        if shutil.which(program) is None:
            raise FreshError(f"{program} is missing: apt-get install {package}.")
    mirror = [os.environ["DEBIAN_MIRROR"]] if os.environ.get("DEBIAN_MIRROR") else []
    command = ["debootstrap", "--variant=minbase", f"--include={','.join(PACKAGES)}", SUITE, str(folder), *mirror]
    _must(command, os.environ, BOOTSTRAP_SECONDS)
    _as_reached_from_here(folder)
    return Root(folder)


def _as_reached_from_here(folder: Path) -> None:
    """Names and certificates are the network's, not the machine's."""
    for path in ("etc/hosts", "etc/resolv.conf", CERTIFICATES):
        if Path("/", path).exists():
            (folder / path).unlink(missing_ok=True)
            shutil.copy(Path("/", path), folder / path)


def network() -> dict[str, str]:
    """Return what leads to the packages from here, as variables: pip's own settings, but for what lies on this disk."""
    said = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True
    ).stdout
    found = {name: os.environ[name] for name in _PROXIES if name in os.environ}
    for line in said.splitlines():
        name, _, value = line.partition("=")
        option = name.rpartition(".")[2]
        if option in _PASSED_ON:
            words = [word for word in str(ast.literal_eval(value)).split() if not word.startswith("file:")]
            if words:
                found[f"PIP_{option.replace('-', '_').upper()}"] = " ".join(words)
    return found | {"PIP_CERT": f"/{CERTIFICATES}"}


def _must(
    command: Sequence[str], environment: Mapping[str, str] | None = None, seconds: float = COMMAND_SECONDS
) -> str:
    """Programs are found as here; what they see is ``environment``."""
    program = shutil.which(command[0]) or command[0]
    seen = {"PATH": PATH, **(environment or {})}
    done = subprocess.run(
        [program, *command[1:]],
        env=seen,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=seconds,
    )
    if done.returncode != 0:
        raise FreshError(f"{shlex.join(command)} exits with {done.returncode}:\n{done.stdout}")
    return done.stdout
