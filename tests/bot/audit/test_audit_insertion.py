"""A violation put anywhere into a clean script is found at its line; the same text as mere text is not."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from bot.audit.model import Violation
from tests.bot.audit.in_memory import audit_text

AFTER = Path(__file__).parent / "trees" / "after" / "bin"
SCRIPTS = {path.name: path.read_text() for path in sorted(AFTER.rglob("*.sh"))}
INSERTED = "gcloud run services update live-export --set-env-vars=A=b || true"
"""Breaks REV003, and REV006."""


def statement_starts(script: str) -> list[int]:
    """The lines (from 0) before which a statement may stand: not inside an array, a continued line or a document."""
    starts, inside = [], ""
    lines = script.rstrip("\n").split("\n")
    for number, line in enumerate(lines):
        continued = number > 0 and lines[number - 1].endswith(("\\", "|"))
        unreachable = number > 0 and lines[number - 1].strip() == "exit 1"
        if not inside and not continued and not unreachable and number > 0:
            starts.append(number)
        if inside:
            inside = "" if line.strip() == inside else inside
        elif line.endswith("=("):
            inside = ")"
        elif "<<'HELP'" in line:
            inside = "HELP"
    starts.append(len(lines))
    return starts


PLACES = [(name, line) for name, script in SCRIPTS.items() for line in statement_starts(script)]


def with_lines(name: str, at: int, *inserted: str) -> list[Violation]:
    lines = SCRIPTS[name].rstrip("\n").split("\n")
    return audit_text(f"bin/{name}", "\n".join([*lines[:at], *inserted, *lines[at:]]) + "\n")


def test_there_are_many_places() -> None:
    assert len(PLACES) > 50


@given(place=st.sampled_from(PLACES), indentation=st.integers(0, 8))
def test_a_violation_is_found_at_its_line(place: tuple[str, int], indentation: int) -> None:
    name, at = place

    found = with_lines(name, at, " " * indentation + INSERTED)

    assert ("REV003", at + 1, indentation + 40) in {
        (one.rule, one.span.start.line, one.span.start.column) for one in found
    }
    assert {one.span.start.line for one in found} == {at + 1}


MERE_TEXT = st.sampled_from(
    [
        (f"# {INSERTED}",),
        (f"echo {INSERTED.partition(' ||')[0]}",),
        (f"echo '{INSERTED}'",),
        (f'printf "%s\\n" "{INSERTED}"',),
        (f"help_text='{INSERTED}'",),
        (f'usage="Usage: {INSERTED}"',),
        ("cat <<EOF", INSERTED, "EOF"),
        ("cat <<'EOF' >&2", INSERTED, "EOF"),
        ("cat > notes <<-EOF", "\t" + INSERTED, "\tEOF"),
        (": <<'EOF'", INSERTED, "EOF"),
        (f"true # {INSERTED}",),
        (f": '{INSERTED}'",),
        ('echo "a',  INSERTED, 'b"'),
    ]
)  # fmt: skip


@given(place=st.sampled_from(PLACES), lines=MERE_TEXT)
def test_the_same_text_as_mere_text_is_not(place: tuple[str, int], lines: tuple[str, ...]) -> None:
    name, at = place

    assert with_lines(name, at, *lines) == []


@given(place=st.sampled_from(PLACES), data=st.data())
def test_a_damaged_script_never_breaks_the_audit(place: tuple[str, int], data: st.DataObject) -> None:
    script = SCRIPTS[place[0]]
    start = data.draw(st.integers(0, len(script)))
    length = data.draw(st.integers(0, 40))
    put = data.draw(st.text(st.sampled_from("$(){}[]'\"\\`<>|&;!#\n ab"), max_size=6))

    found = audit_text("bin/deploy.sh", script[:start] + put + script[start + length :])

    assert all(one.span.start <= one.span.end for one in found)
