from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import get_args

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from bot.frontend.bulletins import bulletin_embed
from bot.frontend.limits import broken_in_components, broken_limits
from bot.frontend.listings import (
    card_embed,
    feeds_embed,
    latest_embed,
    nothing_found_embed,
    results_embed,
)
from bot.frontend.panels.health import bulletin_view
from bot.news.models import (
    Bulletin,
    BulletinId,
    ChannelId,
    Check,
    Feed,
    FeedId,
    FeedState,
    Following,
    GuildId,
    HeldChannel,
    Hit,
    HoldKind,
    Notice,
    NoticeKind,
    Query,
    Remedy,
    Repairs,
    Snippet,
    Subscription,
    SubscriptionId,
    UserId,
)
from bot.services.follow import FeedCard
from bot.services.search import Found, Results
from tests.factories import CHANNEL, GUILD, entry
from tests.frontend.strategies import founds, hits, hostile_text, short_text, urls

NOW = datetime(2026, 3, 14, 9, 30, tzinfo=UTC)
relaxed = settings(max_examples=25, suppress_health_check=list(HealthCheck), deadline=None)


@st.composite
def followings(draw: st.DrawFn) -> Following:
    feed = Feed(
        id=FeedId(1),
        url=draw(urls) or "https://example.org/",
        title="",
        site_url=draw(urls),
        state=draw(st.sampled_from(FeedState)),
        failures=3,
        last_error=draw(st.none() | short_text),
        created_at=NOW,
        next_poll_at=NOW,
        next_poll_reason=draw(short_text),
    )
    subscription = Subscription(
        id=SubscriptionId(1),
        feed_id=feed.id,
        guild_id=GuildId(2**63),
        channel_id=ChannelId(2**63),
        name=draw(short_text),
        added_by=UserId(2**63),
        added_at=NOW,
        paused_at=draw(st.none() | st.just(NOW)),
    )
    return Following(subscription=subscription, feed=feed, last_entry_at=NOW, entries_24h=1_000_000)


def results(found: list[Found], text: str = "ferry", total: int | None = None) -> Results:
    return Results(
        query=Query(text=text, words=("ferry",)),
        found=tuple(found),
        page=0,
        pages=9,
        total=len(found) if total is None else total,
        searched=1234,
    )


@relaxed
@given(st.lists(founds, min_size=1, max_size=5), hostile_text)
def test_any_page_of_results_is_within_limits(found: list[Found], query: str) -> None:
    page = results(found, query)
    assert broken_limits(None, [results_embed(page)]) == []
    assert broken_limits(None, [nothing_found_embed(page, is_narrowed=True)]) == []


@relaxed
@given(st.lists(hits, max_size=10), st.none() | hostile_text)
def test_any_latest_articles_are_within_limits(shown: list[Hit], source: str | None) -> None:
    assert broken_limits(None, [latest_embed(shown, source)]) == []


@relaxed
@given(st.lists(followings(), min_size=1, max_size=8))
def test_any_feeds_are_within_limits(rows: list[Following]) -> None:
    embed = feeds_embed(rows, 0, 1, len(rows), "in this server", NOW + timedelta(days=90))
    assert broken_limits(None, [embed]) == []
    assert embed.description is not None
    assert len(embed.description.splitlines()) <= 2 * len(rows)


@relaxed
@given(followings(), hostile_text, st.none() | hostile_text)
def test_any_card_is_within_limits(row: Following, error: str, offered: str | None) -> None:
    checks = tuple(
        Check(
            at=NOW - timedelta(hours=n), status=None, took_ms=1, size=9, new_entries=0, error=error
        )
        for n in range(5)
    )
    remedy = Remedy(url=f"https://x.example.org/{offered}", title=offered) if offered else None
    repairs = Repairs(remedy=remedy, moved_from=offered, moved_at=NOW)
    card = FeedCard(following=row, checks=checks)
    assert broken_limits(None, [card_embed(card, NOW, repairs)]) == []


@relaxed
@given(
    st.lists(
        st.tuples(followings(), st.sampled_from(get_args(NoticeKind)), hostile_text, st.booleans()),
        max_size=40,
    ),
    st.lists(
        st.builds(
            HeldChannel,
            channel_id=st.integers(1, 2**63 - 1).map(ChannelId),
            kind=st.sampled_from(get_args(HoldKind)),
            reason=hostile_text,
            since=st.just(NOW),
            follows=st.lists(hostile_text, max_size=9).map(tuple),
        ),
        max_size=30,
        unique_by=lambda held: held.channel_id,
    ).map(tuple),
)
def test_any_bulletin_is_within_limits(
    drawn: list[tuple[Following, NoticeKind, str, bool]], holds: tuple[HeldChannel, ...]
) -> None:
    assume(drawn or holds)
    notices = tuple(
        Notice(
            feed=replace(row.feed, id=FeedId(number)),
            name=row.subscription.name,
            kind=kind,
            text=text,
            at=NOW,
            remedy=Remedy(url="https://x.example.org/new", title=text or "New") if has else None,
        )
        for number, (row, kind, text, has) in enumerate(drawn)
    )
    bulletin = Bulletin(
        id=BulletinId(1),
        guild_id=GUILD,
        channel_id=CHANNEL,
        nonce="n",
        attempts=1,
        notices=notices,
        holds=holds,
    )
    assert broken_limits(None, [bulletin_embed(bulletin)]) == []
    view = bulletin_view(bulletin)
    assert view is None or broken_in_components(view.to_components()) == []


def test_matched_words_are_bold_and_what_looks_like_markdown_is_not() -> None:
    text = "the *ferry* and [ferry] sail"
    hit = Found(
        hit=_hit("The [late] ferry"),
        title=Snippet(text="The [late] ferry", marks=((11, 16),)),
        snippet=Snippet(text=text, marks=((5, 10), (17, 22))),
    )
    shown = results_embed(results([hit])).description
    assert shown is not None
    title, meta, quote = shown.splitlines()
    assert title == "[The (late) **ferry**](https://courier.example.org/a%28b%29)"
    assert meta.startswith("The Courier · <t:")
    assert quote == "> the \\***ferry**\\* and \\[**ferry**\\] sail"


def test_marks_that_touch_become_one() -> None:
    hit = Found(
        hit=_hit("x"),
        title=Snippet(text="floodgate", marks=((0, 5), (5, 9))),
        snippet=Snippet(text=""),
    )
    assert "[**floodgate**](" in (results_embed(results([hit])).description or "")


def _hit(title: str) -> Hit:
    return Hit(
        entry=entry(title=title, url="https://courier.example.org/a(b)"),
        feed_title="The Courier",
        post=None,
        score=1.0,
    )
