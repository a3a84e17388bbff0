"""Reads the steps of a GitHub workflow that deploy by an action of Google's, as the gcloud command that it runs.

The commands are those of `google-github-actions/deploy-cloudrun` (src/main.ts of v3.0.1) and
`google-github-actions/deploy-cloud-functions` (action.yml of v3).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.audit.formats.yaml_scalars import scalar_text
from bot.audit.source_text import Text
from bot.yaml_tree import Node

_ACTION = re.compile(
    r"google-github-actions/deploy-(cloudrun|cloud-functions)(?:@v?(\d{1,2})(?=\.|\s|$))?", re.IGNORECASE
)
_WORD = re.compile(r"(?:\"[^\"]*\"|'[^']*'|[^\s\"'])+")
_SYMBOL = re.compile(r"\$\{\w+\}")
_QUOTED = frozenset('"\\`')
_TRUE = frozenset(("true", "yes", "on", "1"))


@dataclass(slots=True)
class _Line:
    """A line of shell that grows word by word, each character with its place in the file."""

    inputs: Mapping[str, Text]
    place: int
    characters: list[str] = field(default_factory=list)
    offsets: list[int] = field(default_factory=list)

    def add(self, word: str, value: Text | None = None, *, ends: str = "") -> None:
        """Add a word, with a value in quotes behind it; ``ends`` is what follows instead of a blank."""
        self._put(word, self.place if value is None else value.origin(0))
        if value is not None:
            self._put('"', value.origin(0))
            for index, character in enumerate(value.text):
                literal = character in _QUOTED or (character == "$" and not _SYMBOL.match(value.text, index))
                self._put("\\" * literal + character, value.origin(index))
            self._put('"', value.end(len(value.text)) - 1)
        self._put(ends or " ", self.offsets[-1])

    def flag(self, name: str, given: str) -> None:
        """Add a flag with the value of an input, if that is given."""
        if self.given(given):
            self.add(f"{name}=", listed(self.inputs[given]))

    def flags(self, given: str) -> None:
        for found in _WORD.finditer(self.inputs[given].text if self.given(given) else ""):
            whole = self.inputs[given]
            if _SYMBOL.fullmatch(found[0]):  # It may be several words.
                self._put(f"{found[0]} ", whole.origin(found.start()))
                continue
            kept = [at for at in range(*found.span()) if whole.text[at] not in "\"'"]
            self.add("", Text("".join(whole.text[at] for at in kept), [whole.origin(at) for at in kept]))

    def given(self, name: str) -> bool:
        return name in self.inputs and bool(self.inputs[name].text.strip())

    def text(self, name: str) -> str:
        return self.inputs[name].text.strip() if name in self.inputs else ""

    def _put(self, characters: str, place: int) -> None:
        self.characters.append(characters)
        self.offsets += [place] * len(characters)


def listed(value: Text) -> Text:
    """Return a list of `KEY=VALUE`, which may stand on lines of their own, as gcloud takes it: with commas."""
    kept = [at for at, character in enumerate(value.text) if character != "\r"]
    while kept and value.text[kept[-1]].isspace():
        kept.pop()
    characters = "".join("," if value.text[at] == "\n" else value.text[at] for at in kept)
    return Text(characters, [value.origin(at) for at in kept])


def command_of(step: Node, inputs: Mapping[str, Text]) -> Text | None:
    """Return the commands that a step's action runs; None for any other action."""
    uses = step.children.get("uses")
    found = _ACTION.match(uses.written) if uses is not None else None
    if uses is None or found is None:
        return None
    line = _Line(inputs, uses.start)
    version = int(found[2]) if found[2] else None
    if found[1].lower() == "cloudrun":
        _cloud_run(line, version)
    else:
        _function(line, version)
    return Text("".join(line.characters), line.offsets)


def _cloud_run(line: _Line, version: int | None) -> None:
    moves = line.given("revision_traffic") or line.given("tag_traffic")
    if not moves or version is None or version > 1:  # Up to v1, a step that moves traffic does nothing else.
        _deploy(line)
    if moves and line.given("service"):
        line.add("\ngcloud run services update-traffic")
        line.add("", line.inputs["service"])
        line.flag("--to-revisions", "revision_traffic")
        line.flag("--to-tags", "tag_traffic")
        line.flags("update_traffic_flags")


def _deploy(line: _Line) -> None:
    if line.given("metadata"):
        line.add("gcloud run services replace")
        line.add("", line.inputs["metadata"])
        line.flags("flags")
        return
    job = line.given("job")
    line.add("gcloud run jobs deploy" if job else "gcloud run deploy")
    if job or line.given("service"):
        line.add("", line.inputs["job" if job else "service"])
    line.flag("--image", "image")
    line.flag("--source", "source")
    for kind, given in (("env-vars", "env_vars"), ("secrets", "secrets")):
        _merged(line, kind, given, job=job)
    if line.text("no_traffic").lower() in _TRUE:
        line.add("--no-traffic")
    line.flag("--tag", "tag")
    labels = "--labels" if job else "--update-labels"
    if line.text("skip_default_labels").lower() not in _TRUE:
        line.add(f"{labels}=commit-sha=$GITHUB_SHA")
    line.flag(labels, "labels")
    line.flags("flags")


def _merged(line: _Line, kind: str, given: str, *, job: bool) -> None:
    """Add variables or secrets: merged, unless the step says otherwise; a job's secrets always are replaced."""
    strategy = f"{given}_update_strategy"
    if line.given(given) and line.text(strategy) == "overwrite":
        said = line.inputs[strategy]
        value = listed(line.inputs[given])
        line.add(
            f"--set-{kind}=",
            Text(value.text, [said.origin(0)] * (len(value.text) - 1) + [said.end(len(said.text)) - 1]),
        )
        return
    line.flag(f"--{'set' if job and kind == 'secrets' else 'update'}-{kind}", given)


def _function(line: _Line, version: int | None) -> None:
    line.add("gcloud functions deploy")
    if line.given("name"):
        line.add("", line.inputs["name"])
    line.add("--no-gen2" if version in {0, 1} else "--gen2")
    for account in ("service_account", "service_account_email"):
        line.flag("--service-account", account)
    for variables in ("environment_variables", "env_vars"):
        line.flag("--set-env-vars", variables)
    line.flag("--update-labels", "labels")
    line.flag("--trigger-topic", "event_trigger_pubsub_topic")
    line.flag("--trigger-event-filters", "event_trigger_type")
    line.flag("--min-instances", "min_instance_count")
    if version not in {0, 1} and line.text("all_traffic_on_latest_revision").lower() not in {"false", "no", "off"}:
        line.add("--serve-all-traffic-latest-revision")


def inputs_of(step: Node, text: str) -> dict[str, Text]:
    """Return what a step gives to its action: the text of each input."""
    given = step.children.get("with")
    return {str(name): scalar_text(node, text) for name, node in (given.children if given else {}).items()}
