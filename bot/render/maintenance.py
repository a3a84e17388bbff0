"""What people read of quiet hours and maintenance."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from bot.alerting.holds import Hold
from bot.render.mentions import mention
from bot.render.post import Code, Paragraph, Post, Strong, Text, text
from bot.render.words import capital, time_of

COMMAND = "/reveille maintenance"

NOTHING_WAITS = "No maintenance: every alert is posted."


def hold_note(hold: Hold, zone: ZoneInfo, now: datetime) -> str:
    """Return what a digest says: until when alerts wait, and why, in plain words."""
    return f"{_until(hold, zone, now)}: alerts below P0 wait."


def hold_text(hold: Hold, zone: ZoneInfo, now: datetime) -> Text:
    """Return the same as a line that names who started it."""
    who = mention(hold.by)
    by = (" by ", *who) if who else ()
    return text("🔧 ", Strong((_until(hold, zone, now),)), *by, ": alerts below P0 wait.")


def held_message(hold: Hold, zone: ZoneInfo, now: datetime) -> Post:
    """Return what the channel hears of maintenance that begins, and whoever asks for it."""
    line = hold_text(hold, zone, now)
    end = (" ", Code(f"{COMMAND} end"), " ends it.") if hold.by else ()
    return Post(line, (Paragraph(text(line, *end)),))


def ended_message(hold: Hold, by: str, watch_minutes: int) -> Post:
    """Return what the channel hears of maintenance that somebody ends early."""
    who = text(f"🔧 {capital(hold.reason)}: ended by ", *mention(by), ".")
    words = text(who, f" What is still failing is posted with the next check, within {watch_minutes} min.")
    return Post(words, (Paragraph(words),))


def _until(hold: Hold, zone: ZoneInfo, now: datetime) -> str:
    return f"{capital(hold.reason)} until {time_of(hold.until, zone, now)}"
