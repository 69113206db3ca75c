"""Text as hostile as feeds get, and the values that carry it."""

from datetime import UTC, datetime

from hypothesis import strategies as st

from bot.news.models import (
    ChannelId,
    Entry,
    EntryId,
    FeedId,
    GuildId,
    Headline,
    Hit,
    MessageId,
    Post,
    PostRef,
    Snippet,
    StoryId,
)
from bot.services.search import Found
from tests.strategies import awkward_text
from tests.strategies import urls as plain_urls

PIECES = (
    "@everyone",
    "@here",
    "<@123456789012345678>",
    "<@!1>",
    "<@&2>",
    "<#3>",
    "</feed add:4>",
    "<:party:5>",
    "<t:0:R>",
    "**bold**",
    "__under__",
    "~~gone~~",
    "||spoiler||",
    "`code`",
    "```\nblock\n```",
    "# big\n",
    "-# small\n",
    "\n> quoted",
    "\n>>> all quoted",
    "\n- point",
    "\n* point",
    "\n1. point",
    "[click](https://evil.example.org/)",
    "[https://bank.example.org](https://evil.example.org/)",
    "javascript:alert(1)",
    "https://example.org/a_b_c?x=1",
    "https://example.org/**/||",
    "\\",
    "\\*",
    "\u202eright to left",
    "\u2066isolate\u2069",
    "zero\u200bwidth\u200d\ufeff",
    "\u0000",
    "مرحبا",
    "👨\u200d👩\u200d👧",
    "\uff46\uff55\uff4c\uff4c",
    "ordinary prose, it's C++",
    " ",
    "\n\n\n",
)

hostile_text = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=12).map("".join),
    awkward_text,
    st.tuples(st.sampled_from(PIECES), st.sampled_from((300, 2_000, 10_000))).map(
        lambda pair: (pair[0] * pair[1])[: pair[1]]
    ),
)
short_text = st.lists(st.sampled_from(PIECES), max_size=30).map("".join)

urls = st.one_of(
    st.none(),
    plain_urls,
    st.sampled_from(
        (
            "https://example.org/a(b)c",
            "data:text/html,x",
            "file:///etc/passwd",
            "https://exa mple.org/ b",
            "https://example.org/" + "x" * 3000,
            "https://example.org/\u202e",
            "https://example.org/[x](y)",
        )
    ),
)

times = st.datetimes(
    min_value=datetime(1900, 1, 1),  # noqa: DTZ001  # given its zone by the next argument
    max_value=datetime(2200, 1, 1),  # noqa: DTZ001  # likewise
    timezones=st.just(UTC),
)

headlines = st.lists(
    st.builds(Headline, title=hostile_text | st.text(min_size=200, max_size=400), url=urls),
    max_size=60,
).map(tuple)

posts = st.builds(
    Post,
    headlines=st.just(()) | headlines,
    title=hostile_text,
    url=urls,
    body=hostile_text,
    source=hostile_text,
    source_url=urls,
    icon_url=urls,
    image_url=urls,
    colour=st.integers(0, 0xFFFFFF),
    footer=st.none() | hostile_text,
    published_at=st.none() | times,
)

entries = st.builds(
    Entry,
    id=st.just(EntryId(1)),
    feed_id=st.just(FeedId(1)),
    story_id=st.just(StoryId(1)),
    url=urls,
    title=hostile_text,
    teaser=st.just(""),
    text=st.just(""),
    text_method=st.just("feed"),
    author=st.none(),
    image_url=st.none(),
    published_at=st.none() | times,
    first_seen_at=times,
)

_posted = st.builds(
    PostRef,
    guild_id=st.just(GuildId(2**63)),
    channel_id=st.just(ChannelId(2**63)),
    message_id=st.just(MessageId(2**63)),
)

hits = st.builds(
    Hit, entry=entries, feed_title=short_text, post=st.none() | _posted, score=st.just(1.0)
)


@st.composite
def snippets(draw: st.DrawFn, limit: int = 10_000) -> Snippet:
    """Make a text with ascending marks somewhere in it."""
    text = draw(hostile_text if limit > 300 else short_text)[:limit]
    places = draw(st.lists(st.integers(0, len(text)), max_size=12))
    places.sort()
    marks = tuple((a, b) for a, b in zip(places[::2], places[1::2], strict=False) if a < b)
    return Snippet(text=text, marks=marks)


founds = st.builds(Found, hit=hits, title=snippets(), snippet=snippets(limit=300))
