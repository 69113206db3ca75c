# ruff: noqa: RUF001  # phrases in many scripts, as they are written
"""Tell a text that breaks off from a whole one: "…", "[...]", "Continue reading"."""

import re

from bot.feeds.phrases import any_of
from bot.feeds.values import TEXT_MAX

_TAIL = 400  # characters in which an ending is looked for
_OURS = 200  # characters that ``cut`` may leave out of a text that it had to cut itself

# WordPress puts it below excerpts and whole articles alike.
_POST_FOOTER = re.compile(
    r"(?:the post|der beitrag|l'article|la entrada|l'articolo|o post) .{1,250}"
    r" (?:(?:first )?appeared (?:first )?on|erschien zuerst auf|est apparu en premier sur|"
    r"apareció primero en|proviene da|apareceu primeiro em|verscheen eerst op) .{1,120}\Z",
    re.IGNORECASE | re.DOTALL,
)
_WORD_END = re.compile(r"[^\W_]")
_AFTER_ELLIPSIS = " \t\n[]()>»›→"
_INVITATION = re.compile(
    r"(?:\A|[\n.!?…»”\"\])>。！？]|\s{2})\W{0,12}"
    + any_of(r"""
    (?:continue|keep) reading\b[^.!?:]{0,120} | read (?:more|on|the (?:rest|full)\b[^.!?:]{0,80})
    read full (?:article|story) | full (?:article|story) | (?:click )?(?:here )?(?:for|to read) more
    (?:more|view (?:more|post|article)|learn more|see more|show more|click here)
    (?:weiter|mehr) ?lesen | weiterlesen\b[^.!?:]{0,120} | mehr | zum artikel
    (?:lire|voir) (?:la suite|plus|l['’]article)[^.!?:]{0,60} | en savoir plus
    continuer la lecture
    (?:leer|seguir leyendo|sigue leyendo|ver)(?: más)?(?: la noticia)? | continuar leyendo
    (?:leggi|continua a leggere|continua)(?: tutto| l['’]articolo| la lettura)?
    (?:ler|leia|continue lendo|continuar (?:a ler|lendo))(?: mais)? | lees (?:verder|meer)
    läs (?:mer|hela artikeln) | les (?:mer|videre|hele saken) | læs (?:mere|videre)
    lue (?:lisää|koko artikkeli) | czytaj (?:dalej|więcej) | číst dál | celý článek | devamını oku
    baca (?:selengkapnya|selanjutnya) | đọc tiếp | xem thêm | читать (?:далее|полностью|дальше)
    читати далі | подробнее | 続きを読む | 全文を読む | もっと見る | 阅读(?:更多|全文)
    閱讀(?:更多|全文) | 查看(?:全文|更多) | 继续阅读 | 더 ?보기 | 계속 읽기 | 기사 전문
    اقرأ المزيد | تابع القراءة | להמשך קריאה | और पढ़ें
    """)
    + r"\W{0,12}\Z",
    re.IGNORECASE,
)


def is_cut_off(text: str) -> bool:
    """Whether *text* says by its end that there is more to read elsewhere."""
    text = text.strip()
    if len(text) > TEXT_MAX - _OURS:
        return False  # that was us
    tail = _POST_FOOTER.sub("", text[-_TAIL:].replace("&hellip;", "…")).rstrip()
    return _trails_off(tail) or _INVITATION.search(tail) is not None


def _trails_off(tail: str) -> bool:
    """Whether what follows the last word is an ellipsis, bracketed or not; no quoted one."""
    at = len(tail)
    while at > 0 and _WORD_END.match(tail, at - 1) is None:
        at -= 1
    return tail[at:].rstrip(_AFTER_ELLIPSIS).endswith(("…", "..."))
