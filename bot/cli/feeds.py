"""`herald feeds`: list, show, add, remove."""

import argparse
import json
from datetime import datetime
from typing import Any

from bot import app
from bot.cli.lists import place_of
from bot.errors import NotFollowed, UserError
from bot.frontend.commands.options import parse_every
from bot.frontend.listings import count
from bot.news import health
from bot.news.models import (
    Check,
    Feed,
    FeedId,
    FeedOverview,
    Following,
    Mode,
    NewSubscription,
    Repairs,
    Subscription,
    without_credentials,
)
from bot.services.look import entries_per_day
from bot.settings import Settings

CHECKS_SHOWN = 10


async def show_all(arguments: argparse.Namespace, settings: Settings) -> int:
    """List every feed with its health."""
    async with app.open_core(settings) as core:
        rows = await core.storage.feeds()
        repairs = await core.storage.repairs([row.feed.id for row in rows])
        now = core.clock.now()
    listed = [(row, repairs.get(row.feed.id, Repairs())) for row in rows]
    if arguments.json:
        told = [_row_as_json(row, done, now) for row, done in listed]
        print(json.dumps(told, ensure_ascii=False, indent=2))
    elif not rows:
        print("There are no feeds yet. Add one: herald feeds add URL")
    else:
        print("\n".join(line for row, done in listed for line in _row_as_text(row, done, now)))
    return 0


async def show_one(arguments: argparse.Namespace, settings: Settings) -> int:
    """Show a feed, who follows it, and its last checks."""
    async with app.open_core(settings) as core:
        feed = await _feed(core, arguments.feed)
        now = core.clock.now()
        [row] = [row for row in await core.storage.feeds() if row.feed.id == feed.id]
        repairs = (await core.storage.repairs([feed.id])).get(feed.id, Repairs())
        followers = await core.storage.followers(feed.id, now)
        checks = await core.storage.checks(feed.id, CHECKS_SHOWN)
    if arguments.json:
        told = _row_as_json(row, repairs, now)
        told["followers"] = [_follower_as_json(each.subscription) for each in followers]
        told["checks"] = [_check_as_json(check) for check in checks]
        print(json.dumps(told, ensure_ascii=False, indent=2))
        return 0
    lines = _row_as_text(row, repairs, now)
    lines += [f"      {_follower_as_text(each)}" for each in followers]
    lines += [f"      {_check_as_text(check)}" for check in checks]
    print("\n".join(lines))
    return 0


async def add(arguments: argparse.Namespace, settings: Settings) -> int:
    """Add a feed."""
    place = place_of(arguments.channel)
    every_s = parse_every(arguments.every) if arguments.every else None
    if every_s is not None and place is None:
        raise UserError("--every is a channel's wish: name the channel with --channel.")
    async with app.open_core(settings) as core:
        proposal = await core.follower.look(arguments.url)
        if place is None:
            there = await core.storage.feed_by_url(proposal.found.url)
            if there is not None and there.is_kept:
                print(f"“{there.title}” ({there.public_url}) is here already; nothing is changed.")
                return 0
            await core.follower.keep(proposal.found)
            where = (
                "for the archive; no channel follows it yet (--channel, or /feed add in Discord)"
            )
        else:
            wish = NewSubscription(
                guild_id=place.guild_id,
                channel_id=place.channel_id,
                name=arguments.name or proposal.name,
                added_by=None,
                every_s=every_s,
            )
            await core.follower.follow(proposal.found, wish)
            where = f"in channel {place.channel_id}"
    address = without_credentials(proposal.found.url)
    print(f"Added “{arguments.name or proposal.name}” ({address}) {where}.")
    held = count(len(proposal.found.feed.entries), "entry")
    print(f"{held} that it holds now will not be posted.")
    if proposal.others:
        print("The site has other feeds; add the one that you meant by its address:")
    for other in proposal.others:
        rate = entries_per_day(other)
        often = "" if rate is None else f", about {rate:.1f} a day"
        print(f"      {without_credentials(other.url)}  {other.feed.title}{often}")
    return 0


async def remove(arguments: argparse.Namespace, settings: Settings) -> int:
    """Stop polling a feed."""
    async with app.open_core(settings) as core:
        feed = await _feed(core, arguments.feed)
        await core.storage.remove_feed(feed.id, core.clock.now())
    print(f"Removed “{feed.title}” ({feed.public_url}). Its articles stay in the archive.")
    return 0


async def _feed(core: app.Core, wanted: str) -> Feed:
    """Return the feed with this id or URL. Raises NotFollowed."""
    if wanted.isdecimal():
        feed = await core.storage.feed(FeedId(int(wanted)))
    else:
        feed = await core.storage.feed_by_url(wanted)
    if feed is None:
        raise NotFollowed(
            f"There is no feed {wanted}. See `herald feeds list` for ids and URLs.",
            wanted=wanted,
        )
    return feed


def _row_as_text(row: FeedOverview, repairs: Repairs, now: datetime) -> list[str]:
    feed = row.feed
    if row.subscriptions:
        followed = count(row.subscriptions, "channel")
    else:
        followed = "for the archive only" if feed.is_kept else "not polled"
    # What only an import filled, or nobody follows any more, is neither well nor ill.
    state = feed.state.value if row.subscriptions or feed.is_kept else "idle"
    due = f"next check {feed.next_poll_at:%Y-%m-%d %H:%M} UTC ({feed.next_poll_reason})"
    is_polled = (row.subscriptions or feed.is_kept) and not health.is_given_up(feed)
    lines = [
        f"{feed.id:>4}  {state:<8} {feed.title}",
        f"      {feed.public_url}",
        (
            f"      {count(row.entries, 'article')}, last {_ago(row.last_entry_at)}; {followed}"
            + (f"; {due}" if is_polled else "")
        ),
    ]
    if chosen := health.wishes_told(row.wishes):
        lines.append(f"      {chosen}")
    words = health.state(feed, now)
    if words != health.WELL:
        lines += [f"      {line}" for line in words.splitlines()]
    if feed.last_error:
        lines.append(f"      {feed.last_error}")
    if repairs.moved_from:
        lines.append(f"      moved from {repairs.moved_from} for good, {_ago(repairs.moved_at)}")
    if repairs.remedy:
        lines.append(f"      its site offers {repairs.remedy.url} instead")
    return lines


def _row_as_json(row: FeedOverview, repairs: Repairs, now: datetime) -> dict[str, Any]:
    feed = row.feed
    return {
        "id": feed.id,
        "title": feed.title,
        "url": feed.public_url,
        "state": feed.state.value,
        "is_polled": bool(row.subscriptions or feed.is_kept),
        "state_in_words": health.state(feed, now),
        "failures": feed.failures,
        "last_error": feed.last_error,
        "next_poll_at": feed.next_poll_at.isoformat(),
        "next_poll_reason": feed.next_poll_reason,
        "chosen_every_s": row.wishes.shortest_s,
        "moved_from": repairs.moved_from,
        "offered_instead": repairs.remedy and repairs.remedy.url,
        "entries": row.entries,
        "subscriptions": row.subscriptions,
        "last_entry_at": row.last_entry_at and row.last_entry_at.isoformat(),
    }


def _follower_as_text(following: Following) -> str:
    subscription = following.subscription
    parts = [f"channel {subscription.channel_id} as “{subscription.name}”"]
    parts.append(health.wish(subscription, following.wishes))
    if subscription.posts_old:
        parts.append("old entries posted too")
    if subscription.mode is Mode.EACH:
        parts.append("every entry a post")
    if subscription.mode is Mode.DIGEST:
        parts.append("told in the channel's digest")
    if subscription.is_paused:
        until = subscription.paused_until
        parts.append(f"paused until {_ago(until)}" if until else "paused")
    return "; ".join(parts)


def _follower_as_json(subscription: Subscription) -> dict[str, Any]:
    until = subscription.paused_until
    return {
        "guild": subscription.guild_id,
        "channel": subscription.channel_id,
        "name": subscription.name,
        "every_s": subscription.every_s,
        "posts_old": subscription.posts_old,
        "mode": subscription.mode.value,
        "is_paused": subscription.is_paused,
        "paused_until": until and until.isoformat(),
    }


def _check_as_text(check: Check) -> str:
    told = check.error or count(check.new_entries, "new entry")
    status = check.status or "no answer"
    return f"{check.at:%Y-%m-%d %H:%M} UTC  {status}  {check.took_ms:,} ms  {told}"


def _check_as_json(check: Check) -> dict[str, Any]:
    return {
        "at": check.at.isoformat(),
        "status": check.status,
        "took_ms": check.took_ms,
        "size": check.size,
        "new_entries": check.new_entries,
        "error": check.error,
    }


def _ago(moment: datetime | None) -> str:
    return "never" if moment is None else f"{moment:%Y-%m-%d %H:%M} UTC"
