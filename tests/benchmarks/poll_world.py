"""The feeds that the poll benchmark serves: news of places that do not exist, the same every time.

Half of the feeds are RSS 2.0 and half Atom; half of each carry whole articles and half teasers, in
the markup that sites have today: an entry weighs 5.1 KB on average (those of 200 real feeds, 45 MB
with 6,555 entries, 6.9). One in 25 has a document type, which sends Herald down its slow path. The
hostile documents are those that stopped readers before: 10 MB of entries, an author that a regular
expression chokes on, 50,000 attributes, 100,000 entries, 100,000 nested elements, a body that
unpacks to a thousand times its size. The endless body is the server's part.
"""

import gzip
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from enum import IntEnum
from random import Random
from xml.sax.saxutils import escape

GAP = timedelta(minutes=20)  # between two entries of a feed
SLOW_EVERY = 25  # a twenty-fifth of 200 real feeds failed the strict gate

_HEADS = ("Mar", "Tol", "Bren", "Ash", "Kel", "Sund", "Vor", "Hal", "Wick", "Orm", "Pell", "Quar")
_MIDDLES = ("ro", "ven", "ling", "ster", "de", "na", "mi", "tha", "bu", "cor", "lo", "shi")
_TAILS = ("wick", "by", "mouth", "haven", "stead", "ford", "holm", "moor", "gate", "field", "ness")
_FIRST = ("Ada", "Bela", "Corin", "Dunya", "Edmo", "Farrah", "Gunnel", "Hako", "Ilse", "Joram")
_BODIES = (
    "the harbour board",
    "the county council",
    "the rail operator",
    "a parliamentary committee",
    "the teachers' union",
    "the water company",
    "a local charity",
    "the weather service",
    "the appeals court",
    "the national museum",
    "the fishing cooperative",
    "the hospital trust",
    "the energy regulator",
    "the football association",
    "a group of residents",
    "the university senate",
)
_THINGS = (
    "the new ferry line",
    "a flood barrier",
    "the winter timetable",
    "a budget for road repairs",
    "the school meals scheme",
    "a wind farm off the coast",
    "the old cinema",
    "a licence for night flights",
    "the cycle path along the canal",
    "a ban on heavy lorries",
    "the rescue of the paper mill",
    "an archive of letters",
    "the vaccination campaign",
    "a merger of two breweries",
    "the repair of the cathedral roof",
    "a festival of street theatre",
)
_VERBS = (
    "approved",
    "rejected",
    "postponed",
    "defended",
    "reviewed",
    "paid for",
    "presented",
    "cancelled",
    "reopened",
    "questioned",
    "welcomed",
    "inspected",
)
_HEADLINES = (
    "{Body} of {place} {verb} {thing}",
    "{place}: {thing} will cost {number} million more",
    "After the storm, {place} counts {number} damaged houses",
    "{person} to lead {body} in {place}",
    "Why {place} waits for {thing}",
    "{number} jobs go as {body} leaves {place}",
    "{place} votes on {thing} in {month}",
)
_SENTENCES = (
    "{Body} of {place} {verb} {thing} on {day}, after {number} months of talks with {other}.",
    "“We did not expect this so soon,” said {person}, who speaks for {body}.",
    "The plan had been drawn up in {month} and is now expected to cost {number} million crowns.",
    "In {place}, about {number} people gathered outside the town hall to hear the decision.",
    "{person} called the figures misleading and asked {body} to publish the full report.",
    "Work on {thing} was to begin in {month}, but heavy rain kept the ground too soft.",
    "Between {place} and {other}, traffic stood still for {number} minutes on {day} morning.",
    "A spokeswoman for {body} would not say who had signed the contract.",
    "Shops along the quay reported {number} per cent fewer visitors than a year ago.",
    "According to a survey of {number} households, most would rather keep {thing}.",
    "The last time {place} saw anything like it was when {person} was mayor.",
    "By {day} evening the water had fallen by {number} centimetres, and the bridge was opened.",
    "{person}, a nurse from {other}, said that she had waited {number} weeks for an answer.",
    "Nobody was hurt, though {number} cellars were flooded and two cars had to be towed.",
    "Both sides will meet again in {other} before the end of {month}.",
    "{Body} has until {month} to appeal; its lawyers say that they are reading the judgment.",
    "Tickets went on sale on {day} and were gone within {number} minutes.",
    "Engineers found cracks in {number} of the pillars and ordered that the load be halved.",
    "For {place} this means that {thing} will have to wait for another year.",
    "The money comes from a fund that {person} set up after the fire at {other}.",
    "Critics point out that {body} has {verb} {thing} before, without much effect.",
    "Snow is forecast for the hills above {place}, and gusts of {number} kilometres an hour.",
)
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = ("January", "March", "April", "May", "June", "August", "October", "November")

TEASER_SENTENCES = 2
ARTICLE_SENTENCES = 16  # of a short one
PARAGRAPHS, PARAGRAPH_SENTENCES = 20, 3  # of a whole article


class Hostile(IntEnum):
    """Documents that are meant to hurt."""

    HUGE = 0  # just under Herald's limit of 10 MiB
    AUTHOR = 1  # feedparser's author expression is quadratic: kurtmckee/feedparser issue 562
    ATTRIBUTES = 2
    ENDLESS = 3
    BOMB = 4  # compressed
    MANY = 5
    DEEP = 6


class Newsroom:
    """Writes the entries of feed *index*; the same index gives the same words."""

    def __init__(self, index: int) -> None:
        self._random = Random(index)  # noqa: S311  # prose, not secrets

    def headline(self) -> str:
        """Return a title."""
        return self._fill(_HEADLINES)

    def paragraph(self, sentences: int) -> str:
        """Return so many sentences."""
        return " ".join(self._fill(_SENTENCES) for _ in range(sentences))

    def _fill(self, patterns: Sequence[str]) -> str:
        pick = self._random.choice
        body = pick(_BODIES)
        return pick(patterns).format(
            place=self._place(),
            other=self._place(),
            person=f"{pick(_FIRST)} {self._place()}",
            body=body,
            Body=body[0].upper() + body[1:],
            thing=pick(_THINGS),
            verb=pick(_VERBS),
            number=self._random.randrange(2, 480),
            day=pick(_DAYS),
            month=pick(_MONTHS),
        )

    def _place(self) -> str:
        pick = self._random.choice
        return pick(_HEADS) + pick(_MIDDLES) + pick(_TAILS)


def feed_title(index: int) -> str:
    """Return what feed *index* calls itself."""
    return f"{Newsroom(-1 - index)._place()} Courier {index}"


def document(index: int, entries: int, newest_at: datetime) -> bytes:
    """Return feed *index* with *entries* entries, the newest first."""
    is_atom = index % 2 == 1
    is_whole = index // 2 % 2 == 0
    newsroom = Newsroom(index)
    site = f"https://courier{index}.example.org"
    write = _atom_entry if is_atom else _rss_item
    body = "\n".join(
        write(
            f"{site}/{index}/{at}/report",
            newsroom.headline(),
            _teaser(newsroom, f"{site}/{index}/{at}"),
            _article(newsroom, f"{site}/{index}/{at}") if is_whole else "",
            newest_at - at * GAP,
        )
        for at in range(entries)
    )
    wrap = _atom if is_atom else _rss
    root = wrap(feed_title(index), site, body, newest_at)
    is_slow = index % SLOW_EVERY == SLOW_EVERY - 1
    doctype = f"<!DOCTYPE {'feed' if is_atom else 'rss'}>\n" if is_slow else ""
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{doctype}{root}'.encode()


def _teaser(newsroom: Newsroom, link: str) -> str:
    text = newsroom.paragraph(TEASER_SENTENCES)
    more = f'<a class="read-more" href="{link}/report?from=feed">Read the report</a>'
    return f"{_picture(newsroom, link)}<p>{text}</p>\n<p>{more}</p>"


def _article(newsroom: Newsroom, link: str) -> str:
    """Return HTML as a site's editor makes it: a picture on top, links, what is set off."""
    paragraphs = [newsroom.paragraph(PARAGRAPH_SENTENCES) for _ in range(PARAGRAPHS)]
    linked = [
        f'{text} <a href="{link}/more-{at}?from=article" rel="noopener">Read on</a>.'
        if at % 3 == 0
        else text
        for at, text in enumerate(paragraphs)
    ]
    body = "\n".join(f'<p class="wp-block-paragraph">{text}</p>' for text in linked)
    return _picture(newsroom, link) + body.replace("Both sides", "<strong>Both sides</strong>")


def _picture(newsroom: Newsroom, link: str) -> str:
    sizes = ", ".join(f"{link}/lead-{width}.jpg {width}w" for width in (320, 640, 1024, 1536))
    return (
        f'<figure class="wp-block-image size-large"><img loading="lazy" width="1024" height="683"'
        f' src="{link}/lead-1024.jpg" srcset="{sizes}" sizes="(max-width: 1024px) 100vw, 1024px"'
        f' alt=""/><figcaption>{newsroom.paragraph(1)}</figcaption></figure>\n'
    )


def _rss(title: str, site: str, body: str, _at: datetime) -> str:
    return f"""<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/">
<channel><title>{title}</title><link>{site}/</link><description>News of {title}</description>
<language>en</language>
{body}
</channel></rss>"""


def _rss_item(link: str, title: str, teaser: str, article: str, at: datetime) -> str:
    whole = f"<content:encoded>{escape(article)}</content:encoded>" if article else ""
    return (
        f"<item><title>{escape(title)}</title><link>{link}</link>"
        f'<guid isPermaLink="true">{link}</guid>'
        f"<pubDate>{format_datetime(at.astimezone(UTC), usegmt=True)}</pubDate>"
        f"<category>regional</category><description>{escape(teaser)}</description>{whole}</item>"
    )


def _atom(title: str, site: str, body: str, at: datetime) -> str:
    return f"""<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en">
<title>{title}</title><id>{site}/</id><link href="{site}/"/><updated>{_rfc3339(at)}</updated>
{body}
</feed>"""


def _atom_entry(link: str, title: str, teaser: str, article: str, at: datetime) -> str:
    whole = f'<content type="html">{escape(article)}</content>' if article else ""
    return (
        f"<entry><title>{escape(title)}</title><id>{link}</id>"
        f'<link rel="alternate" href="{link}"/><updated>{_rfc3339(at)}</updated>'
        f"<published>{_rfc3339(at)}</published><author><name>The desk</name></author>"
        f'<summary type="html">{escape(teaser)}</summary>{whole}</entry>'
    )


def _rfc3339(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def hostile_document(index: int, newest_at: datetime) -> bytes:
    """Return the hostile feed *index*; no two are equal. An endless one begins with this."""
    make = _MAKERS[Hostile(index % len(Hostile))]
    return make(index, newest_at)


def _huge(index: int, newest_at: datetime) -> bytes:
    text = Newsroom(index).paragraph(40)
    item = _rss_item("https://huge.example.org/NNNN", "Long report NNNN", text, "", newest_at)
    count = (10 << 20) // (len(item.encode()) + 1) - 1
    body = "\n".join(item.replace("NNNN", f"{at:04}") for at in range(count))
    return _rss(f"Huge {index}", "https://huge.example.org", body, newest_at).encode()


def _author(index: int, newest_at: datetime) -> bytes:
    item = _rss_item(f"https://author.example.org/{index}", "By nobody", "Short.", "", newest_at)
    long = item.replace("</item>", f"<author>{'a' * 40_000}</author></item>")
    return _off_the_fast_path(
        _rss(f"Author {index}", "https://author.example.org", long, newest_at)
    )


def _attributes(index: int, newest_at: datetime) -> bytes:
    item = _rss_item(f"https://wide.example.org/{index}", "Wide", "Short.", "", newest_at)
    many = " ".join(f'a{at}="{at}"' for at in range(50_000))
    wide = item.replace("<item>", f"<item><media {many}/>", 1)
    return _rss(f"Wide {index}", "https://wide.example.org", wide, newest_at).encode()


def _endless(index: int, newest_at: datetime) -> bytes:
    head, _, _ = _rss(f"Endless {index}", "https://endless.example.org", "", newest_at).rpartition(
        "</channel>"
    )
    return head.encode()


def _bomb(index: int, newest_at: datetime) -> bytes:
    return gzip.compress(_endless(index, newest_at) + b" " * (256 << 20), 6, mtime=0)


def _many(index: int, newest_at: datetime) -> bytes:
    site = f"https://many{index}.example.org"
    items = (
        f"<item><title>Notice {at}</title><link>{site}/{at}</link></item>" for at in range(100_000)
    )
    body = "".join(items)
    return _off_the_fast_path(_rss(f"Many {index}", site, body, newest_at))


def _deep(index: int, newest_at: datetime) -> bytes:
    item = _rss_item(f"https://deep.example.org/{index}", "Deep", "Short.", "", newest_at)
    nested = item.replace("</item>", "<b>" * 100_000 + "</b>" * 100_000 + "</item>")
    return _rss(f"Deep {index}", "https://deep.example.org", nested, newest_at).encode()


def _off_the_fast_path(root: str) -> bytes:
    """Return a document that no strict reader takes, as a fast path may not know a trap."""
    return f'<!DOCTYPE rss [<!ENTITY paper "Courier">]>\n{root}'.encode()


_MAKERS: dict[Hostile, Callable[[int, datetime], bytes]] = {
    Hostile.HUGE: _huge,
    Hostile.AUTHOR: _author,
    Hostile.ATTRIBUTES: _attributes,
    Hostile.ENDLESS: _endless,
    Hostile.BOMB: _bomb,
    Hostile.MANY: _many,
    Hostile.DEEP: _deep,
}
