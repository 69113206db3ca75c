"""Summarise without a model: the feed's own abstract, else the article's opening.

::

    teaser: furniture off ── whole sentences, not the title again? ── yes ──> "feed"
       │ no
    text:   the sentences of its opening that tell it (bot.language.opening) ──> "extractive"
"""

from bot.language.furniture import is_furniture, without_tail
from bot.language.opening import (
    MAX_SENTENCES,
    flat,
    is_question,
    is_whole,
    join,
    length,
    opening,
    repeats,
    terms,
)
from bot.language.sentences import split
from bot.language.speech import is_without_speaker, leans
from bot.language.trimming import without_dateline
from bot.news.models import SUMMARY_WORDS, Summary

_MIN_TEASER_WORDS = 8
_TEXT_MAX = 20_000  # characters of a text that are looked at
_HEADLINE_WITHIN = 8  # paragraphs
_HEADLINE_MAX = 200  # characters
_ABSTRACT_MAX = 1_500  # characters of a teaser; more is a text


class Extractive:
    """The Summariser that needs no model. Stateless; a millisecond or two for a long article."""

    def summarise(
        self, *, title: str, text: str, teaser: str, max_words: int = SUMMARY_WORDS
    ) -> Summary:
        """Return one to three sentences, or nothing where the title says it all. Never raises."""
        named = terms(title)
        article = text[:_TEXT_MAX].strip()
        own = teaser[:_TEXT_MAX]
        if own and flat(own) == flat(article):
            article = ""  # no page was read: the teaser is all there is
        if abstract := _abstract(own, named, article, max_words):
            return Summary(text=abstract, method="feed")
        if lead := opening(_unbroken(_below_title(article, named)), named, max_words):
            if leans(lead):
                lead = _all_of(article, named, max_words) or lead
            return Summary(text=lead, method="extractive")
        if article and (abstract := _abstract(own, named, "", max_words)):
            return Summary(text=abstract, method="feed")
        told = opening(_unbroken(own), named, max_words) or _abstract(article, named, "", max_words)
        return Summary(text=told, method="extractive")


def _below_title(article: str, title: frozenset[str]) -> str:
    """Return *article* from below its headline, where that stands in it among other things."""
    end = 0
    for _ in range(_HEADLINE_WITHIN if title else 0):
        line, found, _rest = article[end : end + _HEADLINE_MAX].partition("\n\n")
        if not found:
            # No headline is as long; the next paragraph may be one.
            line, found, _rest = article[end:].partition("\n\n")
        elif not is_whole(line.rstrip()) and terms(line) == title:
            return article[end + len(line) :]
        end += len(line) + len(found)
    return article


def _abstract(teaser: str, title: frozenset[str], article: str, max_words: int) -> str:
    """Return the feed's own abstract, or "" where the article's opening serves better."""
    body, is_cut = without_tail(teaser)
    if len(body) > _ABSTRACT_MAX:
        return ""
    pieces = (flat(body[start:end]) for start, end in split(body))
    kept = [one for one in pieces if not is_furniture(one)]
    if kept and repeats(kept[0], title):
        del kept[0]
    if not kept:
        return ""
    if is_cut and not is_whole(kept[-1]):
        if article:
            return ""
        kept = kept[:-1] or [kept[0] + "\u2026"]
    kept[0] = without_dateline(kept[0])
    abstract = join(kept)
    words = length(abstract)
    if len(kept) > MAX_SENTENCES or words > max_words:
        return ""
    if article and (
        words < _MIN_TEASER_WORDS or is_question(abstract) or _is_cut_short(abstract, article)
    ):
        return ""
    return abstract


def _all_of(text: str, title: frozenset[str], max_words: int) -> str:
    """Return a text of a few plain sentences whole, where a short one bears what follows it."""
    told = _abstract(text, title, "", max_words)
    pieces = [told[start:end] for start, end in split(told)]
    is_plain = all(
        is_whole(one) and not is_question(one) and not is_without_speaker(one, is_inside=False)
        for one in pieces
    )
    return told if is_plain and not leans(told) else ""


def _unbroken(text: str) -> str:
    """Return *text* without the sentence in which it breaks off."""
    body, is_cut = without_tail(text)
    if is_cut and (spans := split(body)) and not is_whole(body[slice(*spans[-1])]):
        return body[: spans[-1][0]]
    return body


def _is_cut_short(abstract: str, article: str) -> bool:
    """Whether an abstract without full stop is the beginning of something that goes on."""
    return not is_whole(abstract) and abstract in flat(article)
