# ruff: noqa: RUF001  # phrases in many scripts, as they are written
"""Lines of a page that are no part of its article, told by what they say. Runs in the worker.

Structure is asked first (``furniture.py``); what it leaves of labels, promotions, credits, notices
and lists of other articles is told here, line by line, in the languages that news is mostly read
in. A line of prose goes only where its beginning says what it is.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from bot.feeds.asides import goes_on, is_aside, is_invitation
from bot.feeds.phrases import any_of
from bot.feeds.stamps import bylined, is_stamp

_SHORT = 250  # characters; a longer line is prose, and goes only if it is a known notice
_NOTICE = 1_200
_OPENING = 4  # lines in which the headline is looked for
_OPENING_LONG = 12  # lines in which bylines are looked for
_CLOSING = 3  # lines in which the author is introduced
_TITLE_LIKE = 160  # characters of a line in a list of other articles
_TAGS_MAX = 600
_REPEATED = 40  # characters of a line that is not said twice
_PROSE = 60  # characters of a paragraph, below which stands no headline
_BARE = 40  # characters of what may stand above the first
_PART = 0.6  # of a headline's words, which a line may say alone

# Labels of links to other articles: "Read more: …", or alone on a line.
_LINKS = any_of(r"""
    (?:please )?read (?:more|also|next|this|on) | also read | see (?:also|more) | icymi
    more on this(?: story)? | related(?: [a-z]+)? | don['’`]?t miss(?: (?:this|out|it))?
    recommended(?: (?:for you|reading|stories|articles))? | must[- ]read | in case you missed it
    also on [\w .]{2,30} | more from [\w .&'’]{2,40} | more (?:stories|news|coverage)
    you (?:may|might) (?:also )?(?:like|be interested in|enjoy)
    (?:what to )?(?:read|watch|up) next
    (?:further|suggested) reading | trending(?: now)? | top stories | find out more | learn more
    most (?:read|popular|viewed|shared)(?: (?:in|on) [\w ]{2,30})? | popular (?:now|posts|stories)
    (?:editor['’]?s?['’]?|our) picks? | latest (?:news|stories|updates|headlines) | discover more
    (?:continue|keep) reading | click (?:here|to (?:read|see|watch|view) \w+) | sponsored content
    watch (?:live|now|the video|more|below) | listen (?:here|now|to (?:this|the) \w+)
    live (?:blog|updates)
    mehr zum thema | mehr (?:dazu|lesen) | lesen sie (?:auch|mehr|hier|dazu)(?: (?:auch|mehr|dazu))?
    lies auch | siehe auch | weiterlesen | auch interessant | das könnte sie (?:auch )?interessieren
    zum thema | meistgelesen(?:e artikel)? | weitere (?:artikel|themen|nachrichten|meldungen)
    lire (?:aussi|la suite|également|plus) | à lire(?: (?:aussi|également))? | voir aussi
    sur le même sujet | les plus lus | en savoir plus | le[ea]r? (?:también|más) | lea además
    te puede interesar | (?:te|le) recomendamos | ver también | más (?:leídas|noticias)
    sigue leyendo
    leggi (?:anche|tutto|ancora) | vedi anche | potrebbe interessarti | approfondisci | i più letti
    leia (?:também|mais) | veja (?:também|mais) | saiba mais | mais lidas
    lees (?:ook|meer|verder) | läs (?:också|även|mer) | les også | læs også | lue myös
    czytaj (?:też|także|więcej|również) | zobacz (?:też|także|również)
    (?:pře)?čtěte (?:si |také|více)
    baca juga | lihat juga | artikel terkait | ayrıca (?:oku|bak)\w* | ilgili haberler?
    читайте (?:также|ещё|еще|подробнее|також) | смотрите также | подробнее | по теме
    дивіться також
    相关(?:阅读|新闻|报道|文章|链接) | 延伸(?:阅读|閱讀) | 相關(?:閱讀|新聞|報導|文章) | 推荐阅读
    更多(?:阅读|新闻|報導) | 阅读更多 | 閱讀更多 | 点击(?:查看|阅读).{0,6}
    関連(?:記事|リンク|ニュース) | あわせて読みたい | 続きを読む | もっと(?:読む|見る)
    おすすめ記事
    관련 ?(?:기사|뉴스|글) | 더 ?보기 | اقرأ (?:أيضا|أيضاً|المزيد) | مواضيع ذات صلة
    יקרא(?:ו)? (?:גם|עוד)
    यह भी पढ़ें | और पढ़ें
""")
# Labels that prose may begin with, too: noise where no sentence follows.
_LOOSE_LINKS = any_of(r"""
    watch | listen | video | (?:photo )?gallery | photos? | in pictures | explainer | explained
    opinion | analysis | live | insight | exclusive | breaking | latest | sponsored | mehr
    im video
    vidéo | en images | vídeo | видео | 视频 | 動画
""")
# Headings under which no article goes on, and buttons.
_BUTTONS = any_of(r"""
    tags? | topics? | keywords? | filed under | categories | comments? | leave a (?:comment|reply)
    share(?: (?:this|on|via)(?: \w+){0,3})? | (?:about|meet) the authors? | author | by | sources?
    advertisement | disclosures? | disclaimer | newsletters? | follow us | contact(?: us)? | print
    join the (?:conversation|discussion) | e-?mail | editorial (?:policy|standards|process)
    why (?:you can )?trust (?:us|[\w ]{2,30}) | our (?:standards|review process) | cookies?
    privacy
    our editorial (?:policy|process|standards) | terms(?: of (?:use|service))? | load(?:ing| more)
    close | menu | back to top | skip to content | key events | pinned(?: post)?
    show (?:more|less)
    expand | (?:story|article) continues(?: after| below)?.{0,30} | scroll to continue.{0,30}
    (?:advertisement|ad)[\s–—-]+(?:story continues|continue reading|scroll).{0,40}
    kommentare? | schlagw(?:ö|o)rte?r? | themen | teilen | anzeige | werbung | autor(?:in)?
    impressum
    über (?:den autor|die autorin) | datenschutz | partager | publicité | mots-clés | commentaires
    l['’]auteur | à propos de l['’]auteur | compartir | publicidad | etiquetas | comentarios
    sobre (?:el|la|o|a) autora? | condividi | pubblicità | commenti | compartilh(?:e|ar)
    publicidade | comentários | delen | reclame | реклама | поделиться | теги | комментарии
    广告 | 廣告 | 分享(?:到.{0,10})? | 标签 | 標籤 | 评论 | 広告 | シェア(?:する)? | タグ | コメント
    著者
    광고 | 공유(?:하기)? | 댓글 | إعلان | شارك
""")
_LABELLED = re.compile(rf"\W*{_LINKS}\s*[:：|►▶»→>]", re.IGNORECASE)
_LABELLED_LOOSELY = re.compile(rf"\W*{_LOOSE_LINKS}\s*[:：|►▶»→>]", re.IGNORECASE)
_LABEL = re.compile(rf"\W*(?:{_LINKS}|{_LOOSE_LINKS}|{_BUTTONS})\W*", re.IGNORECASE)
_BRACKETED = re.compile(r"[^.!?]*\[(?:[A-Z]{2,12} ?){1,3}\]\W*")  # Storm hits Wexham [LATEST]

# Headings of lists whose items are titles.
_LIST = re.compile(
    r"\W*"
    + any_of(r"""
    related\b.{0,20} | most (?:read|popular|viewed|shared).{0,30} | you (?:may|might) .{3,30}
    more\b.{0,40}\b(?:from|stories|news|coverage|articles)\b.{0,40} | read (?:more|next|also)
    don['’`]?t miss.{0,9} | recommended.{0,12} | trending.{0,4} | top stories | latest.{0,12}
    (?:editor['’]?s?['’]?|our) picks? | meistgelesen.{0,9} | mehr zum thema | weitere \w+
    das könnte .{3,30} | sur le même sujet | les plus lus | más \w+ | te puede interesar
    i più letti | mais lidas | leia \w+ | baca juga | по теме | читайте \w+
    相关\w{2} | 延伸\w{2} | 相關\w{2} | 推荐阅读 | 関連\w{2,4} | おすすめ記事 | 관련 ?\w{1,2}
    """)
    + r"\W*",
    re.IGNORECASE,
)
_TAGS = re.compile(
    r"\W*(?:tags?|topics?|keywords?|filed (?:under|in)|categor(?:y|ies)|posted in|"
    r"schlagw(?:ö|o)rte?r?|mots-clés|etiquetas|теги|标签|標籤|タグ)\W*(?:[:：].*)?",
    re.IGNORECASE,
)

_NETWORK = (
    r"(?:twitter|facebook|instagram|linkedin|youtube|tiktok|whatsapp|telegram|threads|bluesky|"
    r"mastodon|snapchat|pinterest|reddit|flipboard|google news|apple news|newsletter|@\w|x\b)"
)
_OFFER = (
    r"(?:newsletter|e-?mail|inbox|alerts?|updates|briefing|channel|podcast|access|account|here|today|"
    r"now|free|to (?:read|continue|unlock|get)|our|for (?:just|only|\W?\d))"
)
_PROMOTION = re.compile(
    r"\W*"
    + any_of(rf"""
    sign(?:ing)? up\b.{{0,200}}{_OFFER}.*
    (?:subscribe|register|log in|sign in)\b.{{0,200}}{_OFFER}.*
    (?:already|not yet) (?:a |an )?(?:\w+ )?(?:subscrib|member|registered)\w*.*
    (?:like|love|enjoy(?:ed|ing)?) (?:this|what you) .{{0,60}}(?:share|subscribe|sign|tell).*
    (?:please )?(?:share|tweet|pin|print|e-?mail) this\b.{{0,60}}
    share (?:it|on|via|your) .{{0,40}}
    follow .{{1,120}}\b(?:on|via|@).{{0,40}}{_NETWORK}.* | follow (?:@|us|our|all|the latest).*
    follow \w+['’]s .{{0,60}}coverage.*
    (?:you can )?(?:find|like|join|add|reach|contact|e-?mail|tweet) (?:us|me|him|her)\b.*
    (?:you can )?(?:reach|contact|e-?mail) (?:our \w+|the (?:author|reporter|writer|editor))\b.*
    (?:click|tap) (?:here|to (?:tweet|share|subscribe|sign)|(?:on )?the link)\b.*
    (?:get|receive|want|love) .{{0,120}}(?:newsletter|(?:in|to) your (?:inbox|e-?mail|phone)).*
    (?:get|receive) .{{0,120}}delivered (?:daily|straight|directly|to).*
    (?:join|support|become|donate|help) .{{0,100}}(?:member(?:ship)?|subscriber|patreon)\b.*
    (?:support|help|fund) .{{0,60}}(?:independent journalism|our (?:journalism|newsroom|work)).*
    join .{{0,60}}(?:telegram|whatsapp|community|(?:facebook|mailing) (?:group|list)).*
    download (?:our|the) .{{0,40}}\bapp\b.*
    (?:do you )?have (?:a (?:tip|story)|you been affected).*
    got a (?:tip|story|news).* | (?:enter )?your e-?mail(?: address)?\W{{0,3}}
    enter your e-?mail.*
    thank you for (?:subscribing|signing|reading|registering).* | (?:you can )?unsubscribe .*
    by (?:signing up|subscribing|clicking|submitting|continuing|registering|entering)\b.{{0,200}}
    (?:turn|switch) on (?:push )?notifications.* | (?:listen|subscribe) to (?:our|the) .*podcast.*
    refresh (?:this page )?for (?:the latest|updates).*
    this (?:live ?blog|page) (?:is (?:now closed|updated)|will be updated|refreshes|updates).*
    (?:listen to|watch) [A-Z]\w+ live\b.* | .{{0,60}}\bor listen back here\W*
    melden sie sich .{{0,120}}(?:newsletter|an)\b.* | (?:jetzt )?(?:abonnieren|newsletter)\b.*
    folgen sie (?:uns|dem|der)\b.* | (?:zum|unser(?:en)?) newsletter\b.* | jetzt .{{0,60}}abonn.*
    (?:abonnez|inscrivez)-vous\b.* | suivez(?:-nous)?\b.*{_NETWORK}.*
    (?:suscr[ií]bete|síguenos|reg[ií]strate)\b.* | (?:iscriviti|seguici)\b.*
    (?:assine|inscreva-se|siga(?:-nos)?)\b.* | (?:подписывайтесь|подпишитесь).*
    (?:关注|關注|扫码|扫描|訂閱|订阅).{{0,60}}(?:公众号|微信|微博|二维码|電子報|电子报|频道|新闻|通讯).*
    (?:メールマガジン|メルマガ|ニュースレター).{{0,80}}
    """),
    re.IGNORECASE | re.DOTALL,
)

_AGENCY = (
    r"(?:dpa|afp|apa|sda|epd|kna|ap|reuters|ots|ansa|efe|pti|upi|getty images?|shutterstock|istock)"
)
_CREDIT = re.compile(
    r"[\W\d]{0,3}"
    + any_of(rf"""
    (?:additional |further )?(?:reporting|writing|editing|compiled|edited) (?:by|from)\s\S.*
    (?:translated|written|produced|photography|graphics?|illustration) by\s\S.*
    .{{0,160}}\bcontribut(?:ed|ing) (?:to (?:this|the) (?:report|story|article|post)|reporting)\b.*
    (?:news )?sources?\s*[:：]\s.{{0,120}} | (?:via|h/t|hat tip)\b[^\])]{{1,80}}[\])]
    (?:via|h/t|hat tip(?: to)?):? [\w.&'’-]+(?: [\w.&'’-]+){{0,3}}
    (?:photo|image|picture|video|file|cover|header)s? (?:image )?(?:credits?|courtesy|source)\b.*
    (?:photo|image|picture|photograph|illustration)s?\s*(?:by|from|:|©|via|/)\s*\S.{{0,140}}
    (?:credits?|courtesy)\s*[:：]\s.{{0,140}} | (?:©|\(c\)|copyright)\s.{{0,240}}
    .{{0,200}}\ball rights reserved\b.{{0,60}}
    {_AGENCY}\s*(?:[/|]\s*.{{1,60}}| (?:photo|images)\b.*)
    (?:foto|bild|fotos|bilder|titelbild|symbolbild)(?:quelle|nachweis|rechte)?\s*[:：/©]\s?.{{1,140}}
    quellen?\s*[:：]\s.{{0,120}} | mit material (?:von|der) .{{0,80}} | {_AGENCY}(?:[/-]\w{{2,6}})*
    (?:crédits?|foto|fuente|crédito|fonte|créditos|imagen|imagem|immagine)\s*[:：©/]\s.{{0,140}}
    фото\s*[:：]?\s.{{0,140}} | источник\s*[:：].{{0,140}}
    (?:图片?|圖片?|图源|圖源|摄影|攝影|来源|來源|记者|記者|编辑|編輯|责任编辑|责编|責任編輯)\s*[:：／/=｜|].{{0,60}}
    (?:撮影|写真|出典|画像|사진|출처|本文来源|文)\s*[:：／/=｜|].{{0,60}}
    [（(【\[](?:图|圖|来源|來源|写真|撮影|責任編輯|责任编辑|责编|编辑|記者|记者|完|了|사진)[^）)】\]]{{0,40}}[）)】\]]
    """)
    + r"\W*",
    re.IGNORECASE | re.DOTALL,
)

# Notices about the site, not the matter. They begin as such and quote nobody.
_OURS = (
    r"(?:we|our|this|at|all|when|if|the|some|as|every|by|to|content|\w+(?: \w+)?['’]s|"
    r"\w+ (?:is|may|adheres|follows|has|independently|participates))"
)
_MATTERS = any_of(r"""
    editorial (?:polic|standard|guideline|independence|integrity|process|team|staff)
    affiliate (?:links?|commission|partner|program|advertising) | reader-supported
    fact[- ]checkers
    (?:earn|receive|get) (?:an? )?(?:small )?(?:affiliate )?(?:commission|compensation)
    use\w* cookies | cookie (?:policy|settings|preferences) | privacy (?:policy|notice)
    terms of (?:use|service) | trust (?:project|principles|indicators)
    (?:correction|ethic)s? polic
    standards of (?:reporting|journalism) | industry professionals | rigorous(?:ly)? (?:review|fact)
    (?:details|information) you have shared
""")
_NOTICE_OF_SITE = re.compile(
    r"(?=[^\"“”„«»「」]*\Z)\W*"
    + any_of(rf"""
    {_OURS}\b(?=.{{0,600}}{_MATTERS}).{{20,}}
    (?:we|this (?:web)?site|by (?:using|continuing))\b.{{0,60}}\bcookies?\b.*
    (?:wir|diese (?:web)?seite)\b.{{0,80}}\bcookies?\b.* | nous .{{0,60}}\bcookies\b.*
    (?:usamos|utilizamos|utilizziamo) .{{0,60}}cookies?.* | мы используем .{{0,40}}cookie.*
    本(?:网站|站|サイト|網站).{{0,30}}(?:cookie|クッキー).*
    why (?:you (?:can|should)|should you) trust\b.* | why trust (?:us|our \w+|\w+)\s*[:–—-].*
    (?:full |advertis(?:er|ing) )?(?:disclosure|disclaimer|transparency)\s*[:：]\s.*
    (?:offenlegung|transparenzhinweis|hinweis in eigener sache)\s*[:：]\s.*
    (?:please )?(?:enable|turn on|activate) (?:javascript|cookies).*
    (?:the|your) browser (?:does not|doesn['’]t) support.* | the (?:views|opinions) expressed .*
    this (?:article|story|post|material) (?:was )?(?:first|originally) (?:published|appeared).*
    this (?:article|story|post|content) (?:may )?contains? .{{0,40}}(?:links|affiliate|sponsored).*
    this (?:article|story|post|content) (?:is sponsored|has been (?:adapted|produced)).*
    diese[rs]? (?:artikel|beitrag|text) .{{0,60}}(?:zuerst|affiliate|erschienen|anzeige).*
    (?:mit \*|links mit).{{0,200}}(?:affiliate|provision).*
    die redaktion .{{0,200}}(?:provision).*
    """)
    + r"\Z",
    re.IGNORECASE | re.DOTALL,
)

_ROLE = re.compile(
    r"\b(?:is|was) (?:an?|the|our) (?:[\w'’&-]+,? ){0,6}(?:writer|reporter|editor|journalist|"
    r"correspondent|columnist|contributor|author|blogger|photographer|producer|analyst|fellow)\b|"
    r"\bwrites (?:about|for)\b|\b(?:covers|has covered)\b|\bfollow (?:him|her|them|me|us) on\b|"
    r"\bist (?:redakteur|reporter|autor|korrespondent|journalist|schreibt)",
    re.IGNORECASE,
)
_TWEET_BUTTON = re.compile(r"\s*\bClick [Tt]o [Tt]weet\b\s*")
_ENDS = re.compile(r"[.!?…。！？؟।:;][\"”’»)\]」』]*\Z")
_WORDS = re.compile(r"\w+")


def article_lines(
    lines: Sequence[str], headlines: Sequence[str], authors: Sequence[str] = ()
) -> list[str]:
    """Return the lines of an article out of *lines*, in their order.

    *headlines*: what the page is called, in its own words; *authors*: who wrote it.
    """
    titles = [words for headline in headlines if (words := _words(headline))]
    people = (*authors, *bylined(lines[:_OPENING_LONG]))
    names = [words for author in people if (words := _words(author))]
    kept = list(_once(_TWEET_BUTTON.sub(" ", line).strip() for line in lines))
    opening = [line for line in kept[:_OPENING] if not any(_says(line, title) for title in titles)]
    told = [line for line in (*opening, *kept[_OPENING:]) if _words(line) not in names]
    return _without_bios(_from_prose(list(_telling(told))), names)


def without_noise(text: str, title: str) -> str:
    """Return *text* without the lines that are no part of its article, whose title is *title*."""
    lines = [line for part in text.split("\n") if (line := part.strip())]
    kept = set(article_lines(lines, [title]))
    if kept.issuperset(lines):
        return text
    paragraphs = (
        "\n".join(line for part in paragraph.split("\n") if (line := part.strip()) in kept)
        for paragraph in text.split("\n\n")
    )
    return "\n\n".join(paragraph for paragraph in paragraphs if paragraph)


def _from_prose(lines: list[str]) -> list[str]:
    """Leave out what stands above the first paragraph: a section, a name, a picture's title."""
    above = 0
    while above < min(_OPENING, len(lines)) and _is_bare(lines[above]):
        above += 1
    return lines[above:] if len(lines) > above and len(lines[above]) >= _PROSE else lines


def _is_bare(line: str) -> bool:
    return len(line) < _BARE and not line.startswith("- ") and _ENDS.search(line) is None


def is_noise(line: str) -> bool:
    """Whether a line is no part of an article, by itself."""
    if _LABELLED.match(line):
        return len(line) <= _SHORT
    if line.startswith("- "):
        return False  # an item of a list, which may well ask for something
    if len(line) <= _SHORT and (
        _LABEL.fullmatch(line)
        or _PROMOTION.fullmatch(line)
        or _CREDIT.fullmatch(line)
        or is_stamp(line)
        or _BRACKETED.fullmatch(line)
        or is_invitation(line)
        or (not _ENDS.search(line) and (_LABELLED_LOOSELY.match(line) or _TAGS.fullmatch(line)))
    ):
        return True
    return is_aside(line) or (len(line) <= _NOTICE and _NOTICE_OF_SITE.match(line) is not None)


def _telling(lines: Iterable[str]) -> Iterator[str]:
    """Leave out noise, and the titles or tags under a heading that announces them."""
    under: Literal["titles", "tags"] | None = None
    notice = ""
    for line in lines:
        if is_noise(line):
            under, notice = _heading_of(line), line
        elif notice and goes_on(notice, line):
            continue
        elif (
            under is not None
            and len(line) <= (_TITLE_LIKE if under == "titles" else _TAGS_MAX)
            and (under == "tags" or line[:1].isupper())
            and not _ENDS.search(line)
        ):
            under = under if under == "titles" else None
        else:
            under, notice = None, ""
            yield line


def _heading_of(line: str) -> Literal["titles", "tags"] | None:
    """Return what follows a line of noise that is a heading."""
    if _LIST.fullmatch(line):
        return "titles"
    return "tags" if len(line) < _REPEATED and _TAGS.fullmatch(line) else None


def _once(lines: Iterable[str]) -> Iterator[str]:
    """Leave out empty lines, and long ones that were said before; a list's items may be alike."""
    said: set[str] = set()
    for line in lines:
        if line and not (line in said and len(line) >= _REPEATED and not line.startswith("- ")):
            said.add(line)
            yield line


def _says(line: str, title: Sequence[str]) -> bool:
    """Whether a line says the title, or the better part of it, and nothing beside."""
    words = _words(line)
    if words == title:
        return True
    is_part = len(words) >= max(4, _PART * len(title)) and not _ENDS.search(line)
    return is_part and f" {' '.join(words)} " in f" {' '.join(title)} "


def _without_bios(lines: list[str], names: Sequence[list[str]]) -> list[str]:
    """Leave out closing lines that introduce an author."""
    head, tail = lines[:-_CLOSING], lines[-_CLOSING:]
    return head + [
        line
        for line in tail
        if not (
            _ROLE.search(line)
            and any(len(name) > 1 and _words(line)[: len(name)] == name for name in names)
        )
    ]


def _words(text: str) -> list[str]:
    return _WORDS.findall(text.casefold())
