# ruff: noqa: RUF001  # phrases in many scripts, as they are written
"""What feeds hang on to a text: invitations to read on, in the languages they were met in."""

from typing import Final

_PHRASES = r"""
    (?:continue|keep) reading\b[^.!?:]{0,120} | read (?:more|on|the (?:rest|full)\b[^.!?:]{0,80})
    read full (?:article|story) | full (?:article|story) | (?:click )?(?:here )?(?:for|to read) more
    (?:more|learn more|see more|show more|click here)
    (?:view|read) (?:(?:the )?(?:full|entire|whole) )?(?:more|post|entry|article|story)
    (?:weiter|mehr) ?lesen | weiterlesen\b[^.!?:]{0,120} | mehr | zum artikel
    (?:lire|voir) (?:la suite|plus|l['’]article)[^.!?:]{0,60} | en savoir plus
    continuer la lecture
    (?:leer|seguir leyendo|sigue leyendo|ver)(?: más)?(?: la noticia)? | continuar leyendo
    (?:leggi|continua a leggere|continua)(?: tutto| l['’]articolo| la lettura)?
    (?:ler|leia|continue lendo|continuar (?:a ler|lendo)|saiba|veja)(?: mais)?
    lees (?:verder|meer) | läs (?:mer|hela artikeln) | les (?:mer|videre|hele saken)
    læs (?:mere|videre) | lue (?:lisää|koko artikkeli) | czytaj (?:dalej|więcej) | číst dál
    celý článek | devamını oku | baca (?:selengkapnya|selanjutnya) | đọc tiếp | xem thêm
    читать (?:далее|полностью|дальше)
    читати далі | подробнее | 続きを読む | 全文を読む | もっと見る | 阅读(?:更多|全文)
    閱讀(?:更多|全文) | 查看(?:全文|更多) | 继续阅读 | 더 ?보기 | 계속 읽기 | 기사 전문
    اقرأ المزيد | تابع القراءة | להמשך קריאה | और पढ़ें
"""

READ_ON: Final = "(?:{})".format(
    "|".join(part.strip() for row in _PHRASES.strip().splitlines() for part in row.split(" | "))
)
"""A pattern for any of them; to be matched without regard to case."""

# WordPress puts it below excerpts and whole articles alike.
POST_FOOTER: Final = (
    r"(?:the post|der beitrag|l['’]article|la entrada|l['’]articolo|o post|het bericht) .{1,300}"
    r" (?:(?:first )?appeared (?:first )?on|erschien zuerst auf|est apparu en premier sur|"
    r"(?:se publicó|apareció) primero en|(?:sembra essere il primo su|proviene da)|"
    r"apareceu primeiro em|verscheen eerst op) .{1,200}"
)
"""A pattern for the line that says where a post came out first; as above, and over lines."""
