"""What members type into options: read it, and offer it while they type."""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import discord
from discord import app_commands

from bot.errors import UserError
from bot.frontend import limits
from bot.frontend.listings import mark
from bot.frontend.markdown import plain
from bot.news.models import FeedState, Following

_SPAN = re.compile(r"(\d{1,4})\s*([hdwy])", re.IGNORECASE)
_UNITS = {
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
    "y": timedelta(days=365),
}
_USUAL = (
    ("the last 24 hours", "24h"),
    ("the last 7 days", "7d"),
    ("the last 30 days", "30d"),
    ("the last 12 weeks", "12w"),
    ("the last year", "1y"),
)


def parse_since(text: str, now: datetime) -> datetime:
    """Return the time that *text* means: a span such as 24h, 7d, 12w, or a date (midnight UTC).

    Raises UserError.
    """
    typed = text.strip()
    try:
        if span := _SPAN.fullmatch(typed):
            since = now - int(span[1]) * _UNITS[span[2].lower()]
        else:
            since = datetime.combine(date.fromisoformat(typed), datetime.min.time(), UTC)
    except (ValueError, OverflowError) as error:
        raise UserError(
            f"“{plain(typed, 40)}” is no time that I understand. Use 24h, 7d, 12w, or a date "
            "such as 2026-11-02."
        ) from error
    if since >= now:
        raise UserError(f"“{plain(typed, 40)}” is not in the past, so nothing can be found.")
    return since


def since_choices(typed: str) -> list[app_commands.Choice[str]]:
    """Return the usual spans that begin like *typed*; whatever else was typed stays possible."""
    begun = typed.strip().casefold()
    return [
        app_commands.Choice(name=name, value=value)
        for name, value in _USUAL
        if not begun or value.startswith(begun) or begun in name
    ]


def feed_choices(
    rows: Sequence[Following], typed: str, guild: discord.Guild
) -> list[app_commands.Choice[str]]:
    """Return the feeds whose names begin with, or else hold, *typed*; failing ones first."""
    begun = typed.strip().casefold()
    names = [(row.subscription.name.casefold(), row) for row in rows]
    ranked = [
        (not name.startswith(begun), row.feed.state is FeedState.OK, name, row)
        for name, row in names
        if begun in name or begun in row.feed.url.casefold()
    ]
    ranked.sort(key=lambda ranks: ranks[:3])
    return [
        app_commands.Choice(name=_choice_name(row, guild), value=str(row.subscription.id))
        for *_, row in ranked[: limits.CHOICES_MAX]
    ]


def _choice_name(row: Following, guild: discord.Guild) -> str:
    channel = guild.get_channel_or_thread(row.subscription.channel_id)
    where = f"#{channel.name}" if channel else "#unknown-channel"
    pace = f"{row.entries_24h:,}/day"
    name = plain(row.subscription.name, limits.CHOICE_NAME_MAX - len(where[:40]) - len(pace) - 8)
    return f"{mark(row)} {name} — {where[:40]} — {pace}"
