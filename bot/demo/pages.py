"""The outlets' web pages: a front page each, and a page per article.

Most article pages are plain. A piece marked ``is_noisy`` gets what stands around an article on real
sites, so that extraction has something to leave out: navigation, a cookie banner, share buttons,
advertisements, a newsletter box in the middle of the text, related links, comments, scripts.
"""

from collections.abc import Sequence
from html import escape
from importlib import resources
from string import Template

from bot.demo.content import Format, Outlet
from bot.demo.documents import body_html, icon_url, page_url, picture_url
from bot.demo.newsroom import Printed

_TYPES: dict[Format, str] = {
    "rss": "application/rss+xml",
    "atom": "application/atom+xml",
    "json": "application/feed+json",
}
_RELATED_MAX = 5


def front_page(outlet: Outlet, printed: Sequence[Printed], base_url: str) -> str:
    """Return the page that a reader types the address of; it links to the feed."""
    rows = "\n".join(
        f'<article><h2><a href="{page_url(each, base_url)}">{escape(each.piece.title)}</a></h2>'
        f"<p>{escape(each.piece.teaser)}</p></article>"
        for each in printed
    )
    body = (
        f"<h1>{escape(outlet.name)}</h1>\n<p>{escape(outlet.tagline)}</p>\n<main>\n{rows}\n</main>"
    )
    return _document(outlet, outlet.name, body, base_url)


def article_page(printed: Printed, others: Sequence[Printed], base_url: str) -> str:
    """Return a piece's page. *others*: more of the same outlet, for the links that a page has."""
    piece, outlet = printed.piece, printed.outlet
    picture = picture_url(printed, base_url)
    head = (
        f'<meta property="og:type" content="article">\n'
        f'<meta property="og:title" content="{escape(piece.title)}">\n'
        f'<meta property="og:image" content="{picture}">\n'
        f'<meta name="author" content="{escape(piece.author)}">\n'
        f'<meta property="article:published_time" content="{printed.published_at.isoformat()}">'
    )
    story = (
        f"<h1>{escape(piece.title)}</h1>\n"
        f'<p class="byline">{escape(piece.author)} · {escape(piece.section)}</p>\n'
        f'<figure><img src="{picture}" alt=""></figure>'
    )
    text = body_html(printed)
    paragraphs = text.split("\n")
    half = len(paragraphs) // 2
    body = _template("noisy" if piece.is_noisy else "plain").safe_substitute(
        navigation=_navigation(outlet),
        name=escape(outlet.name),
        story=story,
        text=text,
        first_half="\n".join(paragraphs[:half]),
        second_half="\n".join(paragraphs[half:]),
        related="\n".join(
            f'<li><a href="{page_url(each, base_url)}">{escape(each.piece.title)}</a></li>'
            for each in others[:_RELATED_MAX]
        ),
    )
    return _document(outlet, f"{piece.title} | {outlet.name}", body, base_url, head)


def _document(outlet: Outlet, title: str, body: str, base_url: str, head: str = "") -> str:
    dark, light, accent = ("#{:02x}{:02x}{:02x}".format(*colour) for colour in outlet.palette)
    return _template("page").substitute(
        language=outlet.language,
        title=escape(title),
        name=escape(outlet.name),
        feed_type=_TYPES[outlet.format],
        feed_url=base_url + outlet.feed_path,
        icon_url=icon_url(outlet, base_url),
        dark=dark,
        light=light,
        accent=accent,
        head=head,
        body=body,
    )


def _template(name: str) -> Template:
    folder = resources.files("bot.demo") / "templates"
    return Template((folder / f"{name}.html").read_text(encoding="utf-8"))


def _navigation(outlet: Outlet) -> str:
    sections = sorted({piece.section for piece in outlet.pieces})
    links = " ".join(f'<a href="./#{escape(each)}">{escape(each)}</a>' for each in sections)
    return f'<header><nav><a href="./">{escape(outlet.name)}</a> {links}</nav></header>'
