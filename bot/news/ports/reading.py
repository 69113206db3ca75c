"""Storage as members read it. Each method is one transaction; raises StorageError."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from bot.news.answers import Gathered
from bot.news.models import (
    AskedBefore,
    ChannelId,
    EntryId,
    FeedId,
    GuildId,
    Hit,
    MessageId,
    SearchPage,
    SearchRequest,
    Split,
    StoryEntries,
    StoryId,
    StoryLine,
    ToldStory,
    UserId,
    Why,
)


class Archive(Protocol):
    """Questions to the archive."""

    async def search(self, request: SearchRequest, now: datetime) -> SearchPage:
        """Search titles and texts."""
        ...

    async def gather(self, request: SearchRequest, terms: Sequence[str], now: datetime) -> Gathered:
        """Search for what may answer a question; *terms*: index terms whose frequency is told."""
        ...

    async def latest(
        self, channels: frozenset[ChannelId] | None, feed_id: FeedId | None, limit: int
    ) -> Sequence[Hit]:
        """Return the newest entries, newest first; with *channels*, only those posted there."""
        ...

    async def why(self, channel_id: ChannelId, message_id: MessageId) -> Why | None:
        """Return what a post is made of; None where that message is no post of ours.

        Of a story, only what comes from feeds that the channel's guild follows.
        """
        ...


class Stories(Protocol):
    """Stories, and what admins rule on them."""

    async def split_story(
        self,
        entry_id: EntryId,
        ruled_by: UserId | None,
        now: datetime,
        *,
        guild_id: GuildId | None = None,
    ) -> Split | None:
        """Make an entry a story of its own, for good: no grouping undoes it.

        None where it is one, or not there. Nothing is posted. Posts stay as they are, but in
        *guild_id* those that can be edited no longer name what they do not tell any more.
        """
        ...

    async def merge_stories(
        self, source: StoryId, target: StoryId, ruled_by: UserId | None, now: datetime
    ) -> bool:
        """Put all entries of *source* into *target*, for good; return whether both are there.

        Posts stay as they are, but name again what a split had taken out of them.
        """
        ...

    async def post_story(self, story_id: StoryId, channel_id: ChannelId, now: datetime) -> bool:
        """Owe a channel the post of a story that a split left without one.

        False where the channel was told of the story, or is owed it.
        """
        ...

    async def recent_stories(
        self, channels: frozenset[ChannelId], limit: int
    ) -> Sequence[StoryLine]:
        """Return the stories of which channels were told last, the newest first."""
        ...

    async def told_story(
        self, story_id: StoryId, channels: frozenset[ChannelId]
    ) -> ToldStory | None:
        """Return what channels were told of a story; None where nothing.

        An entry that is neither posted in one of them nor named in a post there is not in it.
        """
        ...

    async def stories_in(self, channel_id: ChannelId, message_id: MessageId) -> Sequence[StoryId]:
        """Return the stories that a message tells; none where it is no post of ours."""
        ...

    async def stories(self, after: StoryId, limit: int) -> Sequence[StoryEntries]:
        """Return the *limit* stories from the one after *after*, by id; none at the end."""
        ...


class Members(Protocol):
    """What is remembered for a member."""

    async def remember_query(
        self, user_id: UserId, guild_id: GuildId, text: str, now: datetime
    ) -> None:
        """Note what a member searched for; the latest QUERIES_MAX of a server are kept."""
        ...

    async def recent_queries(
        self, user_id: UserId, guild_id: GuildId | None = None
    ) -> Sequence[AskedBefore]:
        """Return what a member searched for, in one server or in all, the latest first."""
        ...

    async def forget_queries(self, user_id: UserId) -> int:
        """Delete what a member searched for, everywhere; return how many searches."""
        ...
