"""The text of a scenario: YAML that reads back as it was, in the order in which people read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

import yaml

from bot.yaml_tree import plain_value

_WIDTH = 120
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)?")
_LINE_ENDS = re.compile("[\x85\u2028\u2029]")
_TAGS = {
    bool: "tag:yaml.org,2002:bool",
    int: "tag:yaml.org,2002:int",
    float: "tag:yaml.org,2002:float",
    type(None): "tag:yaml.org,2002:null",
    date: "tag:yaml.org,2002:timestamp",
    datetime: "tag:yaml.org,2002:timestamp",
    str: "tag:yaml.org,2002:str",
}


class _Dumper(yaml.SafeDumper):
    """Leaves the quotes away exactly where our own reader finds the same value without them."""

    def resolve(self, kind: Any, value: Any, implicit: Any) -> Any:
        if kind is yaml.ScalarNode and implicit[0]:
            if value == "<<":  # our reader takes it for a merge
                return "tag:yaml.org,2002:merge"
            try:
                return _TAGS[type(plain_value(value))]
            except ValueError:
                return "!none"
        return super().resolve(kind, value, implicit)  # type: ignore[no-untyped-call]

    def represent(self, data: Any) -> None:
        """Write the outermost mapping a key a line, whatever is in it."""
        node: Any = self.represent_data(data)
        node.flow_style = False
        self.serialize(node)

    def analyze_scalar(self, scalar: str) -> Any:
        """Let an instant stand without quotes between braces, too: its colons are followed by no blank. Other line ends
        than our own need double quotes, in which they are escaped: a reader takes them for blanks elsewhere."""
        found: Any = super().analyze_scalar(scalar)
        if _LINE_ENDS.search(scalar):
            found.allow_flow_plain = found.allow_block_plain = found.allow_single_quoted = found.allow_block = False
        if _INSTANT.fullmatch(scalar):
            found.allow_flow_plain = True
        return found

    def ignore_aliases(self, data: Any) -> bool:
        del data
        return True


def _float(dumper: _Dumper, value: float) -> Any:
    return dumper.represent_scalar(_TAGS[float], repr(value))


def _datetime(dumper: _Dumper, value: datetime) -> Any:
    return dumper.represent_scalar(_TAGS[datetime], value.isoformat(sep="T").replace("+00:00", "Z"))


_Dumper.add_representer(float, _float)
_Dumper.add_representer(datetime, _datetime)


def yaml_text(content: Mapping[str, Any], comments: Iterable[str]) -> str:
    """Return a file; ``comments`` stand at its top, one a line, and sections apart from one another."""
    head = "".join(f"# {' '.join(line.split())}\n" for line in comments)
    apart = (("" if not isinstance(value, dict) else "\n") + _section(name, value) for name, value in content.items())
    return f"{head}\n{''.join(apart)}"


def _section(name: str, value: Any) -> str:
    text: str = yaml.dump(
        {name: value}, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_WIDTH, default_flow_style=None
    )
    return text
