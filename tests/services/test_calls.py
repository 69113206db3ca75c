"""Whom posts call: decided once, by filter and rest, over retries, edits and crashes."""

from dataclasses import replace
from datetime import timedelta

from bot.errors import DiscordUnavailable
from bot.news.models import Ping, RoleId
from bot.services.deliver import BACKOFF_MAX, LEASE
from tests.factories import (
    CHANNEL,
    FEED_URL,
    GUILD,
    new_entry,
    parsed_entry,
    parsed_feed,
    refresh,
    wish,
)
from tests.services.conftest import Desk

SAILORS = RoleId(501)
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)


async def follow(desk: Desk, ping: Ping) -> None:
    """Have a channel follow a feed whose posts call somebody."""
    feed = await desk.storage.ensure_feed(FEED_URL, parsed_feed(), desk.clock.now())
    wished = replace(wish(CHANNEL), ping=ping)
    await desk.storage.follow(refresh(feed.id), wished, desk.clock.now())


async def owe(desk: Desk, title: str, text: str = "", tags: tuple[str, ...] = ()) -> None:
    (feed,) = await desk.storage.feeds()
    entry = parsed_entry(title, text=text, tags=tags)
    new = new_entry(entry, deliver_to=[CHANNEL])
    await desk.storage.record(refresh(feed.feed.id, new, at=desk.clock.now()))
    await desk.storage.group_entries(desk.clock.now())


def calls(desk: Desk) -> list[tuple[str, RoleId | None]]:
    """Return each post with whom it called when it was posted."""
    return [(post.title, post.manner.ping) for _, post in desk.publisher.posts]


async def test_a_post_calls_its_role(desk: Desk) -> None:
    await follow(desk, Ping(role_id=SAILORS))
    await owe(desk, "Ferry resumes")
    await desk.deliverer().deliver_due()
    assert calls(desk) == [("Ferry resumes", SAILORS)]


async def test_only_what_the_filter_finds_calls(desk: Desk) -> None:
    await follow(desk, Ping(role_id=SAILORS, query="storm tag:weather -drill"))
    for title, text, tags in (
        ("Storm ahead", "It comes on Monday.", ("weather",)),
        ("Storms ahead", "It is only a drill, says the mayor.", ("weather",)),
        ("Storm at the council", "Nobody agreed.", ("politics",)),
        ("High water at noon", "Nothing else.", ("weather",)),
    ):
        await owe(desk, title, text, tags)
    await desk.deliverer().deliver_due()
    assert [title for title, role in calls(desk) if role] == ["Storm ahead"]


async def test_after_a_call_the_role_rests(desk: Desk) -> None:
    await follow(desk, Ping(role_id=SAILORS, rest_s=3600))
    for title, wait in (("A", HOUR), ("B", HOUR - SECOND), ("C", SECOND), ("D", SECOND)):
        desk.clock.advance(wait)
        await owe(desk, title)
        await desk.deliverer().deliver_due()
    assert calls(desk) == [("A", SAILORS), ("B", None), ("C", SAILORS), ("D", None)]


async def test_a_try_again_calls_as_the_first_would_have_and_rests_from_there(desk: Desk) -> None:
    await follow(desk, Ping(role_id=SAILORS, rest_s=3600))
    await owe(desk, "A")
    desk.publisher.failures = [DiscordUnavailable("502", channel_id=CHANNEL)]
    await desk.deliverer().deliver_due()
    desk.clock.advance(BACKOFF_MAX)
    (row,) = await desk.storage.followings(GUILD, desk.clock.now())
    unfiltered = replace(row.subscription.choices, ping=None)
    await desk.storage.edit(row.subscription.id, unfiltered, desk.clock.now())
    await desk.deliverer().deliver_due()
    assert calls(desk) == [("A", SAILORS)]


async def test_a_crash_after_the_post_neither_repeats_nor_loses_the_call(desk: Desk) -> None:
    await follow(desk, Ping(role_id=SAILORS, rest_s=3600))
    await owe(desk, "A")
    [claim] = await desk.storage.claim_deliveries(desk.clock.now(), LEASE, 1)
    post = await desk.deliverer()._compose(claim)
    message_id = await desk.publisher.publish(CHANNEL, post, claim.delivery.nonce)
    await desk.storage.release_leases()  # a start after the crash
    await owe(desk, "B")
    await desk.deliverer().deliver_due()
    assert calls(desk) == [("A", SAILORS), ("B", None)]
    assert desk.publisher.messages[0].id == message_id


async def test_a_crash_before_the_post_keeps_what_was_decided(desk: Desk) -> None:
    await follow(desk, Ping(role_id=SAILORS, rest_s=3600))
    await owe(desk, "A")
    [claim] = await desk.storage.claim_deliveries(desk.clock.now(), LEASE, 1)
    await desk.deliverer()._compose(claim)
    await desk.storage.release_leases()
    desk.clock.advance(HOUR)
    await desk.deliverer().deliver_due()
    assert calls(desk) == [("A", SAILORS)]


async def test_a_filter_that_nobody_understands_any_more_finds_nothing(desk: Desk) -> None:
    await follow(desk, Ping(role_id=SAILORS, query="-only"))
    await owe(desk, "A")
    await desk.deliverer().deliver_due()
    assert calls(desk) == [("A", None)]
