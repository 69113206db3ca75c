"""Compose posts: what of a story is shown, whatever the front end."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from hashlib import blake2b

from bot.news.identity import canonical_url, norm
from bot.news.models import Digest, Entry, Feed, Headline, Post, Summary
from bot.news.text import http_url, one_line, truncate

EDITABLE_FOR = timedelta(hours=48)  # after that nobody looks at a post again
SOURCE_EDITS_MAX = 20  # of one post, for sources that came later; beside EDITS_MAX
ALSO_MAX = 6  # other sources that are named, of all that are counted
_RUN = 3  # words in a row by which an article and its summary are compared
EDITS_MAX = 5  # of one post: a publisher who rewrites a title all day is not followed further

_MODELS = "llm:"  # how the methods of summaries by a model begin
BY_MODEL = "AI summary"  # under a post whose words are not the publisher's
UNTITLED = "(untitled)"
LINE_MAX = 200  # characters of a sentence that stands in for a title in a digest
DIGEST_SOURCES_MAX = 3  # sources that a line names
TITLE_FROM_TEXT_MAX = 80  # characters of an untitled entry's text that stand in for its title

# Distinct hues that read well on a light and on a dark ground.
PALETTE = (
    0x3B82F6,  # blue
    0x0EA5A4,  # teal
    0x22A559,  # green
    0x84A83A,  # olive
    0xE0A100,  # amber
    0xF0803C,  # orange
    0xE5534B,  # red
    0xDB5A9B,  # pink
    0xA463D8,  # violet
    0x6C74E8,  # indigo
    0x4AA3DF,  # sky
    0x9A7B5F,  # brown
)


def compose(
    entry: Entry,
    feed: Feed,
    source_name: str,
    summary: Summary | None,
    also: Sequence[str] = (),
) -> Post:
    """Return the post of an entry. *source_name* is what the channel calls the feed.

    *also*: what it calls the other feeds that tell the same story.
    """
    title = _title(entry)
    published_at = entry.published_at
    return Post(
        title=title,
        url=http_url(entry.url or ""),
        body=_body(title, summary.text if summary else ""),
        source=_source(feed, source_name),
        source_url=http_url(feed.site_url or ""),
        icon_url=http_url(feed.icon_url or ""),
        image_url=http_url(entry.image_url or ""),
        colour=colour_of(feed.url),
        # Nothing is published after it was seen; a feed's clock may run ahead.
        published_at=published_at and min(published_at, entry.first_seen_at),
        footer=_footer(summary, also),
    )


def _footer(summary: Summary | None, also: Sequence[str]) -> str | None:
    by_model = BY_MODEL if summary and summary.method.startswith(_MODELS) else ""
    return " · ".join(filter(None, (_also(also), by_model))) or None


def _also(names: Sequence[str]) -> str:
    if not names:
        return ""
    named = [one_line(name) for name in names[:ALSO_MAX]]
    if len(names) > ALSO_MAX:
        named.append("…")
    return f"also: {', '.join(named)} · {len(names) + 1} sources"


def bundle(posts: Sequence[Post]) -> Post:
    """Return one post that holds all of *posts*, in their order; at least one."""
    first, *others = posts
    return replace(first, bundled=tuple(others))


def compose_roundup(entries: Sequence[Entry], feed: Feed, source_name: str) -> Post:
    """Return the one post that tells of many entries of a feed, in their order."""
    source = _source(feed, source_name)
    return Post(
        title=f"{len(entries)} more from {source}",
        url=http_url(feed.site_url or ""),
        body="",
        source=source,
        source_url=http_url(feed.site_url or ""),
        icon_url=http_url(feed.icon_url or ""),
        colour=colour_of(feed.url),
        headlines=tuple(
            Headline(title=_title(entry), url=http_url(entry.url or "")) for entry in entries
        ),
    )


def compose_digest(digest: Digest) -> Post:
    """Return the one message that tells of many stories, a line each."""
    stories = "1 story" if digest.stories == 1 else f"{digest.stories:,} stories"
    feeds = "" if digest.feeds == 1 else f" from {digest.feeds:,} feeds"
    return Post(
        title=f"{stories}{feeds}",
        url=None,
        body="",
        source="",
        headlines=tuple(
            Headline(
                title=_whole_title(line.entry, line.sources),
                url=http_url(line.entry.url or ""),
                source=_told_by(line.sources),
            )
            for line in digest.lines
        ),
        unlisted=digest.stories - len(digest.lines),
    )


def _whole_title(entry: Entry, sources: Sequence[str]) -> str:
    """Return an entry's title or, where it has none, its first sentence if that is a short one."""
    if title := one_line(entry.title):
        return title
    opening = one_line(entry.text) or one_line(entry.teaser)
    sentence = _FIRST_SENTENCE.match(opening)
    if sentence and 0 < len(sentence[0]) <= LINE_MAX:
        return sentence[0]
    return f"A post by {one_line(sources[0])}" if sources else UNTITLED


_FIRST_SENTENCE = re.compile(r".*?(?:[.!?…](?=\s|$)|[。！？]|$)")  # noqa: RUF001  # CJK's own


def _told_by(names: Sequence[str]) -> str:
    named = [one_line(name) for name in names[:DIGEST_SOURCES_MAX]]
    more = len(names) - len(named)
    return f"{', '.join(named)} +{more}" if more else ", ".join(named)


def shows_otherwise(
    *, title: str, url: str | None, earlier_title: str, earlier_url: str | None
) -> bool:
    """Whether an entry's post is out of date: it says another title or leads somewhere else.

    Other spaces are not seen, and another tracking parameter leads to the same page.
    """
    return one_line(title) != one_line(earlier_title) or (
        canonical_url(url or "") != canonical_url(earlier_url or "")
    )


def says_what_is_gone(summary: Summary, *, text: str, earlier_text: str) -> bool:
    """Whether *summary*, made of *earlier_text*, may say what *text* does not say any more.

    Compared by words in a row: what was only added is not seen, and a figure that was corrected is.
    A model's words are nobody's, so that it may have said anything that is gone.
    """
    length = min(len(norm(summary.text).split()), _RUN)
    said = _runs(earlier_text, length)
    if not summary.method.startswith(_MODELS):
        said &= _runs(summary.text, length)
    return not said <= _runs(text, length)


def _runs(text: str, length: int) -> set[tuple[str, ...]]:
    words = norm(text).split()
    return {tuple(words[at : at + length]) for at in range(len(words) - length + 1)}


def colour_of(feed_url: str) -> int:
    """Return the colour of a feed, the same for ever."""
    digest = blake2b(canonical_url(feed_url).encode("utf-8", "replace"), digest_size=2).digest()
    return PALETTE[int.from_bytes(digest, "big") % len(PALETTE)]


def _source(feed: Feed, source_name: str) -> str:
    return one_line(source_name) or one_line(feed.title) or feed.public_url


def _title(entry: Entry) -> str:
    if title := one_line(entry.title):
        return title
    opening = one_line(entry.text) or one_line(entry.teaser)
    return truncate(opening, TITLE_FROM_TEXT_MAX) or UNTITLED


def _body(title: str, text: str) -> str:
    """Return *text* unless the title says it all already; a title repeated at its head goes."""
    bare_title, bare_text = norm(title.removesuffix("…")), norm(text)
    if bare_text and bare_text == bare_title:
        return ""
    rest = text.removeprefix(title)
    ends = rest[:1] in _AFTER_TITLE or (title[-1] in ".!?…" and rest[:1] == " ")
    if rest != text and ends and norm(rest):
        return rest.lstrip(_AFTER_TITLE + " ")
    return text


_AFTER_TITLE = "\n.:!?…"
