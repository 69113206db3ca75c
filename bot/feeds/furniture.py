"""What surrounds an article on its page, told by structure, and taken out before the text is read.

::

    tree ── joined(): a body in several pieces becomes one ── cleared(): furniture goes

What tells furniture, whatever the language: the element (aside, nav, figcaption), its role, the
words of its class, id and label, a form to leave an e-mail address in, a picture with a line of
text. Runs in the worker.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

from lxml import etree
from lxml.html import HtmlElement

from bot.feeds.asides import is_invitation

# Words of a class, an id or an aria-label that stand for furniture wherever they occur.
_WORDS = frozenset(
    word
    for row in (
        "ad ads advert adverts advertisement advertisements advertising adslot adunit affiliate",
        "attribution authorbio biography breadcrumb breadcrumbs byline bylines caption captions",
        "consent cookie cookies copyright credit credits cta disclaimer disclosure disqus dianomi",
        "donate donation eyebrow fundraiser gdpr inlinead jumplink kicker",
        "livefyre masthead mostpopular mostread",
        "newsletter newsletters outbrain pagination paywall photocredit piano poll popover popular",
        "popup postmeta promo promos promoted promotion rail readmore recirc recirculation",
        "recommendation recommendations recommended regwall related relatedlinks relatedposts",
        "rollover share sharebar sharebuttons sharedaddy sharethis sharing sidebar signup skiplink",
        "social socials sponsor sponsored subscribe subscription survey taboola tagcloud taglist",
        "toolbar toolbox tooltip trending trustbox trust upsell",
    )
    for word in row.split()
)
# The same for two words in a row.
_PAIRS = frozenset(
    tuple(pair.split())
    for row in (
        "about author|author bio|author box|author card|author info|ad slot|ad unit|also like",
        "also read|article meta|article tags|call action|editorial policy|editorial note|see also",
        "email capture|entry meta|estimated read|follow us|further reading|get app|how we",
        "image source|inline link|jump link|latest news|live now|mailing list|skip to",
        "media credit|more from|more news|more on|more stories|most popular|most read|sign up",
        "most viewed|next article|other articles|our standards|photo credit|post meta|post tags",
        "prev next|print only|push notification|read also|read more|read next|read time|sr only",
        "reading time|right col|right column|screen reader|skip link|tag list|time read|up next",
        "visually hidden|why trust|you may|you might",
    )
    for pair in row.split("|")
)
# Words before another that make it say what a page has or is about, not what an element is.
_TOPICAL = re.compile(
    r"(?:category|tag|topic|has|is|no|not|with|without|show|type|theme)-(?!list)\S"
)
_HIDDEN_STYLE = re.compile(r"(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.IGNORECASE)
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[^\W\d_a-zA-Z]+")

_GONE = frozenset({"aside", "nav", "figcaption", "dialog", "menu"})
_GONE_ROLES = frozenset(
    {
        "alert",
        "alertdialog",
        "banner",
        "complementary",
        "contentinfo",
        "dialog",
        "navigation",
        "search",
        "toolbar",
        "tooltip",
    }
)
# Not named for what it is: the whole page, and what stands in a line of text.
_NEVER = frozenset(
    {"html", "head", "body", "main", "article", "h1", "a", "b", "i", "em", "strong", "img", "br"}
)
_SILENT = ("script", "style", "svg", "template", "noscript", "iframe", "select", "button")
_NAMING = ("class", "id", "aria-label", "data-component", "data-testid")
_LARGE = 0.3  # of the page's paragraphs: what holds so much is no furniture, whatever it is called
_PROSE_MIN = 400  # characters; a box may hold as much on a page without an article
_BOX_WORDS = 90  # of a block with a field for an e-mail address
_CAPTION_WORDS = 30
_CAPTIONED = frozenset({"div", "figure", "center"})
_SMALL = 100  # pixels of width; a smiley, a counter
_ITEMS_MIN = 2  # of a list of links
_LINKED = 0.5  # of its text
_TITLES_LINKED = 0.35  # likewise, where each item has a link and none is a sentence
_STOPS = (".", "!", "。", ":", ";")
_HEADINGS = frozenset({"h2", "h3", "h4", "h5", "h6", "p", "div", "strong", "b"})
_TITLES = ("h2", "h3", "h4", "h5", "h6")
_HEADING_WORDS = 8
_CLOSING_MAX = 600  # characters
_UPRIGHT = 0.1  # of a slanted paragraph
_BODY_NAME = re.compile(
    r"(?:article|story|post|entry|news|main)[-_ ]{0,2}(?:body|text|content|copy|page)|articleBody|"
    r"^body|rich-?text|prose"
)
_LONG = 80  # characters of a paragraph that is prose


def joined(tree: HtmlElement) -> None:
    """Put the pieces of a body that is cut up, by advertisements mostly, into the first of them.

    Pieces are elements of one kind that are named as bodies, hold prose, and whose ancestors are
    of one kind up to the element that holds them all.
    """
    groups: dict[tuple[str, str], list[HtmlElement]] = {}
    for node in tree.iter("div", "section"):
        name = f"{node.get('class') or ''}"
        if _BODY_NAME.search(name) and _has_prose(node):
            groups.setdefault((node.tag, name), []).append(node)
    for first, *others in groups.values():
        for other in others:
            if _are_pieces(first, other):
                for child in list(other):
                    first.append(child)


def cleared(tree: HtmlElement) -> None:
    """Take out of *tree* what is furniture by its structure."""
    etree.strip_elements(tree, *_SILENT, with_tail=False)
    for finds in (_furniture, _boxes, _captions, _link_lists, _cards, _closings):
        for node in list(finds(tree)):
            if node.getparent() is not None:
                node.drop_tree()


def _furniture(tree: HtmlElement) -> Iterator[HtmlElement]:
    """Find furniture by its element, role and names: the outermost that does not hold too much."""
    total = _prose(tree)
    waiting = list(tree)
    while waiting:
        node = waiting.pop()
        if not isinstance(node.tag, str):
            continue  # a processing instruction
        if node.tag not in _NEVER and _is_furniture(node) and not _is_large(node, total):
            yield node
        else:
            waiting += node


def _is_furniture(node: HtmlElement) -> bool:
    if node.tag in _GONE or (node.get("role") or "").lower() in _GONE_ROLES or _is_hidden(node):
        return True
    return any(value is not None and _is_furniture_name(value) for value in map(node.get, _NAMING))


@lru_cache(maxsize=4096)
def _is_furniture_name(name: str) -> bool:
    """Whether the words of a class, id or label stand for furniture."""
    for token in name.split()[:40]:
        if _TOPICAL.match(token):
            continue
        words = [word.lower() for word in _WORD.findall(token[:100])]
        if not _WORDS.isdisjoint(words) or not _PAIRS.isdisjoint(pairwise(words)):
            return True
    return False


def _is_hidden(node: HtmlElement) -> bool:
    return (
        node.get("hidden") is not None
        or node.get("aria-hidden") == "true"
        or bool(_HIDDEN_STYLE.search(node.get("style") or ""))
    )


def _is_large(node: HtmlElement, total: int) -> bool:
    """Whether an element holds the headline or so much prose that it must be the article."""
    if next(node.iter("h1"), None) is not None:
        return True
    return _prose(node) > max(_LARGE * total, _PROSE_MIN)


def _prose(node: HtmlElement) -> int:
    """Return how many characters of running text an element holds, in paragraphs or without."""
    size = 0
    for inner in node.iter("p", "div", "section", "td", "blockquote"):
        if inner.tag == "p":
            size += len(inner.text_content())
        else:
            own = len((inner.text or "").strip()) + sum(len((c.tail or "").strip()) for c in inner)
            size += own if own >= _LONG else 0
    return size


def _boxes(tree: HtmlElement) -> Iterator[HtmlElement]:
    """Find blocks about a field for an e-mail address: newsletters, whatever they are called."""
    for field in tree.iter("input"):
        kind = f"{field.get('type')} {field.get('name')} {field.get('placeholder')}".lower()
        if "mail" not in kind:
            continue
        box, outer = None, field.getparent()
        while outer is not None and outer.tag not in _NEVER and _count(outer) <= _BOX_WORDS:
            box, outer = outer, outer.getparent()
        if box is not None:
            yield box
    for node in tree.iter("div", "section"):
        if node.find("p") is not None and _invites(node):
            yield node


def _invites(node: HtmlElement) -> bool:
    """Whether a block of few words begins by asking to sign up for something."""
    if _count(node) > _BOX_WORDS:
        return False
    lines = [flat for inner in node.iter(*_HEADINGS) if (flat := _squeezed(inner))]
    first = min(lines[:3], key=len, default="")
    return len(lines) > 1 and is_invitation(first) and _squeezed(node).startswith(first)


def _captions(tree: HtmlElement) -> Iterator[HtmlElement]:
    """Find blocks of a picture and a line of text, where no figure says so."""
    for image in tree.iter("img"):
        if _is_small(image):
            continue
        outer = image.getparent()
        while outer is not None and outer.tag != "body" and not _count(outer):
            outer = outer.getparent()
        if outer is None or outer.tag not in _CAPTIONED or outer.find(".//p") is not None:
            continue
        if _count(outer) <= _CAPTION_WORDS:
            yield outer


def _link_lists(tree: HtmlElement) -> Iterator[HtmlElement]:
    """Find lists that lead elsewhere, each with the heading above it."""
    for node in tree.iter("ul", "ol"):
        items = [item for item in node if item.tag == "li"]
        if len(items) < _ITEMS_MIN or not _leads_elsewhere(node, items):
            continue
        above = node.getprevious()
        if above is not None and above.tag in _HEADINGS and _count(above) <= _HEADING_WORDS:
            yield above
        yield node


def _leads_elsewhere(node: HtmlElement, items: list[HtmlElement]) -> bool:
    """Whether a list is mostly links, or each of its items a title with one in it."""
    share = _linked(node) / max(1, len(_squeezed(node)))
    are_titles = all(
        item.find(".//a") is not None and not _squeezed(item).endswith(_STOPS) for item in items
    )
    return share >= _LINKED or (are_titles and share >= _TITLES_LINKED)


def _cards(tree: HtmlElement) -> Iterator[HtmlElement]:
    """Find links that hold a heading: other articles, by title and mostly by picture."""
    for link in tree.iter("a"):
        if link.find(".//h1") is None and any(link.find(f".//{h}") is not None for h in _TITLES):
            yield link


def _closings(tree: HtmlElement) -> Iterator[HtmlElement]:
    """Find what a page says of itself below its article: slanted paragraphs with a link."""
    for holder in {node.getparent() for node in tree.iter("p")}:
        if holder is None:
            continue
        for node in reversed(holder.findall("p")):
            text = _squeezed(node)
            if not text:
                continue
            upright = "".join(node.xpath(".//text()[not(ancestor::em or ancestor::i)]"))
            is_slanted = len(upright.strip()) < _UPRIGHT * len(text)
            if not is_slanted or node.find(".//a") is None or len(text) > _CLOSING_MAX:
                break
            yield node


def _linked(node: HtmlElement) -> int:
    return sum(len(_squeezed(link)) for link in node.iter("a"))


def _squeezed(node: HtmlElement) -> str:
    return " ".join(node.text_content().split())


def _is_small(image: HtmlElement) -> bool:
    """Whether an image stands in the text: a smiley, a counter."""
    width = image.get("width") or ""
    return "emoji" in (image.get("class") or "") or (width.isdigit() and int(width[:6]) < _SMALL)


def _has_prose(node: HtmlElement) -> bool:
    return _prose(node) >= _LONG


def _are_pieces(first: HtmlElement, other: HtmlElement) -> bool:
    """Whether two elements are pieces of one: cousins, without headlines or links to follow."""
    if other.find(".//h1") is not None or other.find(".//h2/a") is not None:
        return False
    one, two = first.getparent(), other.getparent()
    for _ in range(3):
        if one is None or two is None or one.tag != two.tag:
            return False
        if one is two:
            return one.tag not in {"body", "html"}
        if one.tag == "article" or (one.get("class") or "") != (two.get("class") or ""):
            return False
        one, two = one.getparent(), two.getparent()
    return False


def _count(node: HtmlElement) -> int:
    return len(node.text_content().split())
