# ruff: noqa: RUF001  # phrases in many scripts, as they are written
"""Tell a wall from an article: what a page shows in place of one. Runs in the worker."""

import re
from typing import Final, Literal, TypeAlias
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from bot.feeds.phrases import any_of

Wall: TypeAlias = Literal["paywall", "login", "consent", "bots", "script"]

_WHOLE: Final = 1_500  # characters; a page that gives so many gives the article, whatever it says
_SOME: Final = 600  # characters; fewer may be what the wall itself says
_BARE: Final = 300
_SLIM: Final = 6_000  # characters of a page that holds little beside
_SCANNED: Final = 40_000  # characters of a page in which signs are looked for


def _pattern(table: str) -> re.Pattern[str]:
    return re.compile(any_of(table), re.IGNORECASE)


# How the services that keep bots out name their pages, and what these are made of.
_BOTS_TITLE = _pattern(r"""
    just a moment | attention required | access (?:to this page has been )?denied | captcha
    are you (?:a )?(?:robot|human) | pardon our interruption | security check | robot check
    verify(?:ing)? (?:that )?you are (?:a )?human | checking your browser | human verification
    bot (?:detection|verification) | nur einen moment | un instant | un momento | один момент
    请稍候 | 人机验证
""")
_BOTS_CODE = _pattern(r"""
    /cdn-cgi/challenge-platform/ | captcha-delivery\.com | px-captcha | perimeterx | awswaf
    _Incapsula_Resource | cf-(?:challenge|turnstile) | __cf_chl | hcaptcha\.com/1 | recaptcha/api
    geetest | challenge-form
""")
_BOTS_WORDS = _pattern(r"""
    verify (?:that )?you(?:['’]re| are) (?:a )?human | (?:not|are you) a robot\b
    unusual (?:traffic|activity) | checking (?:if the site connection is secure|your browser)
    complete the (?:captcha|security check) | press (?:&|and) hold | automated (?:access|requests)
    needs to review the security of your connection | bestätigen sie, dass sie ein mensch
    请完成(?:安全)?验证 | ロボットではありません
""")
_SCRIPT_WORDS = _pattern(r"""
    (?:enable|turn on|activate|requires?|need|without|allow) javascript
    javascript (?:is|to be|must be|has been) (?:\w+ )?(?:disabled|enabled|required|turned|switched)
    javascript (?:aktivieren|ist deaktiviert) | activ(?:er|ez) javascript | включите javascript
    (?:habilit|activ|attiv|ativ)\w+ (?:o |il )?javascript | 启用 ?javascript | javascriptを有効
""")
_CONSENT_TITLE = _pattern(r"""
    before you continue | your privacy | privacy (?:settings|choices|preferences) | consent
    cookie settings | zustimmung | datenschutz-?einstellungen | avant de continuer
    prima di continuare
""")
_CONSENT_WORDS = _pattern(r"""
    accept all | reject all | manage (?:options|preferences|settings|cookies)
    our (?:[\d,.]+ )?partners | akzeptieren und weiter | privacy center | zustimmung
    personenbezogene daten
    legitimate interest | we value your privacy | your consent | personali[sz]ed ads
    store and/or access information | alle akzeptieren | alles? ablehnen | unsere partner
    einwilligung | berechtigte\w* interesse | mit werbung (?:weiter)?lesen
    tout (?:accepter|refuser)
    nos partenaires | votre consentement | aceptar todo | rechazar todo | nuestros socios
    accetta tutto | rifiuta tutto | aceitar todos | принять все | 全部接受 | すべて許可 | 同意する
""")
_CONSENTS: Final = 3  # of these words that make a wall of a page that gives no article
_LOGIN_TITLE = _pattern(r"""
    ^\W*(?:log|sign)[ -]?in\b | \b(?:log|sign)[ -]?in(?: (?:required|to .{1,40}|[|–-].*))?\W*$
    \blogin\b | \banmelden\b | \beinloggen\b | se connecter | connexion | iniciar sesión
    \baccedi\b | войти | вход | 登录 | 登入 | ログイン | 로그인
""")
_LOGIN_WORDS = _pattern(r"""
    (?:log|sign) in to (?:read|continue|view|see|access) | create (?:a free|an) account to
    (?:please|you (?:must|need to)) (?:log|sign) in
    register (?:for free )?to (?:read|continue)
    melden sie sich an\b | loggen sie sich ein | connectez-vous pour | inicia sesión para
    accedi per | войдите, чтобы | 登录后(?:查看|阅读) | ログインし(?:て|てください)
""")
_PAYWALL_WORDS = _pattern(r"""
    (?:subscribe|subscription|register|become a \w+)\b.{0,60}(?:to|and) (?:continue|keep)
    join\b.{0,60}(?:to|and) (?:continue|keep) (?:reading|access)
    (?:subscribe|subscription|become a \w+)\b.{0,60}(?:to|and) (?:read|unlock|finish)
    (?:subscribe|sign up|join)\b.{0,60}(?:to|and) (?:get )?(?:full )?access
    (?:article|story|content|post)s? (?:is|are) (?:\w+ ){0,2}(?:for|to) (?:\w+ )?(?:subscrib|member)
    (?:subscriber|member|premium)s?[- ](?:only|exclusive)\b
    already a (?:\w+ )?(?:subscriber|member)\?
    (?:continue|keep) reading with | to (?:continue|keep) reading\b | unlock this (?:article|story)
    (?:free|remaining) articles? (?:left|this month|remaining)
    you(?:['’]ve| have) (?:reached|read) (?:your|the|all)\b.{0,40}(?:limit|free|articles)
    weiterlesen mit | mit .{1,30} weiterlesen | nur für abonnent | bereits abonnent
    abo abschließen
    réservée?s? aux abonnés | abonnez-vous pour | déjà abonné | la suite de cet article
    (?:solo|exclusivo) para suscriptores | suscríbete para | ya eres suscriptor
    (?:riservat\w+|solo) (?:agli|per gli) abbonati | abbonati per | sei già abbonato
    (?:exclusivo|só) para assinantes | assine para | já é assinante | alleen voor abonnees
    только (?:для )?подписчик | для подписчиков | 유료 ?회원 | 付费(?:阅读|内容)
    (?:会员|會員|订阅|訂閱)(?:专享|專享|可见|后|後) | この記事は有料 | 残り\d+文字
    (?:有料)?会員(?:限定|登録|の方)
""")
_PAYWALL_NAME = _pattern(r"""
    pay-?wall | reg-?wall | subscriber-?only | premium-?(?:content|wall|gate) | metered-?wall
    (?:article|content|meter)-?gate | subscription-?(?:wall|required|prompt)
    piano-?(?:offer|inline)
""")
_NOT_FREE = re.compile(r'"isAccessibleForFree"\s*:\s*"?(?:false|no)\b', re.IGNORECASE)


class Signs:
    """What a page shows of walls, noted while it is as it came."""

    def __init__(self, tree: HtmlElement, url: str) -> None:
        title = tree.find(".//title")
        self._title = "" if title is None else " ".join(title.text_content().split())
        self._host = urlsplit(url).hostname or ""
        self._text = _visible(tree)
        self._has_password = tree.find(".//input[@type='password']") is not None
        self._code = "\n".join(
            f"{node.get('src') or ''} {(node.text or '')[:5000]}" for node in tree.iter("script")
        )
        self._names = " ".join(
            name
            for node in tree.iter("div", "section", "aside", "article", "p", "form")
            for name in (node.get("class"), node.get("id"))
            if name
        )

    def wall(self, text: str) -> Wall | None:
        """Return which wall the page is, where *text* is all that it gives of an article."""
        if len(text) >= _WHOLE:
            return None
        if len(text) < _SOME:
            if self._is_for_browsers():
                return "bots"
            if self._is_consent():
                return "consent"
            if self._is_login():
                return "login"
        if self._is_paywall():
            return "paywall"
        wants_script = len(text) < _BARE and _SCRIPT_WORDS.search(self._text) is not None
        return "script" if wants_script else None

    def _is_for_browsers(self) -> bool:
        has_code = _BOTS_CODE.search(self._code) or _BOTS_CODE.search(self._names)
        is_named = _BOTS_TITLE.search(self._title)
        is_told = _BOTS_WORDS.search(self._text)
        return sum(sign is not None for sign in (has_code, is_named, is_told)) > 1

    def _is_consent(self) -> bool:
        words = {match[0].casefold() for match in _CONSENT_WORDS.finditer(self._text)}
        is_named = self._host.startswith("consent.") or _CONSENT_TITLE.search(self._title)
        return len(words) >= (1 if is_named else _CONSENTS)

    def _is_login(self) -> bool:
        if _LOGIN_WORDS.search(self._text):
            return True
        return self._has_password and _LOGIN_TITLE.search(self._title) is not None

    def _is_paywall(self) -> bool:
        if _NOT_FREE.search(self._code):
            return True
        is_told = _PAYWALL_WORDS.search(self._text) is not None
        return is_told and (
            len(self._text) < _SLIM or _PAYWALL_NAME.search(self._names) is not None
        )


def _visible(tree: HtmlElement) -> str:
    """Return the words of a page, what it says without scripts included."""
    pieces = tree.xpath("//body//text()[not(parent::script or parent::style or parent::template)]")
    return " ".join(" ".join(pieces).split())[:_SCANNED]
