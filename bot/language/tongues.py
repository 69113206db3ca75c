# ruff: noqa: RUF001  # words of many languages look like others
"""Tell which language a text is in, as far as its script and its commonest words say.

A text of a dozen words is enough for the languages listed; of others only the script is known.
"""

import re
import unicodedata
from collections import Counter

_WORD = re.compile(r"[^\W\d_]+")
_LOOKED_AT = 4_000  # characters

_COMMON = {
    language: frozenset(words.split())
    for language, words in {
        "en": "the of and to in is was for that on with as by at from it are were has have had"
        " be which this his their not been will who they he she its but an or would said"
        " after",
        "de": "der die das und in den von zu mit sich des auf für ist im dem nicht ein eine als"
        " auch es an werden aus er hat dass sie nach wird bei einer um am sind noch wie"
        " einem über so zum war haben nur oder aber vor zur bis mehr durch man",
        "fr": "le la les de des du et en un une est que qui dans pour par sur au aux avec ce il"
        " elle ne pas plus se son sa ses cette ont été être à d l mais comme où leur sont",
        "es": "el la los las de del y en un una que por con para se es su al lo como más pero"
        " sus fue ha este esta son entre está cuando muy sin sobre también hasta desde no",
        "it": "il lo la gli le di del della dei delle e in un una che per con si è sono da al"
        " alla nel nella non più come anche ha ma i ai dal dalla su sul questo hanno"
        " essere l",
        "pt": "o a os as de do da dos das e em um uma que para com não se por no na nos nas ao"
        " à mais como foi é são ou seu sua pela pelo também até entre está",
        "nl": "de het een en van in op te dat is die voor met zijn niet aan er om ook als bij"
        " door naar uit maar nog wordt werd hebben heeft tot over ze hij was dan zich",
        "sv": "och i att det som en på är av för med till den har inte om ett men var från de"
        " så vid kan när efter också sig blir under nu",
        "da": "og i at det som en på er af for med til den har ikke om et men var fra de så ved"
        " kan når efter også sig bliver nu blev",
        "no": "og i at det som en på er av for med til den har ikke om et men var fra de så ved"
        " kan når etter også seg blir nå ble",
        "fi": "ja on ei että se hän oli joka mutta ovat myös kun tai sekä mukaan ole jo nyt vain",
        "pl": "w i z na do się nie że jest o od po za przez jak to dla są oraz ale tym był było"
        " jego który która które być ma",
        "cs": "a v na se je že z s do o k pro za by jako po podle které který byl bylo jsou ale"
        " také od nebo ve však",
        "hu": "a az és hogy nem is egy van volt ez meg már csak még de el mint után szerint között",
        "ro": "și în de la a cu din pe pentru că nu este o un au mai care prin sau fost sunt după",
        "tr": "ve bir bu için ile da de olarak en çok daha olan gibi kadar sonra göre ise değil",
        "id": "yang dan di dari untuk dengan pada ini itu dalam tidak akan oleh ke juga adalah"
        " telah",
        "vi": "và của là có được cho trong không một các với người đã này những để đến khi từ",
        "ru": "и в не на что с по это как а он из у за к от для о но его же было так все был"
        " при до после также быть их она были",
        "uk": "і в не на що з у та до як за це від для по є він але його про були був також після",
        "bg": "и в на не за да от се с че по е са като до при ще това беше към",
    }.items()
}
# Above other languages by so many hits, a language is taken for certain.
_LEAD = 2


def script_of(text: str) -> str | None:
    """Return the name of the script that most letters of *text* are in, as Unicode names it.

    Han and kana are one script, Japanese mixes them. None without letters.
    """
    count: Counter[str] = Counter()
    for char in text[:_LOOKED_AT]:
        if char.isalpha():
            count[_SCRIPT_NAMES.get(name := _name_of(char), name)] += 1
    return count.most_common(1)[0][0] if count else None


_SCRIPT_NAMES = {"HIRAGANA": "CJK", "KATAKANA": "CJK", "IDEOGRAPHIC": "CJK", "FULLWIDTH": "LATIN"}


def _name_of(char: str) -> str:
    return "LATIN" if char.isascii() else unicodedata.name(char, "?").split()[0].split("-")[0]


def language_of(text: str) -> str | None:
    """Return the language of *text* (ISO 639-1), None where it is not plain."""
    hits = _hits(text)
    if not hits:
        return None
    (best, most), *rest = hits.most_common(2)
    second = rest[0][1] if rest else 0
    return best if most >= second + _LEAD else None


def is_same_language(text: str, source: str) -> bool:
    """Whether *text* may be in the language of *source*: only a plain difference says no."""
    if script_of(text) != script_of(source):
        return False
    language = language_of(source)
    if language is None:
        return True
    hits = _hits(text)
    best = max(hits.values(), default=0)
    return hits[language] + _LEAD > best


def _hits(text: str) -> Counter[str]:
    words = Counter(word.casefold() for word in _WORD.findall(text[:_LOOKED_AT]))
    return Counter(
        {
            language: sum(words[word] for word in common if word in words)
            for language, common in _COMMON.items()
            if not common.isdisjoint(words)
        }
    )
