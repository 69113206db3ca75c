"""Shared Hypothesis strategies: what feeds, people and servers may come up with."""

from datetime import UTC, datetime

from hypothesis import strategies as st

from bot.news.models import (
    CacheHints,
    Failed,
    Fetched,
    NotModified,
    Outcome,
    ParsedEntry,
    ParsedFeed,
    Validators,
)

# What breaks naive code: reordering, joining and invisible characters, clusters of several code
# points, lone surrogates, markup, mentions, quotes and operators of search languages.
_AWKWARD = (
    *("\u202e", "\u2066", "\u200b", "\u200d", "\u200c", "\ufeff", "\u00ad", "\u2028", "\u2029"),
    *("\x00", "\x1b", "\r\n", "\ud800", "\ufffe", "e\u0301", "\u0301" * 8, "\uac00\u11a8"),
    *("\u0915\u094d\u0937\u093f", "\u0e01\u0e33", "\u1112\u1161\u11ab", "\u6e2f\u53e3"),
    *("\u0645\u06cc\u200c\u062e", "\U0001f469\u200d\U0001f469\u200d\U0001f467"),
    *("\U0001f1e9\U0001f1ea", "\U0001f44d\U0001f3fd", "1\ufe0f\u20e3"),
    "\U0001f3f4\U000e0067\U000e0062\U000e007f",
    *("@everyone", "<@1>", "[a](b)", "**", "__", "~~", "||", "```", ">", "#", "-", "-a", '"'),
    *("\u201c", "\u201d", "'", "it's", "C++", "AND", "OR", "NOT", "NEAR(", "*", ":", "^"),
)

awkward_text = st.lists(
    st.one_of(
        st.sampled_from([*_AWKWARD, " ", "\n", "\n\n", "\t", "\u00a0"]),
        st.text(max_size=12),
        st.text(alphabet="abc 123", max_size=12),
    ),
    max_size=30,
).map("".join)

words = st.text(alphabet="abcdefghijklmnopqrstuvwxyzäöéñ", min_size=1, max_size=9)
sentences = st.lists(words, min_size=1, max_size=60).map(" ".join)

_schemes = st.sampled_from(["http://", "https://", "HTTP://", "//", "", "ftp://", "javascript:"])
_hosts = st.sampled_from(
    (
        *("example.org", "www.example.org", "EXAMPLE.org:80", "münchen.example"),
        *(
            "user:pw@example.org",
            "127.0.0.1:8080",
            "[::1]",
            "[::1",
            "example.org:https",
            "xn--a",
            ".",
            "",
        ),
    )
)
_paths = st.lists(
    st.sampled_from(["/", "/a", "/%7Eb", "/ä", "/..", "/;jsessionid=1", "/%zz", "//", " ", "\\"]),
    max_size=4,
).map("".join)
_queries = st.lists(
    st.sampled_from(["a=1", "b=2", "a", "utm_source=x", "ref=example.org", "ref=1", "%66bclid=1"]),
    max_size=4,
).map("&".join)
_fragments = st.sampled_from(["", "#1.0", "#utm_x", "#comments", "#:~:text=a", "#ä b", "#%41"])

urls = st.one_of(
    st.builds(
        lambda scheme, host, path, query, fragment: (
            f"{scheme}{host}{path}{f'?{query}' if query else ''}{fragment}"
        ),
        _schemes,
        _hosts,
        _paths,
        _queries,
        _fragments,
    ),
    awkward_text,
)
"""URLs, good and odd, and what is none."""

instants = st.datetimes(
    min_value=datetime(2020, 1, 1),  # noqa: DTZ001  # Hypothesis wants naive bounds
    max_value=datetime(2030, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)

odd_instants = st.one_of(
    instants,
    st.sampled_from(
        [
            datetime(1, 1, 1, tzinfo=UTC),
            datetime(1970, 1, 1, tzinfo=UTC),
            datetime(9999, 12, 31, tzinfo=UTC),
        ]
    ),
)

# Drawn from few values, so that entries share some of their names and not others.
parsed_entries = st.builds(
    ParsedEntry,
    guid=st.one_of(
        st.none(),
        st.sampled_from(["", "1", "2", "3", "https://example.org/?p=1", "https://example.org/a"]),
    ),
    url=st.one_of(
        st.none(),
        st.sampled_from(
            ["https://example.org/", "https://example.org/a", "http://example.net/a", "mailto:a@b"]
        ),
        urls,
    ),
    title=st.one_of(
        st.sampled_from(["", "Harbour", "Harbour wall gives way", "Ferry late"]), awkward_text
    ),
    teaser=st.one_of(st.just(""), sentences),
    text=st.one_of(st.just(""), sentences, awkward_text),
    image_url=st.one_of(st.none(), urls),
    published_at=st.one_of(st.none(), odd_instants),
    updated_at=st.one_of(st.none(), odd_instants),
)

documents = st.lists(parsed_entries, max_size=12).map(tuple)

_seconds = st.one_of(
    st.none(),
    st.floats(min_value=-1e6, max_value=1e9, allow_nan=False),
    st.just(float("inf")),
)
cache_hints = st.builds(CacheHints, fresh_for_s=_seconds, retry_after_s=_seconds)
validators = st.builds(
    Validators,
    etag=st.one_of(st.none(), st.just('"a"'), st.just('W/"b"')),
    last_modified=st.one_of(st.none(), st.just("Sat, 14 Mar 2026 09:30:00 GMT")),
)

_ttls = st.one_of(st.none(), st.integers(min_value=0, max_value=10**9))
bare_fetched = st.builds(
    Fetched,
    url=st.just("https://example.org/feed.xml"),
    feed=st.builds(ParsedFeed, ttl_s=_ttls),
    hints=cache_hints,
)
fetched = st.builds(
    Fetched,
    url=st.just("https://example.org/feed.xml"),
    feed=st.builds(
        ParsedFeed,
        title=awkward_text,
        ttl_s=_ttls,
        entries=documents,
    ),
    validators=validators,
    hints=cache_hints,
    body_hash=st.sampled_from(["aa", "bb"]),
)
not_modified = st.builds(
    NotModified,
    url=st.just("https://example.org/feed.xml"),
    status=st.sampled_from([304, 200]),
    validators=validators,
    hints=cache_hints,
)
failed = st.builds(
    Failed,
    url=st.just("https://example.org/feed.xml"),
    reason=st.just("example.org answered 503. Herald tries again later."),
    kind=st.sampled_from(["network", "http", "not_a_feed", "parse"]),
    status=st.sampled_from([None, 200, 404, 410, 429, 500, 503]),
    hints=cache_hints,
)
outcomes: st.SearchStrategy[Outcome] = st.one_of(fetched, not_modified, failed)
bare_outcomes: st.SearchStrategy[Outcome] = st.one_of(bare_fetched, not_modified, failed)
"""Outcomes whose documents have no entries: quick to make, for what looks at the rest only."""
