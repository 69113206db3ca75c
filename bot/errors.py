"""Every error that Herald raises on purpose.

The tree::

    HeraldError
    ├ UserError               shown as it is to the member or operator who asked
    │ ├ InvalidUrl            what was typed is no http(s) URL
    │ ├ NotAFeed              the address answered, but offers no feed
    │ ├ AlreadyFollowed       that channel follows that feed already
    │ ├ NotFollowed           no feed here goes by that name
    │ ├ ChannelNotWritable    Herald lacks permissions in a channel
    │ ├ NotAllowed            the caller lacks a permission
    │ ├ LimitReached          a stated limit is used up
    │ ├ TooSoon               a publisher's server is not asked again yet
    │ └ BadQuery              a search that cannot be run
    ├ FeedError               somebody else's server or document; carries the URL
    │ ├ FetchFailed           no usable answer; ``status`` and ``transient`` say more
    │ ├ TooLarge              the body is over the cap
    │ ├ AddressForbidden      the address is not on the public internet
    │ ├ ParseFailed           the body is not a feed that can be read
    │ └ ReaderBusy            nobody's fault: too much is being read just now
    ├ PublishError            Discord did not take a post
    │ ├ ChannelGone           final: the channel no longer exists
    │ ├ MessageGone           final: the message to edit no longer exists
    │ ├ Forbidden             final until somebody changes permissions
    │ ├ HistoryHidden         it may be there, and nobody lets Herald look
    │ ├ RateLimited           retried after ``retry_after_s``
    │ ├ PostRefused           final after a few tries: Discord finds the post malformed
    │ └ DiscordUnavailable    retried
    ├ SummaryError            a summary could not be made; fall back to the extractive one
    │ ├ ModelFailed           the model's server gave no answer that can be used
    │ └ ModelResting          the model was not asked: budget, pause, or too many at once
    ├ StorageError            the database
    │ ├ Busy                  locked for longer than the time-out
    │ ├ SchemaTooNew          written by a newer Herald
    │ └ Corrupt               not a database, or not Herald's
    └ ConfigError             a setting; names it, what it got, what is allowed

A message says what happened, to which thing, and what to do. Errors carry their ids as attributes
and chain their cause.
"""

from datetime import datetime


class HeraldError(Exception):
    """Root of every error that Herald raises on purpose."""


class UserError(HeraldError):
    """What was asked cannot be done; the message is written for the one who asked."""


class InvalidUrl(UserError):
    """What was typed is no http(s) URL."""

    def __init__(self, message: str, *, url: str) -> None:
        super().__init__(message)
        self.url = url


class NotAFeed(UserError):
    """The address answered, but neither is nor links to a feed."""

    def __init__(self, message: str, *, url: str, tried: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.url = url
        self.tried = tried


class AlreadyFollowed(UserError):
    """The channel follows the feed already."""

    def __init__(self, message: str, *, url: str, channel_id: int) -> None:
        super().__init__(message)
        self.url = url
        self.channel_id = channel_id


class NotFollowed(UserError):
    """No feed of this server goes by that name, id or URL."""

    def __init__(self, message: str, *, wanted: str) -> None:
        super().__init__(message)
        self.wanted = wanted


class ChannelNotWritable(UserError):
    """Herald may not post in a channel; ``missing`` names the permissions it lacks."""

    def __init__(self, message: str, *, channel_id: int, missing: tuple[str, ...]) -> None:
        super().__init__(message)
        self.channel_id = channel_id
        self.missing = missing


class NotAllowed(UserError):
    """The caller lacks a permission that the command needs."""


class LimitReached(UserError):
    """A stated limit is used up."""


class TooSoon(UserError):
    """A publisher's server is not asked again before ``until``."""

    def __init__(self, message: str, *, until: datetime) -> None:
        super().__init__(message)
        self.until = until


class BadQuery(UserError):
    """A search that cannot be run, and why. ``position``: where in it, in characters."""

    def __init__(self, message: str, *, query: str, position: int = 0) -> None:
        super().__init__(message)
        self.query = query
        self.position = position


class FeedError(HeraldError):
    """Somebody else's server or document."""

    def __init__(self, message: str, *, url: str) -> None:
        super().__init__(message)
        self.url = url


class FetchFailed(FeedError):
    """No usable answer. ``status`` is the HTTP status, or None when there was no response."""

    def __init__(
        self,
        message: str,
        *,
        url: str,
        status: int | None = None,
        transient: bool = True,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message, url=url)
        self.status = status
        self.transient = transient
        self.retry_after_s = retry_after_s


class TooLarge(FeedError):
    """The body is over the cap, whatever its Content-Length claims."""


class AddressForbidden(FeedError):
    """The address is not on the public internet, and no setting allows it."""


class ParseFailed(FeedError):
    """The body is not a feed that can be read; ``is_dangerous``: it stopped the reader."""

    def __init__(self, message: str, *, url: str, is_dangerous: bool = False) -> None:
        super().__init__(message, url=url)
        self.is_dangerous = is_dangerous


class ReaderBusy(FeedError):
    """Too many large or slow documents are being read already; another time it works."""


class PublishError(HeraldError):
    """Discord did not take a post, as far as is known.

    ``may_have_landed`` is false where it is certain that this attempt has put nothing there.
    """

    def __init__(self, message: str, *, channel_id: int, may_have_landed: bool = True) -> None:
        super().__init__(message)
        self.channel_id = channel_id
        self.may_have_landed = may_have_landed


class ChannelGone(PublishError):
    """Final: the channel no longer exists, or Herald left its server."""


class MessageGone(PublishError):
    """Final: the message to edit was deleted, or is not Herald's own."""


class Forbidden(PublishError):
    """Herald may not post there until somebody changes permissions."""


class HistoryHidden(PublishError):
    """An earlier attempt may have landed, and the channel's history may not be read."""


class RateLimited(PublishError):
    """Discord asked to wait."""

    def __init__(
        self, message: str, *, channel_id: int, retry_after_s: float, may_have_landed: bool = True
    ) -> None:
        super().__init__(message, channel_id=channel_id, may_have_landed=may_have_landed)
        self.retry_after_s = retry_after_s


class PostRefused(PublishError):
    """Discord finds the post malformed: a bug of ours, tried a few times and then given up."""


class DiscordUnavailable(PublishError):
    """Discord could not be reached or answered with a server error; the post may have landed."""


class SummaryError(HeraldError):
    """A summary could not be made."""


class ModelFailed(SummaryError):
    """The model's server gave no answer that can be used.

    ``status`` is the HTTP status, None without a response, and ``said`` the server's words;
    ``retry_after_s`` is what it asked for. ``is_passing``: the same question may be answered a
    moment later; ``is_final``: not before somebody changes something.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        said: str = "",
        retry_after_s: float | None = None,
        is_passing: bool = False,
        is_final: bool = False,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.said = said
        self.retry_after_s = retry_after_s
        self.is_passing = is_passing
        self.is_final = is_final


class ModelResting(SummaryError):
    """The model was not asked: its budget is spent, it is paused, or busy for too long."""


class StorageError(HeraldError):
    """The database. ``path`` is the file."""

    def __init__(self, message: str, *, path: str) -> None:
        super().__init__(message)
        self.path = path


class Busy(StorageError):
    """The database was locked for longer than the time-out."""


class SchemaTooNew(StorageError):
    """The database was written by a newer Herald."""


class Corrupt(StorageError):
    """The file is not a database, or not Herald's."""


class ConfigError(HeraldError):
    """A setting is wrong. The message names it, what it got and what is allowed."""

    def __init__(self, message: str, *, setting: str | None = None) -> None:
        super().__init__(message)
        self.setting = setting
