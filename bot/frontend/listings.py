"""Render lists: search results, the latest articles, followed feeds, a feed's card."""

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import assert_never

import discord

from bot.frontend import limits
from bot.frontend.markdown import block, escape_block, inline, label, link, plain, when
from bot.frontend.render import safe_url
from bot.news import digest, health
from bot.news.cadence import in_words
from bot.news.models import (
    ChannelId,
    Check,
    Failed,
    Feed,
    FeedState,
    Fetched,
    Following,
    Hit,
    Mode,
    NotModified,
    Ping,
    PostRef,
    Query,
    Remedy,
    Repairs,
    Resumed,
    Snippet,
    Subscription,
)
from bot.news.pace import quiet_until
from bot.news.text import truncate
from bot.services.follow import FeedCard
from bot.services.poll import FeedPoll
from bot.services.search import Found, Results

FEEDS_PER_PAGE = 8
COLOUR = discord.Colour(0x5865F2)
TROUBLE_COLOUR = discord.Colour(0xE67E22)

_TITLE_CUT = 150
_SOURCE_CUT = 60
_MENDED_CUT = 300
_EDGES = re.compile(r"(\s*)(.*?)(\s*)", re.DOTALL)


def results_embed(results: Results) -> discord.Embed:
    """Return a page of search results."""
    mended = _mended(results.query)
    room = limits.EMBED_DESCRIPTION_MAX - sum(len(line) + 2 for line in mended)
    budget = room // max(1, len(results.found)) - 2
    embed = discord.Embed(
        title=inline(f"Search: {results.query.text}", 120),
        description="\n\n".join([*mended, *(_hit(found, budget) for found in results.found)]),
        colour=COLOUR,
    )
    plus = "+" if results.has_more_than_total else ""
    total = f"{results.total:,}{plus} {'story' if results.total == 1 else 'stories'}"
    searched = f"{results.searched:,}{'+' if results.has_more_than_searched else ''}"
    articles = "article" if results.searched == 1 else "articles"
    return embed.set_footer(
        text=f"Page {results.page + 1} of {results.pages} · {total} found in {searched} {articles}"
    )


def _mended(query: Query) -> list[str]:
    """Return in one line what was made of a search that made no sense; none where it did."""
    if not query.repairs:
        return []
    return [f"-# {escape_block(plain(' '.join(query.repairs), _MENDED_CUT))}"]


def nothing_found_embed(results: Results, *, is_narrowed: bool) -> discord.Embed:
    """Return what to say of a search without hits, and what to try instead."""
    if not results.searched:
        advice = (
            "There is nothing to search yet: no article was posted in a channel that you can read."
            if not is_narrowed
            else "No article fits these options. Leave out `from` or `since`."
        )
    else:
        tips = ["fewer or other words", "the words one by one instead of a “phrase”"]
        tips += ["no `from` and no `since`"] if is_narrowed else []
        plus = "+" if results.has_more_than_searched else ""
        articles = "article" if results.searched == 1 else "articles"
        advice = f"I searched {results.searched:,}{plus} {articles} that you can read. "
        if results.suggestion is not None:
            advice += f"Did you mean **{escape_block(plain(results.suggestion, 200))}**?"
        else:
            advice += f"Try {', or '.join(tips)}."
    return discord.Embed(
        title=inline(f"Nothing found for: {results.query.text}", 120),
        description="\n\n".join([*_mended(results.query), advice]),
        colour=COLOUR,
    )


def latest_embed(hits: Sequence[Hit], source: str | None) -> discord.Embed:
    """Return the newest articles, *source* naming the feed where it was asked for."""
    budget = limits.EMBED_DESCRIPTION_MAX // max(1, len(hits)) - 2
    founds = [
        Found(hit=hit, title=Snippet(text=hit.entry.title), snippet=Snippet(text=""))
        for hit in hits
    ]
    return discord.Embed(
        title=inline(f"Latest from {source}" if source else "Latest", 120),
        description="\n\n".join(_hit(found, budget) for found in founds)
        or "Nothing was posted yet in the channels that you can read.",
        colour=COLOUR,
    )


def _manner_told(card: FeedCard, now: datetime) -> Iterator[tuple[str, str]]:
    """Yield how what a feed brings is posted, where that is not as usual, or not now."""
    mode = card.following.subscription.mode
    if mode is Mode.EACH:
        yield "Posts", "one for each entry"
    if mode is Mode.DIGEST:
        yield "Posts", _digest_told(card, now)
    if (until := quiet_until(card.options, now)) is not None:
        yield "Quiet hours", f"What it brings waits until {when(until, 't')}"


def _digest_told(card: FeedCard, now: datetime) -> str:
    """Return what waits for a channel's digest, and until when."""
    waiting = card.waiting
    if waiting is None:
        return f"in the channel's digest; the next {when(digest.next_at(card.options, now), 'f')}"
    waits = count(waiting.entries, "entry")
    return f"in the channel's digest; {waits} there wait until {when(waiting.due_at(now), 'f')}"


def feeds_embed(
    rows: Sequence[Following], page: int, pages: int, total: int, scope: str, now: datetime
) -> discord.Embed:
    """Return a page of followed feeds; *scope* says which, in words."""
    return discord.Embed(
        title=inline(f"Feeds {scope}", 120),
        description="\n".join(_feed_row(row, now) for row in rows),
        colour=COLOUR,
    ).set_footer(
        text=f"Page {page + 1} of {pages} · {count(total, 'feed')} · /feed show tells more"
    )


def card_embed(
    card: FeedCard, now: datetime, repairs: Repairs, switched: Sequence[ChannelId] = ()
) -> discord.Embed:
    """Return all there is to tell of a followed feed; *switched*: whom taking a remedy concerns."""
    feed, subscription = card.following.feed, card.following.subscription
    embed = discord.Embed(
        title=inline(subscription.name),
        url=safe_url(feed.site_url) or safe_url(feed.public_url),
        description=block(f"{state_in_words(card.following, now)}\n{feed.public_url}", 2000),
        colour=COLOUR if feed.state is FeedState.OK else TROUBLE_COLOUR,
    )
    embed.add_field(name="Channel", value=f"<#{subscription.channel_id}>")
    added = when(subscription.added_at)
    by = f" by <@{subscription.added_by}>" if subscription.added_by else ""
    embed.add_field(name="Added", value=f"{added}{by}")
    embed.add_field(name="Next check", value=next_check(feed))
    is_own = subscription.every_s is None and card.following.wishes.shortest_s is None
    if not is_own:
        checked = health.wish(subscription, card.following.wishes)
        embed.add_field(name="Checked", value=block(checked, 300))
    if subscription.is_paused:
        embed.add_field(name="Paused", value=_pause_told(subscription))
    if subscription.posts_old:
        embed.add_field(name="Over a week old when it appears", value="posted too")
    for name, value in (*_manner_told(card, now), *_posting_told(subscription)):
        embed.add_field(name=name, value=value)
    last = card.following.last_entry_at
    embed.add_field(name="Newest entry", value=when(last) if last else "none yet")
    embed.add_field(name="Entries in 24 h", value=f"{card.following.entries_24h:,}")
    embed.add_field(
        name="Last success", value=when(feed.succeeded_at) if feed.succeeded_at else "none yet"
    )
    checks = "\n".join(_check_row(check) for check in card.checks)
    embed.add_field(name="Last checks", value=checks or "none yet", inline=False)
    if error := block(feed.last_error or "", 1000):
        embed.add_field(name="Last error", value=error, inline=False)
    if repairs.moved_from is not None and repairs.moved_at is not None:
        moved = f"from {block(repairs.moved_from, 600)} for good, {when(repairs.moved_at)}"
        embed.add_field(name="Moved", value=moved, inline=False)
    if repairs.remedy is not None:
        offer = _remedy_told(repairs.remedy)
        if len(switched) > 1:
            offer += f"\nSwitching moves all its channels here: {mentions(switched)}"
        embed.add_field(name="Its site offers", value=offer, inline=False)
    return embed


def state_in_words(following: Following, now: datetime) -> str:
    """Return how a followed feed fares, with the mark that lists use."""
    paused = "; paused here" if following.subscription.is_paused else ""
    first, *more = health.state(following.feed, now).split("\n")
    return "\n".join([f"{mark(following)} {first}{paused}", *more])


def next_check(feed: Feed) -> str:
    """Return when a feed is checked next and why then, as markdown."""
    if health.is_given_up(feed):
        return "never"
    reason = f"\n{block(feed.next_poll_reason, 300)}" if feed.next_poll_reason else ""
    return f"{when(feed.next_poll_at)}{reason}"


def _pause_told(subscription: Subscription) -> str:
    until = subscription.paused_until
    end = f"until {when(until, 'f')}" if until else "until `/feed resume`"
    back = "posted after it" if subscription.catches_up else "kept for search only"
    return f"{end}\nWhat comes out meanwhile is {back}."


def _remedy_told(remedy: Remedy) -> str:
    """Return what a feed's site offers instead, as markdown."""
    return f"**{inline(remedy.title, 150)}**\n{block(remedy.url, 600)}"


def mark(following: Following) -> str:
    """Return a sign that also reads without colour; see `state_mark`, ‖ where it is paused here."""
    return "‖" if following.subscription.is_paused else state_mark(following.feed.state)


def state_mark(state: FeedState) -> str:
    """Return ● well, ▲ failing, ‖ paused, ✕ gone."""
    match state:
        case FeedState.OK:
            return "●"
        case FeedState.FAILING:
            return "▲"
        case FeedState.PAUSED:
            return "‖"
        case FeedState.GONE:
            return "✕"
        case _:
            assert_never(state)


def poll_told(poll: FeedPoll, channels: Sequence[ChannelId], *, is_paused: bool) -> str:
    """Return what came of a poll, in a sentence; *is_paused* says so of the channels."""
    next_poll = f" Next check {when(poll.next_poll_at)}."
    match poll.outcome:
        case NotModified(status=status):
            told = f"{status}, nothing new." if status == 304 else "Unchanged, nothing new."  # noqa: PLR2004  # HTTP
        case Failed(reason=reason):
            told = block(reason, 1500)
        case Fetched() if not poll.new_entries:
            told = "Nothing new."
        case Fetched():
            queued = f"{poll.deliveries:,}" if poll.deliveries else "none"
            told = f"{poll.new_entries:,} new, {queued} queued for posting."
            told += _why_not_posted(poll)
            if is_paused:
                told += f" It is paused in {mentions(channels)}, so nothing is posted there."
        case _:
            assert_never(poll.outcome)
    return told + next_poll


def resumed_told(now: Following, was: Following, resumed: Resumed) -> str:
    """Return what resuming came to; *was* is the subscription as it was paused."""
    name, here = inline(now.subscription.name), f"<#{now.subscription.channel_id}>"
    if not was.subscription.catches_up:
        back = "what was published during the pause stays in the archive"
    elif not resumed.posted:
        back = "nothing came out during the pause"
    else:
        back = f"{count(resumed.posted, 'post')} of what came out during the pause on the way"
        if resumed.rolled_up:
            back += f", and {resumed.rolled_up:,} older ones in one message"
    return (
        f"Resumed **{name}** in {here}. New entries are posted from now on; {back}. "
        f"Next check {when(now.feed.next_poll_at)}."
    )


def _why_not_posted(poll: FeedPoll) -> str:
    """Return what became of new entries that have no post of their own, in a sentence each."""
    recorded = poll.recorded
    parts = []
    if recorded.rolled_up:
        parts.append(f" {recorded.rolled_up:,} of them in one message, so as not to flood.")
    if recorded.too_old:
        parts.append(f" {recorded.too_old:,} more than a week old, kept for search only.")
    if recorded.held_back:
        back = "kept for search only: the feed was silent for long"
        parts.append(f" {recorded.held_back:,} {back}.")
    return "".join(parts)


def mentions(channels: Sequence[ChannelId]) -> str:
    """Return up to five channels, as mentions."""
    more = f" and {len(channels) - 5} more" if len(channels) > 5 else ""  # noqa: PLR2004  # as said
    return ", ".join(f"<#{channel}>" for channel in channels[:5]) + more


def count(number: int, noun: str) -> str:
    """Return "1 feed", "2 feeds", "1,234 feeds"."""
    plural = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{number:,} {noun if number == 1 else plural}"


def _posting_told(subscription: Subscription) -> Iterator[tuple[str, str]]:
    """Yield what is chosen of a feed's posts beside the usual, each with its name."""
    if subscription.tags:
        yield "Tags", block(", ".join(subscription.tags), 200)
    if subscription.ping is not None:
        yield "Calls", call_told(subscription.ping)


def call_told(ping: Ping | None) -> str:
    """Return whom posts call, and when."""
    if ping is None:
        return "nobody"
    told = f"<@&{ping.role_id}>"
    if ping.query:
        told += f" for what “{block(ping.query, 300)}” finds"
    if ping.rest_s:
        told += f", then none for {in_words(ping.rest_s)}"
    return told


def jump_url(post: PostRef) -> str:
    """Return the address of a message in Discord."""
    return f"https://discord.com/channels/{post.guild_id}/{post.channel_id}/{post.message_id}"


def _feed_row(row: Following, now: datetime) -> str:
    subscription, feed = row.subscription, row.feed
    parts = [
        f"{mark(row)} **{inline(subscription.name, 120)}**",
        f"<#{subscription.channel_id}>",
        _next_of(row),
        f"last entry {when(row.last_entry_at)}" if row.last_entry_at else "no entry yet",
        f"{row.entries_24h:,} in 24 h",
    ]
    if subscription.every_s is not None:
        parts.insert(3, health.every(subscription.every_s))
    trouble = feed.last_error or (health.silence(feed, now) if feed.state is FeedState.OK else None)
    return " · ".join(parts) + (f"\n-# {block(plain(trouble, 160), 160)}" if trouble else "")


def _next_of(row: Following) -> str:
    if row.subscription.is_paused:
        until = row.subscription.paused_until
        return f"paused until {when(until, 'f')}" if until else "paused"
    if row.feed.state in {FeedState.GONE, FeedState.PAUSED}:
        return row.feed.state.value
    return f"next check {when(row.feed.next_poll_at)}"


def _check_row(check: Check) -> str:
    what = "304, unchanged" if check.status == 304 else str(check.status or "no answer")  # noqa: PLR2004  # HTTP
    facts = [what, f"{check.took_ms:,} ms", f"{-(-check.size // 1024):,} kB"]
    if check.error:
        facts.append(block(plain(check.error, 100), 120))
    else:
        facts.append(f"{check.new_entries} new")
    return f"{when(check.at)} " + " · ".join(facts)


def _hit(found: Found, budget: int) -> str:
    """Return one result, with as much of it as *budget* characters hold."""
    return next(text for text in _hit_variants(found) if len(text) <= budget)


def _hit_variants(found: Found) -> Iterator[str]:
    """Yield a result in ever fewer characters; the last is under 400 whatever the feed said."""
    hit = found.hit
    title = bold(_cut(found.title, _TITLE_CUT), label) or "(untitled)"
    bare_title = label(plain(hit.entry.title, 60)) or "(untitled)"
    text = bold(found.snippet, escape_block)
    quote = f"\n> {text}" if text else ""
    url = safe_url(hit.entry.url)
    yield f"{link(title, url)}\n{_meta(hit, url)}{quote}"
    yield f"{link(title, url)}\n{_meta(hit, None)}{quote}"
    yield f"{link(title, None)}\n{_meta(hit, None)}{quote}"
    yield f"{link(bare_title, url)}\n{_meta(hit, None)}"
    yield f"{link(bare_title, None)}\n{_meta(hit, None)}"


def _meta(hit: Hit, url: str | None) -> str:
    parts = [label(plain(hit.feed_title, _SOURCE_CUT)), when(hit.entry.dated_at)]
    parts += [link("article", url)] if url else []
    parts += [link("post", jump_url(hit.post))] if hit.post else []
    parts += [count(hit.sources, "source")] if hit.sources > 1 else []
    return " · ".join(part for part in parts if part)


def _cut(snippet: Snippet, limit: int) -> Snippet:
    text = truncate(snippet.text, limit)
    kept = len(snippet.text) if text == snippet.text else len(text) - 1
    return Snippet(text=text, marks=tuple(m for m in snippet.marks if m[1] <= kept))


def bold(snippet: Snippet, escape: Callable[[str], str]) -> str:
    """Return *snippet* on one line, escaped, with its marks in bold."""
    pieces: list[str] = []
    end = 0
    for start, stop in _joined(snippet.marks):
        pieces += [_tidied(snippet.text[end:start], escape)]
        marked = _tidied(snippet.text[start:stop], escape)
        pieces += [f"**{marked}**" if marked.strip() else marked]
        end = stop
    return "".join([*pieces, _tidied(snippet.text[end:], escape)]).strip()


def _joined(marks: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield marks with those that touch made one: ``**a****b**`` would not be bold."""
    open_mark: tuple[int, int] | None = None
    for start, stop in marks:
        if open_mark and start <= open_mark[1]:
            open_mark = (open_mark[0], max(stop, open_mark[1]))
            continue
        if open_mark:
            yield open_mark
        open_mark = (start, stop)
    if open_mark:
        yield open_mark


def _tidied(piece: str, escape: Callable[[str], str]) -> str:
    """Return a piece of a text cleaned and escaped, the spaces at its edges kept."""
    found = _EDGES.fullmatch(piece)
    before, text, after = found.groups() if found else ("", piece, "")
    return f"{' ' * bool(before)}{escape(plain(text))}{' ' * bool(after)}"
