"""What the use cases need from the world, as protocols.

Adapters never inherit from these; that they fit is proved by mypy in ``app.py`` and by
``tests/contracts/``.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from bot.news.answers import Answer, Asked, Gathered
from bot.news.channels import ChannelEdited, ChannelEditId, ChannelOptions
from bot.news.digest import Waiting
from bot.news.errands import Errand
from bot.news.models import (
    SUMMARY_WORDS,
    Article,
    AskedBefore,
    Bulletin,
    BulletinId,
    ChannelId,
    Check,
    Choices,
    Claim,
    Comparison,
    DeliveryId,
    Digest,
    Discovery,
    Edited,
    EditId,
    Entry,
    EntryId,
    Feed,
    FeedId,
    FeedOverview,
    Followed,
    Following,
    GuildId,
    HeldChannel,
    Hit,
    HoldKind,
    Imported,
    Known,
    Length,
    MessageId,
    Mode,
    ModelState,
    NewSubscription,
    Outcome,
    ParsedFeed,
    Ping,
    Post,
    Recorded,
    Refresh,
    Rehoused,
    Remedy,
    Repairs,
    Report,
    Resumed,
    RoleId,
    SearchPage,
    SearchRequest,
    Split,
    StorageHealth,
    StoryEntries,
    StoryId,
    StoryLine,
    SubscriptionId,
    Summary,
    Switched,
    SwitchId,
    ToldStory,
    UserId,
    Validators,
    Why,
    Word,
)

TellModel = Callable[[], ModelState]
"""Tells how the language model fares."""

Tokeniser = Callable[[str], list[Word]]
"""Splits a text into its words, in order. The same function indexes, queries and highlights.

A word has no white space in it, and what stands beyond a white space makes no difference to it.
"""


class Clock(Protocol):
    """Where time comes from."""

    def now(self) -> datetime:
        """Return the present, aware UTC."""
        ...


class Source(Protocol):
    """The web, as far as feeds go."""

    def group_of(self, url: str) -> str | None:
        """Return the host group of *url*, which shares a 429; None where the host stands alone.

        Private hosts and addresses in numbers stand alone.
        """
        ...

    async def fetch(self, url: str, validators: Validators, body_hash: str | None) -> Outcome:
        """Fetch and read the feed at *url*, conditionally.

        Never raises FeedError: failures are values.
        """
        ...

    async def discover(self, url: str) -> Discovery:
        """Find the feeds that *url* (a feed or a site) offers.

        Raises InvalidUrl, NotAFeed, or the FeedError that kept the page itself from being read.
        """
        ...


class Articles(Protocol):
    """The readable text behind an entry."""

    async def article(self, entry: Entry) -> Article:
        """Return the article of *entry*, from the feed where it is whole, else from its page.

        Never raises FeedError: a page that cannot be had gives the teaser, with a note that says
        why.
        """
        ...


class Summariser(Protocol):
    """Makes summaries. CPU-bound and quick; called off the event loop where long."""

    def summarise(
        self, *, title: str, text: str, teaser: str, max_words: int = SUMMARY_WORDS
    ) -> Summary:
        """Return one to three whole sentences out of *text*, or of *teaser* where there is no text.

        *max_words*: how long the channel wants it; one sentence that is longer may stand where
        there is no shorter one. May return an empty text where there is nothing to say beside
        the title. Raises SummaryError.
        """
        ...


class Comparer(Protocol):
    """Reads several reports of one event beside each other. CPU-bound; called off the loop."""

    def compare(self, reports: Sequence[Report]) -> Comparison:
        """Return telling sentences, each as it stands in its report, and figures that differ.

        Never raises.
        """
        ...


class Quoter(Protocol):
    """Answers questions with sentences that stand in articles, letter by letter."""

    def read(self, question: str, now: datetime) -> Asked:
        """Return *question*, read. Quick. Raises BadQuery where nothing can be looked for."""
        ...

    def answer(self, asked: Asked, gathered: Gathered, now: datetime) -> Answer:
        """Return the answer that stands in what was gathered.

        CPU-bound, some ten milliseconds; called off the event loop.
        """
        ...


class Model(Protocol):
    """A language model that may be asked for a summary, and may not answer."""

    async def summarise(
        self, *, title: str, text: str, within_s: float, max_words: int = SUMMARY_WORDS
    ) -> Summary:
        """Return one to three sentences that say nothing but what *text* says.

        Takes no longer than *within_s*. Raises SummaryError, often: where the server fails, rests
        or is slow, and where nothing of its answer stands.
        """
        ...


class Phraser(Protocol):
    """A language model that may put an answer into one sentence."""

    async def phrase(self, *, question: str, passages: Sequence[str], within_s: float) -> Summary:
        """Return one sentence that answers *question* and says nothing that *passages* do not.

        Takes no longer than *within_s*. Raises SummaryError, often; see `Model.summarise`.
        """
        ...


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


class Storage(Protocol):
    """The archive and the outbox. Each method is one transaction; each raises StorageError."""

    # Feeds and polling

    async def ensure_feed(self, url: str, parsed: ParsedFeed, now: datetime) -> Feed:
        """Return the feed stored under *url*, made from *parsed* if there was none.

        Due at once if new.
        """
        ...

    async def feed(self, feed_id: FeedId) -> Feed | None:
        """Return a feed."""
        ...

    async def feed_by_url(self, url: str) -> Feed | None:
        """Return the feed stored under *url* (compared in canonical form)."""
        ...

    async def feeds(self) -> Sequence[FeedOverview]:
        """Return every feed, by title."""
        ...

    async def feeds_due(self, now: datetime, limit: int) -> Sequence[Feed]:
        """Return feeds to poll at *now*, longest overdue first.

        A feed is polled while a channel follows it (paused or not) or it is kept, unless it is
        gone.
        """
        ...

    async def claim_feeds(
        self, now: datetime, lease: timedelta, limit: int, holder: str
    ) -> Sequence[Feed]:
        """Take feeds that are due, longest overdue first; nobody else gets them meanwhile.

        Until they are recorded or released, or *lease* is over. Which feeds: as `feeds_due`.
        """
        ...

    async def claim_feed(
        self, feed_id: FeedId, now: datetime, lease: timedelta, holder: str
    ) -> Feed | None:
        """Take one feed, due or not; None where somebody else has it, or it is not there."""
        ...

    async def release_feed(self, feed_id: FeedId, at: datetime, reason: str) -> None:
        """Give a claimed feed back unpolled, due at *at*, with the reason in words."""
        ...

    async def release_feeds(self, holder: str) -> int:
        """End every lease of *holder*, for its start after a crash. Return how many there were."""
        ...

    async def spread_feeds(self, now: datetime, *, window: timedelta, per_s: float) -> int:
        """Spread what is due over *window*, or longer where it is more than *per_s* a second.

        Longest overdue first, the first of them at once. Polls that a clock set back has put into
        the future come as long after *now* as they were to come after the poll before; a server's
        word likewise. Return how many feeds moved.
        """
        ...

    async def learn_groups(self, group_of: Callable[[str], str | None]) -> None:
        """Note the host group of every feed. *group_of* answers for a URL, quickly."""
        ...

    async def next_due_at(self) -> datetime | None:
        """Return when the next feed is due, or None where nothing is polled."""
        ...

    async def known(self, feed_id: FeedId, aliases: Sequence[str]) -> Known:
        """Return what is stored of *aliases*, and who follows the feed."""
        ...

    async def record(self, refresh: Refresh) -> Recorded:
        """Apply a poll: entries, deliveries, feed health, validators, the next poll, the check.

        A new entry any of whose aliases is stored by then is skipped, so applying twice changes
        nothing; nor does a poll of a feed that is not there any more. Ends the feed's lease. Where
        a feed is stored under the address to adopt, it takes this one's subscriptions, entries and
        aliases in. What is owed as a post waits for `group_entries`.
        """
        ...

    async def group_entries(self, now: datetime, feed_id: FeedId | None = None) -> int:
        """Put some of the entries that polls brought into stories, those of one feed or of all.

        In the order that they came, each at once with what channels are owed of it: a post of its
        own, or a place among the sources of one that is there. Some: others who write do not wait
        long. Return how many, 0 where none waits any more.
        """
        ...

    async def import_entries(
        self, feed_id: FeedId, imported: Sequence[Imported], now: datetime
    ) -> int:
        """Store entries that no poll brought, owed to nobody; return how many were new.

        In their order and in one transaction; the feed's health and rhythm stay as they are.
        """
        ...

    async def checks(self, feed_id: FeedId, limit: int) -> Sequence[Check]:
        """Return the last polls of a feed, newest first."""
        ...

    async def poll_soon(self, feed_id: FeedId, at: datetime) -> None:
        """Make a feed due at *at*."""
        ...

    async def forgive(self, feeds_before: Sequence[Feed], at: datetime, reason: str) -> int:
        """Take back what failed since feeds were as *feeds_before*, for it was our own fault.

        They become due at *at*; what of it is in no bulletin yet is told nobody. Return how many
        had failed.
        """
        ...

    async def replan(self, feed_id: FeedId, at: datetime, reason: str) -> None:
        """Make a feed due at *at* for *reason*, unless it is being polled: that plans anew."""
        ...

    async def keep_feed(self, feed_id: FeedId, *, is_kept: bool) -> None:
        """Poll a feed even if no channel follows it, or no longer."""
        ...

    async def remove_feed(self, feed_id: FeedId, now: datetime) -> None:
        """Stop keeping a feed and remove its subscriptions. Its entries stay in the archive."""
        ...

    # Subscriptions

    async def follow(self, refresh: Refresh, wish: NewSubscription, now: datetime) -> Followed:
        """Apply *refresh* and subscribe, with deliveries of the newest ``backfill`` stories.

        Raises AlreadyFollowed. A subscription removed before is brought back under the new name.
        """
        ...

    async def followings(
        self, guild_id: GuildId, now: datetime, channel_id: ChannelId | None = None
    ) -> Sequence[Following]:
        """Return what a guild (or one channel) follows, by name."""
        ...

    async def following(self, subscription_id: SubscriptionId, now: datetime) -> Following | None:
        """Return one subscription, removed ones included while they can be brought back."""
        ...

    async def followers(self, feed_id: FeedId, now: datetime) -> Sequence[Following]:
        """Return who follows a feed, in the order they came."""
        ...

    async def edit(
        self, subscription_id: SubscriptionId, wanted: Choices, now: datetime
    ) -> Edited | None:
        """Change what was chosen of a subscription; what it owes stays with the channel it has.

        None where it is not there or nothing changes. Raises AlreadyFollowed where the channel to
        move to follows the feed already.
        """
        ...

    async def undo_edit(self, edit_id: EditId, guild_id: GuildId, now: datetime) -> Edited | None:
        """Undo `edit`, ``before`` and ``after`` named as there. Raises AlreadyFollowed.

        None: it was longer than UNDO_WINDOW ago, by another guild, or changed again since.
        """
        ...

    async def pause(
        self,
        subscription_id: SubscriptionId,
        now: datetime,
        *,
        until: datetime | None = None,
        catches_up: bool = False,
    ) -> None:
        """Keep new stories from the channel; queued ones are still sent.

        Until *until* or `resume`. Where it is paused already, it stays paused since then, with the
        new end.
        """
        ...

    async def resume(self, subscription_id: SubscriptionId, now: datetime) -> Resumed | None:
        """Let new stories through again; None where there is no such subscription.

        What was published meanwhile is owed where the pause was to catch up, the newest
        CATCH_UP_MAX as posts and the rest in one roundup; else it stays in the archive only.
        """
        ...

    async def resume_due(self, now: datetime) -> Sequence[Resumed]:
        """Resume the subscriptions whose pause is over."""
        ...

    async def remove(self, subscription_id: SubscriptionId, now: datetime) -> None:
        """Take a subscription away, and with it what it still owes the channel."""
        ...

    async def restore(self, subscription_id: SubscriptionId) -> None:
        """Bring back a removed subscription and what it still owed. Unknown ids are ignored."""
        ...

    async def queue_newest(self, subscription_id: SubscriptionId, limit: int, now: datetime) -> int:
        """Owe a channel the newest stories of the feed it follows; return how many were not yet."""
        ...

    async def set_mode(
        self, subscription_id: SubscriptionId, mode: Mode, *, suppress_same_link: bool = True
    ) -> None:
        """Choose how the channel is told of what comes from now on. Unknown ids are ignored.

        In mode EACH, *suppress_same_link* keeps back what links where the channel was led lately.
        """
        ...

    async def entries(self, feed_id: FeedId, limit: int) -> Sequence[Entry]:
        """Return the newest entries of a feed, newest first."""
        ...

    # The outbox

    async def claim_deliveries(
        self, now: datetime, lease: timedelta, limit: int
    ) -> Sequence[Claim]:
        """Take due deliveries for sending; nobody else gets them until *lease* is over.

        At most one per channel, the oldest unsent: a channel's posts stay in order. Where nothing
        is unsent, the oldest post whose entry was edited, to edit its message. In a channel's quiet
        hours, and once its messages of the hour are used up, only edits. Of many posts due at once
        in a channel several are claimed as a bundle, for one message; see `settle_bundle`.
        Where quiet hours or an hour's budget kept several posts back, they are claimed as a digest.
        """
        ...

    async def release_leases(self) -> int:
        """Make every claimed delivery and bulletin due again, for the start of the only process.

        Return how many deliveries.
        """
        ...

    async def next_delivery_at(self) -> datetime | None:
        """Return when the next delivery can be claimed, or None where nothing waits.

        As if no channel had quiet hours or a budget.
        """
        ...

    async def store_article(self, entry_id: EntryId, article: Article) -> None:
        """Keep an entry's article and index its text."""
        ...

    async def store_summary(
        self, entry: Entry, summary: Summary, length: Length = Length.NORMAL
    ) -> Summary:
        """Keep an entry's summary unless it has one; return the one that stands.

        One for each length: channels that want another get their own.

        Channels that make it at the same time post the same one, and so does every attempt.
        *entry*: as it was claimed; a summary of what it no longer says is not kept.
        """
        ...

    async def decide_ping(
        self, delivery_id: DeliveryId, ping: Ping | None, now: datetime
    ) -> RoleId | None:
        """Keep whom a post calls, unless that was decided; return what stands.

        Nobody: with None, and where *ping* is to rest since another post of the channel called that
        role, or is about to. Every attempt calls the same.
        """
        ...

    async def mark_sent(
        self,
        delivery_id: DeliveryId,
        message_id: MessageId,
        now: datetime,
        *,
        was_found: bool = False,
    ) -> None:
        """Record that the story is in the channel, and with a roundup all that it tells.

        An edit is due at once where the entry changed since it was first claimed. *was_found*: it
        was there when somebody looked.
        """
        ...

    async def claim_errands(self, now: datetime, limit: int) -> Sequence[Errand]:
        """Return what is to be done now with posts that are in their channels.

        Of posts that wait to be published, each channel's most important, within its allowance.
        What waited for over ERRAND_MAX_AGE is given up. Not done, they are returned again.
        """
        ...

    async def finish_errand(self, errand: Errand, now: datetime) -> None:
        """Record that an errand is done."""
        ...

    async def put_off_errand(self, errand: Errand, due_at: datetime, reason: str) -> None:
        """Do an errand later, and with it all of its kind that wait in its channel."""
        ...

    async def drop_errand(self, errand: Errand, reason: str) -> None:
        """Give an errand up."""
        ...

    async def mark_edited(self, delivery_id: DeliveryId, now: datetime) -> None:
        """Record that the message says what its entry says, unless that changed once more."""
        ...

    async def leave_as_posted(self, delivery_id: DeliveryId, reason: str) -> None:
        """Give up editing a post, now and for good."""
        ...

    async def settle_bundle(self, delivery_id: DeliveryId, size: int) -> None:
        """Make the first *size* posts of a claimed bundle final, and give the others back.

        To be done before it is published: from then on each attempt has the same posts, and
        `mark_sent`, `retry_at` and `hold` of the first one are for all. A bundle that was not
        settled comes apart when it is claimed again.
        """
        ...

    async def dissolve_bundle(
        self,
        delivery_id: DeliveryId,
        due_at: datetime,
        reason: str,
        *,
        may_be_there: bool = True,
    ) -> None:
        """Give the posts of a claimed bundle back, due later, to go one by one."""
        ...

    async def retry_at(
        self,
        delivery_id: DeliveryId,
        due_at: datetime,
        reason: str,
        *,
        may_be_there: bool = True,
    ) -> None:
        """Give a claimed delivery back, due later; an edit is dropped once its post is too old.

        *may_be_there*: whether this attempt, or one before it, may have put it in the channel.
        """
        ...

    async def hold(
        self,
        delivery_id: DeliveryId,
        due_at: datetime,
        kind: HoldKind,
        reason: str,
        now: datetime,
        *,
        may_be_there: bool = True,
    ) -> None:
        """Give a claimed delivery back that waits for what somebody has to do.

        Its channel waits with it, and its guild's log channel is owed one notice. It is looked at
        again at *due_at*, or sooner after `try_held`.
        """
        ...

    async def try_held(self, guild_id: GuildId, now: datetime) -> int:
        """Make what a guild's channels are held for due at once; return how many deliveries."""
        ...

    async def abandon(self, delivery_id: DeliveryId, reason: str) -> None:
        """Give a delivery up for good."""
        ...

    async def hold_channel(self, channel_id: ChannelId, now: datetime, reason: str) -> None:
        """Pause every subscription of a channel that is gone and hold what it is owed.

        Its edits are given up, and its guild's log channel is owed one notice.
        """
        ...

    # Digests

    async def waiting_for_digests(self, channel_id: ChannelId | None = None) -> Sequence[Waiting]:
        """Return what waits for the digests of all channels, or of one; none that have nothing."""
        ...

    async def make_digest(self, channel_id: ChannelId, now: datetime) -> DeliveryId | None:
        """Make what waits for a channel's digest one delivery, due now; None: nothing waits.

        Done again it changes nothing, unless something has come since. A digest that is owed and
        not in the channel yet takes it in.
        """
        ...

    async def date_waiting(self, channel_id: ChannelId, now: datetime) -> None:
        """Let what waits for a channel's digest and came in the future, by a wrong clock, come now.

        When it is due is counted from then.
        """
        ...

    async def preview_digest(self, channel_id: ChannelId) -> Digest | None:
        """Return what a channel's digest would tell if it were made now; None: nothing waits."""
        ...

    async def stop_digest(self, channel_id: ChannelId, now: datetime) -> tuple[int, bool]:
        """Put a channel's feeds in mode DIGEST into mode STORY, and make a last digest.

        Return how many feeds that were, and whether anything waited.
        """
        ...

    # Channels

    async def channel_options(self, channel_id: ChannelId) -> ChannelOptions:
        """Return what a channel chose."""
        ...

    async def choose_for_channel(
        self, guild_id: GuildId, channel_id: ChannelId, wanted: ChannelOptions, now: datetime
    ) -> ChannelEdited | None:
        """Give a channel *wanted*; None where it has that already."""
        ...

    async def undo_channel_edit(
        self, edit_id: ChannelEditId, guild_id: GuildId, now: datetime
    ) -> ChannelEdited | None:
        """Undo `choose_for_channel`, ``before`` and ``after`` named as there.

        None: it was longer than UNDO_WINDOW ago, by another guild, or changed again since.
        """
        ...

    async def held_channels(self, guild_id: GuildId) -> Sequence[HeldChannel]:
        """Return the guild's channels that wait for what somebody has to do, the first first."""
        ...

    async def move_channel(
        self, guild_id: GuildId, old: ChannelId, new: ChannelId, now: datetime
    ) -> Rehoused | None:
        """Let *new* follow what *old*, which is gone, did, and owe it what that was still owed.

        None where *old* is not gone, is of another guild, or was moved already.
        """
        ...

    # Servers

    async def leave_guild(self, guild_id: GuildId, now: datetime) -> None:
        """Note that Herald was put out: nothing is polled or sent for it, all is kept for 30 days.

        `tidy` forgets it then.
        """
        ...

    async def return_to_guild(self, guild_id: GuildId, now: datetime) -> bool:
        """Note that Herald is in a guild; return whether it had been put out.

        What its channels were still owed becomes a roundup a feed, but for the newest few.
        """
        ...

    async def note_guilds(self, guilds: Sequence[GuildId], now: datetime) -> tuple[int, int]:
        """Leave and return to guilds as need be, given all; return how many of each."""
        ...

    # Telling admins

    async def log_channel(self, guild_id: GuildId) -> ChannelId | None:
        """Return where a guild wants to be told of its feeds' health; None: nowhere."""
        ...

    async def set_log_channel(self, guild_id: GuildId, channel_id: ChannelId | None) -> None:
        """Choose where a guild is told of its feeds' health; None gives up what it is owed."""
        ...

    async def forget_log_channel(self, channel_id: ChannelId) -> None:
        """Unset a channel that is gone wherever it is the log channel."""
        ...

    async def claim_bulletins(self, now: datetime, lease: timedelta) -> Sequence[Bulletin]:
        """Take what the log channels are owed, of each guild the oldest.

        Notices are made by `record`, one to each guild that follows the feed and has a log channel;
        what comes within minutes goes into one bulletin, and of a feed there is one a day.
        """
        ...

    async def mark_told(self, bulletin_id: BulletinId, message_id: MessageId) -> None:
        """Record that a bulletin is in its channel."""
        ...

    async def retell_at(self, bulletin_id: BulletinId, due_at: datetime, reason: str) -> None:
        """Give a claimed bulletin back, due later."""
        ...

    async def drop_bulletin(self, bulletin_id: BulletinId, reason: str) -> None:
        """Give a bulletin up for good."""
        ...

    # Mending

    async def feeds_to_mend(self, looked_before: datetime, limit: int) -> Sequence[Feed]:
        """Return followed feeds whose address no longer gives a feed, looked after long ago.

        Those that failed three times in a row or are gone, the last time with 404, 410 or a
        document that is no feed.
        """
        ...

    async def store_remedy(self, feed_id: FeedId, remedy: Remedy | None, now: datetime) -> None:
        """Keep what a look at the feed's site found; None: nothing."""
        ...

    async def repairs(self, feed_ids: Sequence[FeedId]) -> Mapping[FeedId, Repairs]:
        """Return what was done about feeds, for those where anything was."""
        ...

    async def silent_feeds(self, now: datetime) -> Sequence[Feed]:
        """Return followed feeds past `Feed.silent_from` whose silence was not told yet."""
        ...

    async def tell_silence(self, feed_id: FeedId, text: str, now: datetime) -> None:
        """Owe the notice of a silence, once for each."""
        ...

    async def switch(
        self, refresh: Refresh, old_feed_id: FeedId, guild_id: GuildId, now: datetime
    ) -> Switched | None:
        """Apply *refresh*, of the new feed, and move a guild's subscriptions to it.

        Each feed learns the other's aliases, so that neither posts what the other did. Where a
        channel follows the new feed already, the old subscription is removed. None where the guild
        does not follow the old feed.
        """
        ...

    async def switch_back(
        self, switch_id: SwitchId, guild_id: GuildId, now: datetime
    ) -> Switched | None:
        """Undo `switch`, ``old`` and ``new`` named as there.

        None: it was longer than UNDO_WINDOW ago, or by another guild.
        """
        ...

    # Reading

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

    # Stories

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

    # Members

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

    # Housekeeping

    async def recall(self, key: str) -> str | None:
        """Return a remembered fact."""
        ...

    async def remember(self, key: str, value: str) -> None:
        """Remember a fact, such as the digest of the uploaded slash commands."""
        ...

    async def tidy(self, now: datetime) -> None:
        """Forget what is of no more use.

        Checks over 30 days old, subscriptions removed longer than UNDO_WINDOW ago, and aliases not
        seen in the 180 days before the last document of their feed was read.
        """
        ...

    async def health(self) -> StorageHealth:
        """Return facts about the database."""
        ...
