"""The ports ``Archive``, ``Stories`` and ``Members``: what people ask for."""

from collections.abc import Sequence
from datetime import datetime

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
from bot.storage.sqlite import (
    asking,
    members,
    reasons,
    rulings,
    search,
    stories,
    tellings,
)
from bot.storage.sqlite.roles.lanes import Lanes


class ReadingRole(Lanes):
    """What members read."""

    # Reading

    async def search(self, request: SearchRequest, now: datetime) -> SearchPage:
        """Search titles and texts; any query ends in a page, if an empty one."""
        return await self._searcher.run(lambda c: search.search(c, self._index, request, now))

    async def gather(self, request: SearchRequest, terms: Sequence[str], now: datetime) -> Gathered:
        """Search for what may answer a question."""
        return await self._searcher.run(
            lambda c: asking.gather(c, self._index, request, terms, now)
        )

    async def latest(
        self, channels: frozenset[ChannelId] | None, feed_id: FeedId | None, limit: int
    ) -> Sequence[Hit]:
        """Return the newest entries, newest first; with *channels*, only those posted there."""
        return await self._searcher.run(lambda c: search.latest(c, channels, feed_id, limit))

    async def why(self, channel_id: ChannelId, message_id: MessageId) -> Why | None:
        """Return what a post is made of; None where that message is no post of ours."""
        return await self._reader.run(lambda c: reasons.why(c, channel_id, message_id))

    # Stories

    async def split_story(
        self,
        entry_id: EntryId,
        ruled_by: UserId | None,
        now: datetime,
        *,
        guild_id: GuildId | None = None,
    ) -> Split | None:
        """Make an entry a story of its own, for good; None where it is one, or not there."""
        return await self._writer.run(lambda c: rulings.split(c, entry_id, guild_id, ruled_by, now))

    async def merge_stories(
        self, source: StoryId, target: StoryId, ruled_by: UserId | None, now: datetime
    ) -> bool:
        """Put all entries of *source* into *target*, for good; return whether both are there."""
        return await self._writer.run(lambda c: rulings.merge(c, source, target, ruled_by, now))

    async def post_story(self, story_id: StoryId, channel_id: ChannelId, now: datetime) -> bool:
        """Owe a channel the post of a story that a split left without one."""
        return await self._writer.run(lambda c: rulings.post_alone(c, story_id, channel_id, now))

    async def recent_stories(
        self, channels: frozenset[ChannelId], limit: int
    ) -> Sequence[StoryLine]:
        """Return the stories of which channels were told last, the newest first."""
        return await self._reader.run(lambda c: tellings.recent(c, channels, limit))

    async def told_story(
        self, story_id: StoryId, channels: frozenset[ChannelId]
    ) -> ToldStory | None:
        """Return what channels were told of a story; None where nothing."""
        return await self._reader.run(lambda c: tellings.story(c, story_id, channels))

    async def stories_in(self, channel_id: ChannelId, message_id: MessageId) -> Sequence[StoryId]:
        """Return the stories that a message tells; none where it is no post of ours."""
        return await self._reader.run(lambda c: tellings.of_message(c, channel_id, message_id))

    async def stories(self, after: StoryId, limit: int) -> Sequence[StoryEntries]:
        """Return the *limit* stories from the one after *after*, by id."""
        return await self._searcher.run(lambda c: stories.told(c, after, limit))

    # Members

    async def remember_query(
        self, user_id: UserId, guild_id: GuildId, text: str, now: datetime
    ) -> None:
        """Note what a member searched for."""
        await self._writer.run(lambda c: members.remember_query(c, user_id, guild_id, text, now))

    async def recent_queries(
        self, user_id: UserId, guild_id: GuildId | None = None
    ) -> Sequence[AskedBefore]:
        """Return what a member searched for, the latest first."""
        return await self._reader.run(lambda c: members.recent_queries(c, user_id, guild_id))

    async def forget_queries(self, user_id: UserId) -> int:
        """Delete what a member searched for; return how many searches."""
        return await self._writer.run(lambda c: members.forget_queries(c, user_id))
