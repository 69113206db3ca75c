"""Bulletins: bundled, once a day of a feed, sent until they land."""

from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from bot.errors import Busy, ChannelGone, DiscordUnavailable, Forbidden, PublishError, RateLimited
from bot.news.models import Bulletin, ChannelId, Feed, FeedState, GuildId, MessageId, StateChange
from bot.services.deliver import BROKEN_ATTEMPTS_MAX
from bot.services.tell import Teller
from tests.factories import CHANNEL, GUILD, OTHER_CHANNEL, parsed_entry, refresh, wish
from tests.services.conftest import Desk

LOG = ChannelId(OTHER_CHANNEL)


@dataclass
class FakeAnnouncer:
    """Keeps bulletins; *failures* are raised by the next calls, in order."""

    told: list[Bulletin] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)

    async def announce(self, bulletin: Bulletin) -> MessageId:
        """Keep the bulletin."""
        if self.failures:
            raise self.failures.pop(0)
        self.told.append(bulletin)
        return MessageId(len(self.told))


async def follow(desk: Desk, number: int = 0, guild_id: GuildId = GUILD) -> Feed:
    url = desk.serve(parsed_entry(), url=f"https://paper{number}.example.org/feed")
    place = wish(ChannelId(CHANNEL + number), guild_id=guild_id)
    return (await desk.follower.add(await desk.follower.look(url), place)).following.feed


async def fail(desk: Desk, feed: Feed) -> None:
    now = desk.clock.now()
    change = StateChange(kind="failing", reason="It broke.", since=now)
    await desk.storage.record(
        replace(refresh(feed.id, at=now, state=FeedState.FAILING, failures=8), change=change)
    )


async def owed(desk: Desk) -> Feed:
    """Let a guild with a log channel be owed a bulletin that has settled."""
    feed = await follow(desk)
    await desk.storage.set_log_channel(GUILD, LOG)
    await fail(desk, feed)
    desk.clock.advance(timedelta(minutes=2))
    return feed


async def test_what_fails_within_minutes_is_one_bulletin_to_each_guild(desk: Desk) -> None:
    other_guild = GuildId(GUILD + 1)
    await desk.storage.set_log_channel(GUILD, LOG)
    await desk.storage.set_log_channel(other_guild, ChannelId(7))
    feeds = [await follow(desk, n) for n in range(3)]
    feeds += [await follow(desk, 9, other_guild)]
    for feed in feeds:
        await fail(desk, feed)
        desk.clock.advance(timedelta(seconds=20))
    announcer = FakeAnnouncer()
    teller = Teller(desk.storage, announcer, desk.clock)
    assert await teller.tell_due() == 0  # they may settle yet
    desk.clock.advance(timedelta(minutes=2))
    assert await teller.tell_due() == 2
    assert {b.channel_id: len(b.notices) for b in announcer.told} == {LOG: 3, 7: 1}
    assert len({b.nonce for b in announcer.told}) == 2
    assert all(len(b.nonce) <= 25 for b in announcer.told)
    assert await teller.tell_due() == 0


@pytest.mark.parametrize(
    ("error", "wait"),
    [
        (Forbidden("no", channel_id=LOG), timedelta(minutes=15)),
        (RateLimited("wait", channel_id=LOG, retry_after_s=40), timedelta(seconds=40)),
        (DiscordUnavailable("away", channel_id=LOG), timedelta(seconds=5)),
        (ZeroDivisionError(), timedelta(seconds=5)),
    ],
)
async def test_a_bulletin_that_does_not_land_is_sent_again_the_same(
    desk: Desk, error: Exception, wait: timedelta
) -> None:
    await owed(desk)
    announcer = FakeAnnouncer(failures=[error])
    teller = Teller(desk.storage, announcer, desk.clock)
    assert await teller.tell_due() == 0
    assert await teller.tell_due() == 0
    desk.clock.advance(wait)
    assert await teller.tell_due() == 1
    (bulletin,) = announcer.told
    assert (bulletin.attempts, [n.text for n in bulletin.notices]) == (2, ["It broke."])


async def test_a_bug_does_not_try_for_ever(desk: Desk) -> None:
    await owed(desk)
    errors: list[Exception] = [ZeroDivisionError() for _ in range(BROKEN_ATTEMPTS_MAX)]
    announcer = FakeAnnouncer(failures=errors)
    teller = Teller(desk.storage, announcer, desk.clock)
    for _ in range(BROKEN_ATTEMPTS_MAX + 1):
        await teller.tell_due()
        desk.clock.advance(timedelta(hours=1))
    assert (announcer.failures, announcer.told) == ([], [])


async def test_a_database_that_is_busy_ends_the_round(desk: Desk) -> None:
    await owed(desk)
    announcer = FakeAnnouncer(failures=[Busy("locked", path="herald.db")])
    with pytest.raises(Busy):
        await Teller(desk.storage, announcer, desk.clock).tell_due()


async def test_a_log_channel_that_is_gone_is_unset_and_owed_nothing(desk: Desk) -> None:
    await owed(desk)
    gone: PublishError = ChannelGone("gone", channel_id=LOG)
    announcer = FakeAnnouncer(failures=[gone])
    await Teller(desk.storage, announcer, desk.clock).tell_due()
    assert await desk.storage.log_channel(GUILD) is None
    desk.clock.advance(timedelta(days=2))
    assert await Teller(desk.storage, announcer, desk.clock).tell_due() == 0


async def test_another_log_channel_gets_what_waits_and_none_gets_nothing(desk: Desk) -> None:
    feed = await owed(desk)
    announcer = FakeAnnouncer(failures=[Forbidden("no", channel_id=LOG)])
    teller = Teller(desk.storage, announcer, desk.clock)
    await teller.tell_due()
    await desk.storage.set_log_channel(GUILD, ChannelId(8))
    assert await teller.tell_due() == 1
    assert [b.channel_id for b in announcer.told] == [8]

    desk.clock.advance(timedelta(days=2))
    await desk.storage.record(
        replace(
            refresh(feed.id, at=desk.clock.now()),
            change=StateChange(kind="recovered", reason="Well.", since=desk.clock.now()),
        )
    )
    await desk.storage.set_log_channel(GUILD, None)
    desk.clock.advance(timedelta(minutes=5))
    assert await teller.tell_due() == 0


async def test_a_bulletin_claimed_before_a_crash_is_due_again_at_the_start(desk: Desk) -> None:
    await owed(desk)
    lease = timedelta(minutes=2)
    (before,) = await desk.storage.claim_bulletins(desk.clock.now(), lease)
    assert await desk.storage.claim_bulletins(desk.clock.now(), lease) == []
    await desk.storage.release_leases()
    (after,) = await desk.storage.claim_bulletins(desk.clock.now(), lease)
    assert (after.nonce, after.attempts) == (before.nonce, 2)


async def test_what_was_told_long_ago_is_forgotten(desk: Desk) -> None:
    await owed(desk)
    await Teller(desk.storage, FakeAnnouncer(), desk.clock).tell_due()
    desk.clock.advance(timedelta(days=91))
    await desk.storage.tidy(desk.clock.now())
    assert await desk.storage.claim_bulletins(desk.clock.now(), timedelta(minutes=2)) == ()
