"""Words that agree with the number before them: what is one is not several."""

from __future__ import annotations

import re

ONE = "\0"
"""Stands before a number that is one, where a sentence is filled."""

_ENDS = re.compile(r"(?<=[^aeiou])ies$|(?<=ss|sh|ch)es$|(?<=x)es$|s$")
_VERBS = {"are": "is", "have": "has", "were": "was", "do": "does"}
_MANY = ("cover", "differ", "fail", "lack", "repeat", "wait")
_NO_NOUNS = r"(?:[a-z]*(?:us|ss|is)|has|was|its|as|does|of|in|at|on|for|by|to|with|not|still)\b"
_COUNTED = re.compile(
    rf"(?:\b(?P<each>[Ee]ach of|[Aa]ll(?: of)?)(?: the)? |(?P<part>\bof ))?"
    rf"(?P<counted>{ONE}?(?P<first>\d+(?:,\d+)*)(?P<of> of {ONE}?\d+(?:,\d+)*)?"
    rf"(?P<more>(?: (?!{_NO_NOUNS})[a-z-]*[a-rt-z-]){{0,2}}?)"
    rf" (?!{_NO_NOUNS})(?P<noun>[a-z]+s)\b(?P<whose>(?: of [\w.]+)?(?: and [\w.]+)?)"
    rf"(?P<that> that)?(?: (?P<verb>{'|'.join((*_VERBS, *_MANY))})\b)?)"
)


def counted(value: float, words: str = "") -> str:
    """Return a number, in other ``words`` where they are given, marked where it is one."""
    return f"{ONE if value == 1 else ''}{words or format(int(value), ',')}"


def agreeing(text: str) -> str:
    """Return a sentence whose nouns and verbs agree with the numbers that ``ONE`` marks, without its marks.

    "1 of 4 games are final" is "1 of 4 games is final", and of one game "1 of 1 game is final"; "each of 1 games that
    were played" is "the one game that was played". Behind "teams of 1 games" the verb is that of the teams.
    """
    return _COUNTED.sub(_agreed, text).replace(ONE, "") if ONE in text else text


def _agreed(match: re.Match[str]) -> str:
    whole, of, noun, verb = match["counted"], match["of"] or "", match["noun"], match["verb"] or ""
    if ONE not in whole:
        return match[0]
    is_one, counted = whole.startswith(ONE), of or whole
    if ONE in counted:
        noun = _ENDS.sub(lambda end: "y" if end[0] == "ies" else "", noun)
    is_subject = match["that"] or not match["part"]
    if verb and is_subject and (ONE in counted if match["that"] else is_one or ONE in of):
        verb = _VERBS.get(verb, f"{verb}s")
    number = f"{match[0].removesuffix(whole)}{match['first']}{of}"
    if match["each"] and not of:
        number = "The one" if match["each"][0].isupper() else "the one"
    said = f"{number}{match['more']} {noun}{match['whose']}{match['that'] or ''}"
    return f"{said} {verb}" if verb else said
