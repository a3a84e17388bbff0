"""Which service an address belongs to: the three forms in which services and functions are addressed.

- ``SERVICE-HASH-wl.a.run.app``: the hash belongs to project and region, so that the addresses of the services that
  exist tell it, also for one that is gone;
- ``SERVICE-NUMBER.REGION.run.app``, with the number of the project;
- ``REGION-PROJECT.cloudfunctions.net/FUNCTION``.

An address of another project or region, or outside of Cloud Run, is nobody's here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote, urlsplit

from checks.pipeline import Pipeline
from checks.ports.services import Service
from checks.services_spec import service_name

_NUMBERED = re.compile(r"(?P<name>[^.]+)-(?P<number>\d+)\.(?P<region>[^.]+)\.run\.app")
_HASHED = ".a.run.app"
_OTHER_HASH = re.compile(r"(?P<name>[^.]+)-[a-z0-9]{10}-(?P<region>[a-z]{2})\.a\.run\.app")
_FUNCTIONS = ".cloudfunctions.net"
_TAG_MARK = "---"
_RUN_API = "run.googleapis.com"
_EXECUTION = re.compile(
    r"/(?:v1|v2|apis/run\.googleapis\.com/v1)/(?:projects|namespaces)/(?P<project>[^/]+)/"
    r"(?:locations/(?P<region>[^/]+)/)?jobs/(?P<name>[^/:]+):run"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallTarget:
    """What an address of this project leads to.

    ``service`` is the name of a service, or of one that should be there and is not (``exists`` False).
    ``function`` tells an address of the third form, whose function may also be of the first generation, which is
    no service at all.
    """

    service: str
    exists: bool
    function: bool = False


def run_job_of(pipeline: Pipeline, address: str) -> str:
    """Return the Cloud Run job that a call of Cloud Run's API executes; empty for any other address, and for a job of
    another project or region."""
    try:
        parts = urlsplit(address.strip())
        host = parts.hostname or ""
    except ValueError:
        return ""
    found = _EXECUTION.fullmatch(unquote(parts.path))
    if found is None or not (host == _RUN_API or host.endswith(f"-{_RUN_API}")):
        return ""
    region = found["region"] or host.removesuffix(f"-{_RUN_API}")
    is_here = found["project"] in (pipeline.project, pipeline.project_number) and region == pipeline.region
    return found["name"] if is_here else ""


class Addresses:
    """The addresses of a region's services."""

    def __init__(self, pipeline: Pipeline, services: Iterable[Service]) -> None:
        self._number = pipeline.project_number
        self._region = pipeline.region
        self._functions_host = f"{pipeline.region}-{pipeline.project}{_FUNCTIONS}"
        known = tuple(services)
        self._names = {each.name for each in known}
        hosts = [(host, each.name) for each in known for host in _hosts(each)]
        self._by_host: Mapping[str, str] = {host: name for host, name in hosts if host != self._functions_host}
        self._suffixes = {suffix for host, name in hosts if (suffix := _suffix(name, host))}
        self._functions: dict[str, str] = {}
        for each in known:
            # The label of a function has its name in small letters; an exact name must win over that.
            self._functions.setdefault(each.name, each.name)
            if each.function:
                self._functions.setdefault(service_name(each.function), each.name)
        self._functions |= {each.function: each.name for each in known if each.function}

    def target(self, address: str) -> CallTarget | None:
        """Return what an address leads to, None for one that is not this project's and region's."""
        try:
            parts, host = urlsplit(address.strip()), (_host(address.strip()) or "").rstrip(".")
        except ValueError:
            return None
        if parts.scheme.lower() not in ("http", "https") or not host:
            return None
        if host == self._functions_host:
            return self._function(parts.path)
        # A revision's tag stands before the host, and the service's policy decides there too.
        _, mark, untagged = host.partition(_TAG_MARK)
        return self._service(host) or (self._service(untagged) if mark else None) or self._missing(host)

    def namesake(self, host: str) -> str:
        """Return the service of here that a host of the first form names with a hash of elsewhere, empty for none.

        The hash belongs to project and region; a service of this project at another hash of its region is a mistake.
        """
        hashed = _OTHER_HASH.fullmatch(host)
        if hashed is None or hashed["name"] not in self._names:
            return ""
        regions = {suffix.rpartition("-")[2] for suffix in self._suffixes}
        return hashed["name"] if hashed["region"] in regions else ""

    def is_unclear(self, address: str) -> bool:
        """Whether nothing tells which service answers: a domain of one's own, or a hash while none of here is known.

        An address of Cloud Run in another project or region is clear: it leads elsewhere.
        """
        try:
            host = urlsplit(address.strip()).hostname or ""
        except ValueError:
            return True
        if self.target(address) is not None:
            return False
        if host.endswith(_HASHED):
            return not self._suffixes
        return not (_NUMBERED.fullmatch(host) or host.endswith(_FUNCTIONS))

    def _service(self, host: str) -> CallTarget | None:
        name = self._by_host.get(host) or self._named(host)
        return CallTarget(service=name, exists=True) if name in self._names and name is not None else None

    def _missing(self, host: str) -> CallTarget | None:
        _, _, untagged = host.partition(_TAG_MARK)
        name = self._named(untagged or host)
        return CallTarget(service=name, exists=False) if name is not None else None

    def _named(self, host: str) -> str | None:
        """Return the service that a host of this project and region names, whether it exists or not."""
        numbered = _NUMBERED.fullmatch(host)
        if numbered is not None and (numbered["number"], numbered["region"]) == (self._number, self._region):
            return numbered["name"]
        if host.endswith(_HASHED):
            label = host.removesuffix(_HASHED)
            for suffix in self._suffixes:
                name = label.removesuffix(f"-{suffix}")
                if name not in ("", label) and "." not in name:
                    return name
        return None

    def _function(self, path: str) -> CallTarget | None:
        function = unquote(path).strip("/").partition("/")[0]
        if not function:
            return None
        name = self._functions.get(function) or self._functions.get(service_name(function))
        if name is not None:
            return CallTarget(service=name, exists=True, function=True)
        return CallTarget(service=function, exists=False, function=True)


def _hosts(service: Service) -> Iterable[str]:
    for address in dict.fromkeys((service.uri, *service.urls)):
        if host := _host(address):
            yield host


@lru_cache(maxsize=4096)  # the services of a region keep their addresses
def _host(address: str) -> str | None:
    return urlsplit(address).hostname


def _suffix(name: str, host: str) -> str:
    """Return ``HASH-wl`` of a service's own address of the first form, empty for any other."""
    label = host.removesuffix(_HASHED)
    return label.removeprefix(f"{name}-") if host.endswith(_HASHED) and label.startswith(f"{name}-") else ""
