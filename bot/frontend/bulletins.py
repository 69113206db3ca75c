"""Render bulletins: what admins are told of their feeds in the log channel."""

from collections.abc import Sequence
from contextlib import suppress
from typing import assert_never

import discord

from bot.errors import HistoryHidden
from bot.frontend import limits
from bot.frontend.listings import COLOUR, TROUBLE_COLOUR, count, state_mark
from bot.frontend.markdown import block, inline, plain, when
from bot.frontend.panels.health import ACTED_UPON, bulletin_view
from bot.frontend.publisher import DiscordPublisher
from bot.frontend.render import safe_url
from bot.news.identity import canonical_url
from bot.news.models import Bulletin, FeedState, HeldChannel, MessageId, Notice, NoticeKind

OUTAGE_MIN = 3  # feeds of as many sites that fail together look like our own network
NAMES_MAX = 5  # feeds of a deleted channel
SHOWN_MAX = 20  # notices told one by one; the rest is counted

_TITLES: dict[NoticeKind, str] = {
    "failing": "is failing",
    "paused": "is paused",
    "gone": "is gone",
    "recovered": "works again",
    "moved": "has moved",
    "stale": "is unusually quiet",
    "remedy": "may have a new address",
}
_COUNTED: dict[NoticeKind, str] = {
    "failing": "failing",
    "paused": "paused",
    "gone": "gone",
    "recovered": "working again",
    "moved": "moved",
    "stale": "unusually quiet",
    "remedy": "with a new address on offer",
}
_STATES: dict[NoticeKind, FeedState] = {
    "failing": FeedState.FAILING,
    "paused": FeedState.PAUSED,
    "gone": FeedState.GONE,
    "recovered": FeedState.OK,
    "moved": FeedState.OK,
    "stale": FeedState.OK,
    "remedy": FeedState.FAILING,
}


class DiscordAnnouncer:
    """Sends bulletins with the publisher that sends posts."""

    def __init__(self, publisher: DiscordPublisher) -> None:
        self._publisher = publisher

    async def announce(self, bulletin: Bulletin) -> MessageId:
        """Post a bulletin with its buttons, unless an earlier attempt did. Raises PublishError."""
        embed = bulletin_embed(bulletin)
        if bulletin.attempts > 1:  # its nonce may be too old by now
            # Where nobody lets us look, the bulletin is sent: twice is better than never.
            with suppress(HistoryHidden):
                found = await self._publisher.look_back(
                    bulletin.channel_id, lambda message: _is_of(message, embed)
                )
                if found is not None:
                    return found
        view = bulletin_view(bulletin)
        return await self._publisher.send(bulletin.channel_id, [embed], bulletin.nonce, view)


def _is_of(message: discord.Message, embed: discord.Embed) -> bool:
    """Whether *message* is the bulletin of *embed*: of the same title and second."""
    return any(
        shown.title == embed.title
        and shown.timestamp is not None
        and embed.timestamp is not None
        and int(shown.timestamp.timestamp()) == int(embed.timestamp.timestamp())
        for shown in message.embeds
    )


def bulletin_embed(bulletin: Bulletin) -> discord.Embed:
    """Return the message of a bulletin; many notices in one stay within Discord's limits."""
    notices, holds = bulletin.notices, bulletin.holds
    shown = notices[:SHOWN_MAX]
    held = holds[: SHOWN_MAX - len(shown)]
    budget = limits.EMBED_DESCRIPTION_MAX // (len(shown) + len(held) + 1) - 2
    parts = [_held_paragraph(each, budget) for each in held]
    if len(holds) > len(held):
        parts.append(f"… and {count(len(holds) - len(held), 'channel')} more.")
    parts += [_paragraph(notice, budget, is_alone=len(notices) == 1) for notice in shown]
    if len(notices) > len(shown):
        more = len(notices) - len(shown)
        parts.append(f"… and {more:,} more. `/feed list` with `state: failing` shows all.")
    is_trouble = bool(holds) or any(notice.kind in ACTED_UPON for notice in notices)
    embed = discord.Embed(
        title="; ".join(_held_title(holds) + ([_title(notices)] if notices else []))[
            : limits.EMBED_TITLE_MAX
        ],
        description="\n\n".join(parts),
        colour=TROUBLE_COLOUR if is_trouble else COLOUR,
        timestamp=max([*(notice.at for notice in notices), *(each.since for each in holds)]),
    )
    if len(notices) == 1 and not holds:
        embed.url = safe_url(notices[0].feed.site_url) or safe_url(notices[0].feed.url)
    return embed


def _held_title(holds: Sequence[HeldChannel]) -> list[str]:
    gone = sum(held.kind == "gone" for held in holds)
    waiting = len(holds) - gone
    told = []
    if gone:
        told.append(f"{count(gone, 'channel')} deleted")
    if waiting:
        told.append(f"{count(waiting, 'channel')} waiting for permissions")
    return told


def _held_paragraph(held: HeldChannel, budget: int) -> str:
    """Return what is the matter with a channel, and what to do, in at most *budget* characters."""
    match held.kind:
        case "gone":
            names = ", ".join(inline(name, 60) for name in held.follows[:NAMES_MAX])
            if len(held.follows) > NAMES_MAX:
                names += f" and {len(held.follows) - NAMES_MAX} more"
            followed = names or "no feed any more"
            return _cut(f"A channel that followed {followed} was deleted. {GONE}", budget)
        case "forbidden" | "unsure":
            then = FORBIDDEN if held.kind == "forbidden" else UNSURE
            return _cut(f"<#{held.channel_id}>: {block(held.reason, 300)} {then}", budget)
        case "unpublished" | "threadless":
            then = UNPUBLISHED if held.kind == "unpublished" else THREADLESS
            return _cut(f"<#{held.channel_id}>: {block(held.reason, 300)} {then}", budget)
        case _ as unreachable:
            assert_never(unreachable)


def _cut(text: str, budget: int) -> str:
    return text if len(text) <= budget else text[: budget - 1] + "…"


GONE = (
    "Its feeds are paused, and what it was still owed is kept: choose below which channel gets "
    "both."
)
FORBIDDEN = "What is owed to it waits in order, and goes on by itself once that is given."
UNPUBLISHED = (
    "Its posts come, but are not published to those who follow it: those of the last day are once "
    "Herald may. For posts under their sources' names it needs Manage Messages."
)
THREADLESS = "Its posts come, but without threads: those of the last day get theirs once it may."
UNSURE = "It waits for that, for a day at most, so as not to post twice."


def _title(notices: Sequence[Notice]) -> str:
    if len(notices) == 1:
        return inline(f"{plain(notices[0].name, 200)} {_TITLES[notices[0].kind]}")
    kinds = [notice.kind for notice in notices]
    if set(kinds) == {"failing"}:
        hint = ". Is the network down?" if _looks_like_an_outage(notices) else ""
        return f"{count(len(notices), 'feed')} failing{hint}"
    told = [f"{kinds.count(kind):,} {word}" for kind, word in _COUNTED.items() if kind in kinds]
    return f"{count(len(notices), 'feed')}: {', '.join(told)}"


def _looks_like_an_outage(notices: Sequence[Notice]) -> bool:
    hosts = {canonical_url(notice.feed.url).split("/")[0] for notice in notices}
    return len(hosts) >= OUTAGE_MIN


def _paragraph(notice: Notice, budget: int, *, is_alone: bool) -> str:
    """Return one notice in at most *budget* characters: the name, why, and what to do."""
    head = "" if is_alone else f"{state_mark(_STATES[notice.kind])} **{inline(notice.name, 90)}** "
    tail = ""
    if notice.kind in {"failing", "paused", "gone"}:
        last = notice.feed.succeeded_at
        tail += f" Last success {when(last)}." if last else " It never worked."
    if notice.remedy is not None and notice.kind in ACTED_UPON:
        tail += f" Its site offers another feed: “{inline(notice.remedy.title, 60)}”."
    room = budget - len(head) - len(tail)
    return f"{head}{block(' '.join(notice.text.split()), room)}{tail}"
