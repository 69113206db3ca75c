"""Discord, as the use cases see it."""

from typing import Protocol

from bot.news.models import Bulletin, ChannelId, MessageId, Post


class Publisher(Protocol):
    """Takes posts to channels."""

    async def publish(self, channel_id: ChannelId, post: Post, nonce: str) -> MessageId:
        """Post and return the message's id.

        Within the nonce's window (Discord: "a few minutes") a second call with the same nonce
        returns the
        first message. Raises PublishError.
        """
        ...

    async def find(
        self, channel_id: ChannelId, post: Post, after: MessageId | None
    ) -> MessageId | None:
        """Return the message that an earlier attempt at *post* has left in the channel, if any.

        For attempts out of the nonce's window. Herald's own among the last 500 messages, posted
        later than *after*, with the same link or title. Raises HistoryHidden where it may be there
        and the history may not be read, or else PublishError.
        """
        ...

    async def takes_nonce(self, channel_id: ChannelId) -> bool:
        """Whether `publish` in that channel is safe to repeat within the nonce's window.

        Where not, only `find` tells whether an earlier attempt has landed. Raises PublishError.
        """
        ...

    async def fitting(self, channel_id: ChannelId, post: Post) -> int:
        """Return how many of a bundle's posts go into one message in that channel, uncut.

        The first ones; at least one. Raises PublishError.
        """
        ...

    async def edit(self, channel_id: ChannelId, message_id: MessageId, post: Post) -> None:
        """Make an earlier post say *post*; twice is as good as once.

        Raises MessageGone where it was deleted, or else PublishError.
        """
        ...


class Finisher(Protocol):
    """Does with posts what is to be done once they are there."""

    async def crosspost(self, channel_id: ChannelId, message_id: MessageId) -> None:
        """Publish a post to those who follow its channel, unless it is already.

        Raises PublishError.
        """
        ...

    async def open_thread(self, channel_id: ChannelId, message_id: MessageId, title: str) -> None:
        """Start a thread under a post, called after *title*, unless it has one.

        Raises PublishError.
        """
        ...


class Announcer(Protocol):
    """Takes bulletins to the log channels."""

    async def announce(self, bulletin: Bulletin) -> MessageId:
        """Post and return the message's id; the same nonce as `Publisher.publish` has it.

        Raises PublishError.
        """
        ...
