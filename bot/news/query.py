# ruff: noqa: RUF001  # words and quotes of many languages look like others
"""The search language: words, "exact phrases", -exclusions."""

import re
import unicodedata

from bot.errors import BadQuery
from bot.news.models import Query

QUERY_MAX = 300  # characters; nobody's question is longer, and every word costs a look-up

_QUOTES = '"“”„‟«»″「」『』'
_MINUS = "-\N{MINUS SIGN}"
_PART = re.compile(
    rf"(?P<minus>[{_MINUS}]?)"
    rf"(?:[{_QUOTES}](?P<phrase>[^{_QUOTES}]*)(?:[{_QUOTES}]|$)|(?P<word>\S+))"
)
_EDGES = "?!.,;:…¿¡()[]{}、。？！，；：（）"
_EXAMPLE = 'Type a word or two, such as: harbour flood, or "night train" -cancelled'

# Words that carry a question, not its subject, in the languages most feeds are written in. Left out
# are those that mean something elsewhere: German "war" and "die", Swedish "men", Dutch "van" …
_STOP_WORDS_BY_LANGUAGE = {
    "en": "a about an and any are as at be been but by can could did do does for from had has have"
    " he her his how i if in into is it it's its me my no not of on or our she should so than that"
    " the their them then there these they this those to was we were what what's when where which"
    " while who whom whose why will with would you your",
    "de": "aber als am auch auf aus bei bis da dass dem den der des doch du ein eine einem einen"
    " einer eines er es für haben ich ihr im ist ja mit nach nicht noch nur oder sich sie sind über"
    " und uns von vor wann warum weil welche welcher welches wem wen wenn wer wie wieso wir wird wo"
    " woher wohin zu zum zur",
    "fr": "au aux avec ce ces cette comment dans de des du elle en est et être il ils je la le les"
    " leur lui mais ne nous ou où par pas pourquoi qu quand que quel quelle quels quelles qui quoi"
    " sa se ses sont une un vous à",
    "es": "al como cómo cuál cuándo cuánto del donde dónde ella el es está fue hay las lo los más"
    " para pero porque qué quién se sobre sus también uma una uno y",
    "pt": "ao aos com da das do dos e em foi há na nas nos o pelo pela por qual quando quanto quem"
    " que são seu sua um",
    "it": "alla che chi cosa dal dalla degli dei della delle dove è gli il ma nel nella perché più"
    " quale quali quanto si sono sul tra",
    "nl": "dat de deze dit een het hij hoe ik maar naar niet ook te tot voor waar waarom"
    " wanneer wat we welk welke wie wordt zijn",
    "pl": "ale czy dla do gdzie i jak jaka jaki jest kiedy kto która które który na nie od po"
    " się są w z za że",
    "sv": "att av den det du för från hon hur inte jag med när och på som vad vem var varför vilka",
    "da": "af at det er fra hvad hvem hvor hvordan hvorfor hvornår ikke jeg når og til ved",
    "ru": "а бы был была было были в во вот где да для до его ее если есть за и из или как какая"
    " какие какой когда кто ли мы на не но об он она они от по почему при с со так то у что чтобы"
    " это",
    "uk": "де й коли та хто чому що як який які",
    "tr": "bir bu daha hangi için ile kim mı mu mü nasıl neden nerede niçin ve veya",
    "ar": "في من على إلى عن ما ماذا متى أين كيف لماذا هل هو هي هذا هذه الذي التي و أو",
    "hi": "का की के को है हैं में से और क्या कब कहाँ कौन क्यों कैसे पर यह",
    "id": "adalah apa atau bagaimana dari dengan itu kapan ke mengapa siapa untuk yang",
}
STOP_WORDS = frozenset(word for words in _STOP_WORDS_BY_LANGUAGE.values() for word in words.split())


def parse_query(text: str) -> Query:
    """Return what *text* asks for.

    Quotes of any shape make phrases, one that is never closed reaches to the end; "-" before a
    word or a phrase excludes it. Words of a question are dropped unless nothing else is asked.
    Raises BadQuery with a sentence that says what to type instead.
    """
    asked = text.strip()
    if not asked:
        raise BadQuery(f"There is nothing to search for. {_EXAMPLE}", query=asked)
    if len(asked) > QUERY_MAX:
        raise BadQuery(
            f"That is {len(asked):,} characters; a search can have {QUERY_MAX}. "
            "Type the few words that matter most.",
            query=asked,
        )
    words: dict[str, str] = {}
    phrases: dict[str, str] = {}
    excluded: dict[str, str] = {}
    for part in _PART.finditer(asked):
        is_phrase = part["phrase"] is not None
        said = " ".join(part["phrase"].split()) if is_phrase else part["word"].strip(_EDGES)
        if not _says_something(said):
            continue
        into = excluded if part["minus"] else phrases if is_phrase else words
        into.setdefault(said.casefold(), said)
    if not words and not phrases:
        raise BadQuery(_why_empty(asked, excluded), query=asked)
    telling = [word for key, word in words.items() if key not in STOP_WORDS]
    return Query(
        text=asked,
        words=tuple(telling) if telling or phrases else tuple(words.values()),
        phrases=tuple(phrases.values()),
        excluded=tuple(excluded.values()),
    )


def _says_something(said: str) -> bool:
    """Whether there is a letter, a digit or a picture in it."""
    return any(
        unicodedata.category(char)[0] in "LN" or unicodedata.category(char) == "So" for char in said
    )


def _why_empty(asked: str, excluded: dict[str, str]) -> str:
    if excluded:
        return (
            f"That only says what to leave out. Say what to look for too: flood {asked[:60]}, "
            "for example."
        )
    return f"There is no word in that to search for. {_EXAMPLE}"
