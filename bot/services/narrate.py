"""Tell stories to those who may know of them, and let admins correct what belongs together.

::

    show   what channels were told of a story ─► its reports beside each other
    split  an entry out of it ─► what that leaves without a post is posted only if somebody asks
    merge  two into one

Every question comes with the channels that the one who asks may read. What was told elsewhere does
not exist for them.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import structlog

from bot.errors import UserError
from bot.news.models import (
    ChannelId,
    Comparison,
    EntryId,
    GuildId,
    MessageId,
    Report,
    Split,
    StoryId,
    StoryLine,
    Telling,
    ToldStory,
    UserId,
)
from bot.news.ports import Clock, Comparer, Stories
from bot.news.text import one_line

log = structlog.get_logger()

RECENT_MAX = 100  # stories that are found by their titles
_COMPARED_FIRST = 4  # reports of a long story that are read beside each other: the first …
_COMPARED_LAST = 8  # … and the latest

Channels = frozenset[ChannelId]


@dataclass(frozen=True, slots=True, kw_only=True)
class Narration:
    """A story as it is shown. Reports in ``comparison`` are numbered as ``story.tellings`` are."""

    story: ToldStory
    comparison: Comparison


class Narrator:
    """The use cases of stories. ``on_owed`` is told when posts are to be sent or edited."""

    def __init__(
        self,
        storage: Stories,
        comparer: Comparer,
        clock: Clock,
        *,
        on_owed: Callable[[], None] = lambda: None,
    ) -> None:
        self._storage = storage
        self._comparer = comparer
        self._clock = clock
        self._on_owed = on_owed

    async def recent(self, channels: Channels, limit: int = RECENT_MAX) -> Sequence[StoryLine]:
        """Return the stories that were told last, newest first."""
        return await self._storage.recent_stories(channels, limit)

    async def find(self, wanted: str, channels: Channels) -> ToldStory:
        """Return the story that *wanted* means: an id, or words of a recent title.

        Raises UserError.
        """
        typed = wanted.strip()
        if typed.isascii() and typed.isdecimal() and len(typed) < 19:  # noqa: PLR2004  # SQLite's integers
            return await self.story(StoryId(int(typed)), channels)
        sought = one_line(typed).casefold()
        lines = await self.recent(channels)
        titles = [(one_line(line.title).casefold(), line) for line in lines]
        for matches in (
            [line for title, line in titles if title == sought],
            [line for title, line in titles if sought and sought in title],
        ):
            if matches:
                return await self.story(matches[0].id, channels)
        raise UserError(
            f"No recent story here is called “{typed[:80]}”. Pick one from the list that appears "
            "while you type, or use “Show story” in the menu of a post."
        )

    async def story(self, story_id: StoryId, channels: Channels) -> ToldStory:
        """Return a story. Raises UserError where nothing of it was told in *channels*."""
        story = await self._storage.told_story(story_id, channels)
        if story is None:
            raise UserError(
                "That story is not here any more: it was merged with another, or its posts are in "
                "channels that you cannot read."
            )
        return story

    async def of_message(
        self, channel_id: ChannelId, message_id: MessageId, channels: Channels
    ) -> ToldStory | None:
        """Return the story that a message tells; None: it is no post of ours. Raises UserError."""
        ids = await self._storage.stories_in(channel_id, message_id)
        if len(ids) > 1:
            raise UserError(
                f"That message tells {len(ids)} stories. Use /story and pick one from the list."
            )
        return await self.story(ids[0], channels) if ids else None

    async def narrate(self, story: ToldStory) -> Narration:
        """Read the reports of a story beside each other."""
        numbers = list(range(len(story.tellings)))
        if len(numbers) > _COMPARED_FIRST + _COMPARED_LAST:
            numbers = numbers[:_COMPARED_FIRST] + numbers[-_COMPARED_LAST:]
        reports = [_report(story.tellings[number]) for number in numbers]
        compared = await asyncio.to_thread(self._comparer.compare, reports)
        return Narration(
            story=story,
            comparison=Comparison(
                sentences=tuple(
                    replace(each, report=numbers[each.report]) for each in compared.sentences
                ),
                differences=tuple(
                    replace(
                        each,
                        said=tuple((numbers[report], written) for report, written in each.said),
                    )
                    for each in compared.differences
                ),
            ),
        )

    async def split(
        self, story: ToldStory, entry_id: EntryId, guild_id: GuildId, by: UserId
    ) -> Split:
        """Make an entry of *story* a story of its own, for good. Raises UserError."""
        split = None
        if any(telling.entry.id == entry_id for telling in story.tellings):
            split = await self._storage.split_story(
                entry_id, by, self._clock.now(), guild_id=guild_id
            )
        if split is None:
            raise UserError("That is a story of its own already.")
        log.info("story.split", story=story.id, entry=entry_id, made=split.story_id, by=by)
        self._on_owed()
        return split

    async def merge(self, source: ToldStory, target: ToldStory, by: UserId) -> None:
        """Put all of *source* into *target*, for good. Raises UserError."""
        if not await self._storage.merge_stories(source.id, target.id, by, self._clock.now()):
            raise UserError("One of the two is not there any more: they were merged already.")
        log.info("story.merged", story=source.id, into=target.id, by=by)
        self._on_owed()

    async def post(self, story_id: StoryId, channel_id: ChannelId) -> None:
        """Post a story that a split left without a post in a channel. Raises UserError."""
        if not await self._storage.post_story(story_id, channel_id, self._clock.now()):
            raise UserError("That has a post there already, or is on its way.")
        log.info("story.posted", story=story_id, channel=channel_id)
        self._on_owed()


def _report(telling: Telling) -> Report:
    entry = telling.entry
    return Report(source=entry.feed_id, title=entry.title, text=entry.text or entry.teaser)
