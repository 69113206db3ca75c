# ruff: noqa: RUF001  # phrases in many scripts, as they are written
"""What a page says to its readers within an article, told line by line. Runs in the worker.

Captions that end in a credit, letters asked for, questions about cookies, notes of syndication,
what is read to the blind only. ``noise.py`` asks here for what is no label, promotion or stamp.
"""

import re
from typing import Final

from bot.feeds.phrases import any_of

_LINE_MAX: Final = 250  # characters; a longer line is prose
_NOTICE_MAX: Final = 1_200
_INVITATION_MAX: Final = 90

_UNQUOTED = r"(?=[^\"“”„«»「」]*\Z)"

# A caption's last words, below a picture that no figure holds. What stands in brackets begins with
# a photographer's two names: "(dpa/rk)" and "(AFP)" end paragraphs that are no captions.
_CREDITED = re.compile(
    r".*(?:"
    r"[.!?…”»)]\s+(?:Photo(?:graph|s)?|Image|Picture|Credit|Foto|Fotos|Bild|Crédit|Crédits|Фото)"
    r"(?: (?:credit|courtesy|photo|d'illustration))?\s?(?::|©|by |/)\s?[\w.,&/'’© |-]{2,70}"
    r"|©\s?[\w.,&/'’ |-]{2,70}"
    r"|[.!?…”»]\s*\((?:AP Photo|[A-Z][\w.'’-]+ [A-Z][^()/]{0,40})\s?/\s?[^()]{2,50}\)"
    r"|[|/(] ?(?:Getty Images|Shutterstock|iStock(?:photo)?|AP Photo|Alamy)\)?"
    r")\W*",
    re.DOTALL,
)

# Letters that are asked for.
_LETTERS = re.compile(
    _UNQUOTED + r"(?=.*\b(?:us|our|me|tips?|comments?|letters)\b)"
    r"(?=.*\b(?:write|e-?mail|contact|reach|get in touch|know|send|tell|share)\b)"
    r".*\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+\W*",
    re.IGNORECASE | re.DOTALL,
)

_ASIDE = re.compile(
    r"\W*"
    + any_of(r"""
    list \d+ of \d+\b.* | end of list | comments? ?\(\d+\)
    (?:with|agency|agencies)(?: \w+)? inputs?(?: from)?\b.{0,60}
    except for the headline, this (?:story|article) has not been .*
    this (?:story|article|report) (?:is|was|has been) (?:auto-?generated|syndicated).*
    get (?:all )?(?:the )?(?:latest|breaking)\b.{0,100}\bon\b.{0,40}\b(?:along with|app)\b.*
    catch (?:all )?the (?:latest|live|business|breaking)\b.{0,100}\bon\b.*
    this live ?blog (?:has (?:now )?|is (?:now )?)(?:closed|ended|finished|over)\b.*
    our (?:editors?|newsroom|journalists?) (?:choose|pick|select|curate|bring|send)s?\b.{0,160}
    join our (?:forums?|community|discord|channels?)\b.{0,160}
    editor['’]?s['’]? note\s*[:：].*
    (?:je )?m['’]inscri(?:re|s) | s['’]inscrire | s['’]abonner | réagir | lire plus tard
    partager (?:cet article|l['’]article|sur .{1,30})
    \(?avec (?:l['’])?(?:afp|reuters|ap|agences?)\)?
    (?:chaque|tous les) .{2,80}\bdans votre (?:boîte|messagerie)\b.*
    empfohlener (?:redaktioneller|externer) inhalt | externer inhalt | zur startseite
    (?:an dieser stelle|hier) finden sie (?:einen externen inhalt|(?:externe )?inhalte)\b.*
    diskutieren sie mit\b.* | schreiben sie uns\b.*
    artikel (?:an|vor)(?:hören|lesen(?: lassen)?)\b.{0,30}
    jeden (?:morgen|abend|tag|freitag) .{2,80}\b(?:in ihr(?:em)? postfach|per e-?mail)\b.*
    compart(?:e|ir) (?:esta|la) (?:noticia|nota).{0,30} | condividi (?:l['’]articolo|questo).{0,30}
    con (?:información|datos) de (?:agencias?|efe|afp|reuters|ap)\b.{0,30}
    suscribirse | registrarse
    """)
    + r"\W*",
    re.IGNORECASE | re.DOTALL,
)

# Questions about cookies, where the page asks them in its first paragraphs.
_CONSENT = re.compile(
    _UNQUOTED
    + r"\W*"
    + any_of(r"""
    we (?:and|&) (?:our |up to )?(?:[\d,. ]+ |selected |trusted )*(?:partners|vendors)\b.*
    we (?:value|respect|care about) your privacy\b.*
    your privacy (?:matters|is important|choices)\b.*
    your (?:consent|choices?|privacy preferences?) .{0,80}\b(?:cookies?|privacy|this site)\b.*
    wir (?:und unsere .{0,20}partner|verarbeiten ihre daten|benötigen ihre zustimmung)\b.*
    (?:nous et nos|nosotros y nuestros|noi e i nostri) .{0,20}(?:partenaires|socios|partner)\b.*
    """)
    + r"\Z",
    re.IGNORECASE | re.DOTALL,
)
_CONSENT_GOES_ON = re.compile(
    _UNQUOTED
    + r".*(?:\bcookies?\b|\bpartners\b|\bvendors\b|\bprivacy\b|\byour (?:consent|choices?|"
    r"preferences|data|device)\b|\b(?:ihre|votre|tu) (?:zustimmung|einwilligung|consentement)\b)",
    re.IGNORECASE | re.DOTALL,
)

# What a box of trust says below its heading.
_TRUST = re.compile(
    r"\W*why (?:should )?you (?:can |should )?trust\b|\W*why trust\b", re.IGNORECASE
)
_TRUST_GOES_ON = re.compile(
    _UNQUOTED + r"(?=.*\b(?:our|we|us)\b).*\b(?:test|review|rating|research|editor|journalis|expert"
    r"|specialist|standard|independen|fact|accura|trust|recommend)",
    re.IGNORECASE | re.DOTALL,
)

_INVITATION = re.compile(
    r"\W*"
    + any_of(r"""
    (?:sign up|subscribe|register)(?: now| here| today| free)? (?:for|to)\b.{3,80}
    (?:our |the |free )?newsletters?\b.{0,60}
    get (?:our|the) .{2,60}(?:newsletter|briefing|digest)
    (?:abonnez|inscrivez)-vous\b.{0,60} | suscríbete\b.{0,60} | iscriviti\b.{0,60}
    """),
    re.IGNORECASE,
)
_ENDS = re.compile(r"[.!?…。！？][\"”’»)\]」』]*\Z")


def is_aside(line: str) -> bool:
    """Whether a line speaks to the readers of a page, and is no part of its article."""
    if len(line) <= _LINE_MAX and (
        _ASIDE.fullmatch(line) or _CREDITED.fullmatch(line) or _LETTERS.fullmatch(line)
    ):
        return True
    return len(line) <= _NOTICE_MAX and _CONSENT.match(line) is not None


def goes_on(notice: str, line: str) -> bool:
    """Whether *line* goes on with the *notice* above it, about cookies or whom to trust."""
    if len(line) > _NOTICE_MAX:
        return False
    if _CONSENT.match(notice):
        return _CONSENT_GOES_ON.match(line) is not None
    return _TRUST.match(notice) is not None and _TRUST_GOES_ON.match(line) is not None


def is_invitation(line: str) -> bool:
    """Whether a line is the heading of a box that asks to sign up."""
    return (
        len(line) <= _INVITATION_MAX
        and _ENDS.search(line) is None
        and _INVITATION.fullmatch(line) is not None
    )
