"""What members type into options: read it, and offer it while they type."""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta

import discord
from discord import app_commands

from bot.errors import UserError
from bot.frontend import limits
from bot.frontend.listings import mark
from bot.frontend.markdown import plain
from bot.news.cadence import in_words
from bot.news.models import EVERY_MAX_S, EVERY_MIN_S, AskedBefore, FeedState, Following

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

AUTO = "auto"  # in the feed's own rhythm
EVERY = (AUTO, "5m", "10m", "15m", "30m", "1h", "2h", "3h", "6h", "12h", "24h")
PAUSES = ("1h", "6h", "12h", "1d", "3d", "7d", "14d", "30d")
PAUSE_MIN = timedelta(minutes=1)
PAUSE_MAX = timedelta(days=366)

_LENGTH = re.compile(r"(\d{1,6}(?:[.,]\d{1,3})?)\s*([a-z]+)\s*(?:,|and\b)?\s*")
_LENGTH_MAX_S = 1e9  # longer than anybody means, and no overflow
_LENGTH_UNITS = {
    name: seconds
    for seconds, names in (
        (1.0, "s sec secs second seconds"),
        (60.0, "m min mins minute minutes"),
        (3600.0, "h hr hrs hour hours hourly"),
        (86400.0, "d day days daily"),
        (604800.0, "w week weeks weekly"),
    )
    for name in names.split()
}


def parse_length(text: str) -> timedelta:
    """Return the length of time that *text* means: 20m, 2 h, 1h30m, "1 hour and 30 minutes".

    Raises UserError.
    """
    typed = " ".join(text.casefold().removeprefix("every ").split())
    if typed.isdecimal():
        raise UserError(
            f"“{plain(typed, 20)}” what? Write {typed[:6]}m for minutes or {typed[:6]}h for hours."
        )
    if typed in _LENGTH_UNITS:  # "every hour", "daily"
        typed = f"1{typed}"
    seconds, end = 0.0, 0
    while (found := _LENGTH.match(typed, end)) and found[2] in _LENGTH_UNITS:
        seconds += float(found[1].replace(",", ".")) * _LENGTH_UNITS[found[2]]
        end = found.end()
    if end < len(typed) or not typed:
        raise UserError(
            f"“{plain(text, 40)}” is no length of time that I understand. Write 20m, 2h, 1h30m or "
            "3d."
        )
    return timedelta(seconds=min(seconds, _LENGTH_MAX_S))


def parse_every(text: str) -> int | None:
    """Return the seconds between two polls that *text* means; None for auto. Raises UserError."""
    if text.strip().casefold() == AUTO:
        return None
    every_s = round(parse_length(text).total_seconds())
    typed = plain(text, 40)
    if every_s < EVERY_MIN_S:
        raise UserError(
            f"“{typed}” is too often: every {in_words(EVERY_MIN_S)} is the most, out of kindness "
            "to publishers' servers. Write 5m, or auto for the feed's own rhythm."
        )
    if every_s > EVERY_MAX_S:
        raise UserError(
            f"“{typed}” is too seldom: once a {in_words(EVERY_MAX_S)} is the least. "
            "Write 24h, or auto for the feed's own rhythm."
        )
    return every_s


def parse_pause(text: str) -> timedelta:
    """Return how long a pause is to last. Raises UserError."""
    length = parse_length(text)
    if not PAUSE_MIN <= length <= PAUSE_MAX:
        raise UserError(
            f"A pause of “{plain(text, 40)}” is too {'short' if length < PAUSE_MIN else 'long'}: "
            "from 1m to 366d. Leave out “for” to pause until /feed resume."
        )
    return length


def every_choices(typed: str) -> list[app_commands.Choice[str]]:
    """Return intervals to choose from: what was typed, where it is one, then usual ones."""
    return _length_choices(typed, EVERY, _every_name)


def pause_choices(typed: str) -> list[app_commands.Choice[str]]:
    """Return lengths of a pause to choose from, as `every_choices`."""
    return _length_choices(typed, PAUSES, _pause_name)


def _length_choices(
    typed: str, usual: Sequence[str], name_of: Callable[[str], str]
) -> list[app_commands.Choice[str]]:
    begun = typed.strip().casefold()
    offered = {text: name_of(text) for text in usual if text.startswith(begun)}
    try:
        own = name_of(begun) if begun else ""
    except UserError:
        own = ""
    choices = {begun: own, **offered} if own and own not in offered.values() else offered
    return [app_commands.Choice(name=name, value=text) for text, name in choices.items()]


def _every_name(text: str) -> str:
    every_s = parse_every(text)
    return "auto: in the feed's own rhythm" if every_s is None else f"every {in_words(every_s)}"


def _pause_name(text: str) -> str:
    return f"for {in_words(parse_pause(text).total_seconds())}"


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


# What narrows a search: as typed, and what it does.
_OPERATORS = (
    ("title:", "title:flood · only in titles"),
    ("from:", 'from:"The Courier" · only from that feed'),
    ("since:", "since:7d · not older than that, or since a date"),
    ("before:", "before:2026-11-02 · older than that"),
    ("lang:", "lang:de · only in that language"),
    ("tag:", "tag:security · only with that tag of its feed"),
    ("sort:newest", "sort:newest · the newest first"),
    ("OR", "flood OR storm · either will do"),
    ("-", "-football · without that word"),
    ('"', '"night train" · these words together'),
)


def query_choices(asked: Sequence[AskedBefore], typed: str) -> list[app_commands.Choice[str]]:
    """Return what a member searched for before, the latest first, then what narrows a search.

    Of the first what has *typed* in it, of the others those that its last word begins.
    """
    begun = " ".join(typed.casefold().split())
    names = [(query.text, plain(query.text, limits.CHOICE_NAME_MAX)) for query in asked]
    offered = [
        app_commands.Choice(name=name, value=text)
        for text, name in names
        if name and begun in text.casefold() and begun != text.casefold()
    ]
    return [*offered, *_operator_choices(typed)][: limits.CHOICES_MAX]


def _operator_choices(typed: str) -> list[app_commands.Choice[str]]:
    before, _, last = typed.lstrip().rpartition(" ")
    head = f"{before} " if before else ""
    begun = last.casefold()
    return [
        app_commands.Choice(name=told, value=head + operator)
        for operator, told in _OPERATORS
        if operator.casefold().startswith(begun)
        and begun != operator.casefold()
        and len(head + operator) <= limits.CHOICE_NAME_MAX
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
