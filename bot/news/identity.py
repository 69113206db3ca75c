"""Is this entry known? URLs in a comparable form, alias keys, and the rules that weigh them.

Feeds change guids, links, titles, dates and hosts without anything being new. So an entry goes by
every name it ever came under, and is new only if none of them says otherwise::

    document ─► twins merged ─► aliases of each entry, without those that occur twice
      ─► 1 strong alias stored ─► 2 no guid, link and title stored ─► 3 weak alias stored, same time
      ─► 4 the bulk of the document came back ─► new

Kinds of alias. Strong, they decide alone: ``g`` guid · ``n`` guid that is a URL, canonical ·
``d`` link and second (of an undated entry: link, title and text) · ``u`` link, where there is no
guid · ``f`` all there is, where nothing else is left. Weak, their dates must agree: ``l`` link and
title · ``p`` guid's path and title · ``t`` title and opening words · ``s`` title and second.
Evidence for the bulk: ``b`` opening words, with the link if few · ``c`` title and text, which
also tells edits.

A link counts by what it names on its host, so that a site may move; one that names nothing but a
host names no entry.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from urllib.parse import quote, unquote, urlsplit

from bot.news.models import EntryId, Known, KnownAlias, Listing, ParsedEntry
from bot.news.text import UNSPACED

STRONG = "gnduf"  # in the order of their word
WEAK = "lpts"

SAME_TIME = timedelta(hours=1)  # how far two dates of one entry may lie apart
MASS_MIN = 3  # entries that must have come back before they count as the bulk
MASS_SHARE = 0.5  # of the document
TITLE_MIN = 8  # characters of a title that is likely to be the only one of its kind
OPENING = 40  # words
OPENING_MIN = 12  # words of an opening that is evidence by itself
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)  # before there were feeds: a default, not a date

# --- URLs ---

_TRACKING_PREFIXES = ("utm_", "mtm_", "at_", "pk_", "piwik_", "matomo_", "hsa_", "_hs", "oly_")
_TRACKING_NAMES = frozenset(
    {"fbclid", "gclid", "gclsrc", "gbraid", "wbraid", "dclid", "msclkid", "yclid", "ysclid"}
    | {"twclid", "ttclid", "li_fat_id", "igshid", "igsh", "mc_cid", "mc_eid", "mkt_tok"}
    | {"vero_id", "vero_conv", "wickedid", "rb_clickid", "s_cid", "ref_src", "ref_url", "xtor"}
    | {"cmpid", "ns_campaign", "ns_source", "ns_mchannel", "__twitter_impression"}
    | {"phpsessid", "jsessionid"}
)
_TRACKING_FRAGMENT = re.compile(r"(xtor|utm_|at_|ref=|:~:text|comments$|respond$)", re.IGNORECASE)
_SESSION = re.compile(r";jsessionid=[^/;?]*", re.IGNORECASE)
_WEB = re.compile(r"(?:https?:)?//", re.IGNORECASE)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:(?!\d)", re.IGNORECASE)
_HOSTLIKE = re.compile(r"[^\s/?#]+\.[^\s/?#]+", re.IGNORECASE)
_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}")
_UNRESERVED = re.compile(r"[A-Za-z0-9._~-]")
_SAFE = "-._~:/?[]@!$&'()*+,;=%"
# What most feeds link to: nothing in it to mend.
_SIMPLE = re.compile(
    r"https?://(?:www\.(?=[^/]*\.))?((?:[a-z0-9-]{1,63}\.){1,9}[a-z0-9-]{1,63}(?:/[\w.~/-]*)?)",
    re.ASCII,
)


def canonical_url(url: str, *, referrer: str = "") -> str:
    """Return *url* in the form that identity compares; not a URL to fetch.

    Without scheme, user, default port, ``www.``, trailing "/", session ids and tracking; query
    sorted; escapes in one spelling. A ``ref`` is tracking if it names the URL's own host or
    *referrer*. What is not http(s) comes back stripped. Never raises.
    """
    text = url.strip()
    if simple := _SIMPLE.fullmatch(text):
        return simple[1].rstrip("/")
    if _WEB.match(text):
        scheme = text.partition("//")[0].lower()
    elif not _SCHEME.match(text) and _HOSTLIKE.match(text):
        scheme, text = "", f"//{text}"
    else:
        return text
    try:
        parts = urlsplit(text)
        host = _host(parts.hostname or "")
        port = parts.port
    except ValueError:
        return text
    if not host:
        return text
    shown_port = "" if port is None or (scheme, port) in _DEFAULT_PORTS else f":{port}"
    path = _spell(_SESSION.sub("", parts.path)).rstrip("/")
    query = _query(parts.query, frozenset({host, referrer}))
    fragment = "" if _TRACKING_FRAGMENT.match(parts.fragment) else _spell(parts.fragment)
    return (
        f"{host}{shown_port}{path}{f'?{query}' if query else ''}"
        f"{f'#{fragment}' if fragment else ''}"
    )


_DEFAULT_PORTS = frozenset({("http:", 80), ("https:", 443)})


def _host(host: str) -> str:
    name = host.strip(". \t").lower()
    try:
        name = name.encode("idna").decode("ascii")
    except UnicodeError:
        name = quote(name, safe=_SAFE, errors="surrogatepass").lower()
    if name.startswith("www.") and name.count(".") > 1:
        name = name.removeprefix("www.")
    return f"[{name}]" if ":" in name else name


def _spell(part: str) -> str:
    """Return *part* with every character escaped or not as RFC 3986 §6.2.2.2 would have it."""
    encoded = quote(part, safe=_SAFE, errors="surrogatepass")
    return _ESCAPE.sub(_spell_escape, encoded)


def _spell_escape(match: re.Match[str]) -> str:
    char = chr(int(match[0][1:], 16))
    return char if _UNRESERVED.fullmatch(char) else match[0].upper()


def _query(query: str, hosts: frozenset[str]) -> str:
    pieces = (_spell(piece) for piece in query.split("&") if piece)
    return "&".join(sorted(piece for piece in pieces if not _is_tracking(piece, hosts)))


def _is_tracking(piece: str, hosts: frozenset[str]) -> bool:
    name, _, value = piece.partition("=")
    name = unquote(name).lower()
    if name == "ref":
        return unquote(value).lower().removeprefix("www.") in hosts
    return name in _TRACKING_NAMES or name.startswith(_TRACKING_PREFIXES)


def _place(url: str, canonical: str) -> str:
    """Return what *url* names on its host: path, query and fragment; "" for nothing."""
    if not _WEB.match(url.strip()):
        return canonical
    at = re.search(r"[/?#]", canonical)
    return canonical[at.start() :] if at else ""


# --- Aliases ---


def feed_key(url: str) -> str:
    """Return what a feed is known by: its canonical URL and, hashed, the credentials in it.

    Who is let in by another password may be given another document, and must not come to see the
    first one's address.
    """
    try:
        credentials = urlsplit(url).netloc.rpartition("@")[0]
    except ValueError:
        credentials = ""
    if not credentials:
        return canonical_url(url)
    digest = blake2b(credentials.encode("utf-8", "replace"), digest_size=8).hexdigest()
    return f"{digest}@{canonical_url(url)}"


# In UTF-8 no character beyond ASCII has a byte of ASCII in it, so what is done to those can be done
# to the bytes, which takes a tenth of the time that it takes to walk the characters (measured).
_ASCII = bytes(range(128))
_PUNCTUATION_TO_SPACES = bytes(
    byte if byte >= len(_ASCII) or chr(byte).isalnum() else ord(" ") for byte in range(256)
)


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _beyond_ascii(encoded: bytes) -> str:
    return encoded.translate(None, _ASCII).decode("utf-8", "surrogatepass")


def norm(text: str) -> str:
    """Return *text* as its bare words: compatibility forms, case and punctuation do not count."""
    plain = unicodedata.normalize("NFKC", text)
    encoded = _encoded(plain)
    beyond = _beyond_ascii(encoded)
    encoded = encoded.lower() if beyond == beyond.casefold() else _encoded(plain.casefold())
    for char in set(_beyond_ascii(encoded)):
        if unicodedata.category(char)[0] not in "LNM":
            encoded = encoded.replace(_encoded(char), b" ")
    words = encoded.translate(_PUNCTUATION_TO_SPACES).split()
    return b" ".join(words).decode("utf-8", "surrogatepass")


def sound_date(date: datetime | None) -> datetime | None:
    """Return *date* unless it is a default such as the epoch's."""
    return date if date is not None and date >= EARLIEST else None


def stated_date(entry: ParsedEntry) -> datetime | None:
    """Return when *entry* says it was published, or else updated; None where it does not say."""
    return sound_date(entry.published_at) or sound_date(entry.updated_at)


def aliases(entry: ParsedEntry, feed_url: str) -> tuple[str, ...]:
    """Return every alias of an entry that is alone in its document."""
    return document_aliases((entry,), feed_url)[0]


def document_aliases(entries: Sequence[ParsedEntry], feed_url: str) -> list[tuple[str, ...]]:
    """Return the aliases to store of each entry, without those that occur twice in the document.

    Entries that are the same but for their guid are one entry, listed twice, and share theirs.
    """
    return [listing.stored for listing in listings(entries, feed_url)]


def asked_aliases(listed: Iterable[Listing]) -> tuple[str, ...]:
    """Return the aliases that `recognise` wants to know of."""
    return tuple(dict.fromkeys(alias for listing in listed for alias in listing.asked))


def worth_keeping(entries: Iterable[ParsedEntry]) -> tuple[ParsedEntry, ...]:
    """Return the entries that say anything; an empty one is left until it does."""
    return tuple(
        entry
        for entry in entries
        if entry.url or entry.title.strip() or entry.text.strip() or entry.teaser.strip()
    )


# Characters of scripts without spaces count as a word each.
_WORD = re.compile(f"[{UNSPACED}]|[^\\s{UNSPACED}]+")
_UNSPACED = re.compile(f"[{UNSPACED}]")
_SPACES = b" \t\n\r\x0b\x0c"
_DIGITS = b"0123456789"
_SPACES_AND_DIGITS = _SPACES + _DIGITS
_DIGITS_TO_SPACES = bytes.maketrans(_DIGITS, b" " * len(_DIGITS))
_NO_BREAK = "\xa0".encode()


def _lowered(text: str, encoded: bytes) -> bytes:
    """Return *text* in lower case, encoded; *encoded* as it is."""
    beyond = _beyond_ascii(encoded)
    return encoded.lower() if beyond == beyond.lower() else _encoded(text.lower())


def _without_digits(text: str) -> str:
    """Return *text* with spaces for the digits of ASCII."""
    return _encoded(text).translate(_DIGITS_TO_SPACES).decode("utf-8", "surrogatepass")


_OPENING_CHARS = 800  # enough for OPENING words; a long text is not walked for more


def _opening(text: str) -> tuple[str, ...]:
    found = text.split() if text.isascii() else _WORD.findall(text)
    return tuple(found[:OPENING])


class _Traits:
    """What an entry is told apart by, worked out once."""

    __slots__ = (
        "guid",
        "guid_place",
        "guid_url",
        "link",
        "link_url",
        "numberless",
        "opening",
        "said",
        "second",
        "text",
        "title",
        "title_weight",
    )

    def __init__(self, entry: ParsedEntry, referrer: str) -> None:
        self.guid = (entry.guid or "").strip()
        self.guid_url = canonical_url(self.guid, referrer=referrer) if _WEB.match(self.guid) else ""
        self.guid_place = _place(self.guid, self.guid_url) if self.guid_url else ""
        url = entry.url or ""
        self.link_url = canonical_url(url, referrer=referrer)
        self.link = _place(url, self.link_url)
        self.title = norm(entry.title)
        self.title_weight = len(self.title) + len(_UNSPACED.findall(self.title))
        raw = entry.text or entry.teaser
        opening = norm(raw[:_OPENING_CHARS])
        self.opening = _opening(opening)
        self.numberless = _opening(_without_digits(opening))
        self.said = _encoded(raw)
        # A view counter makes no edit of an article; in a short text a number is the news.
        is_long = len(self.opening) >= OPENING
        unwanted = _SPACES_AND_DIGITS if is_long else _SPACES
        self.text = _lowered(raw, self.said).replace(_NO_BREAK, b"").translate(None, unwanted)
        published_at = sound_date(entry.published_at)
        self.second = "" if published_at is None else str(int(published_at.timestamp()))

    def twin_key(self) -> tuple[str | bytes, ...]:
        """Return what two listings of one entry share."""
        is_telling = self.link and (self.title or self.text)
        return (
            self.link_url,
            "" if is_telling else self.guid,
            self.title,
            self.second,
            self.text,
        )

    def aliases(self, *, has_guid: bool) -> list[str]:
        """Return all aliases but ``f``."""
        keys: list[tuple[str, bytes]] = []
        if has_guid:
            keys.append(("g", _joined(self.guid)))
            if self.guid_place:
                keys.append(("n", _joined(self.guid_url)))
        if self.second and self.link:
            keys.append(("d", _joined(self.link, self.second)))
        elif not self.second and self.link and (self.title or self.text):
            keys.append(("d", _joined(self.link, "", self.title, "") + self.text))
        if self.link and not has_guid:
            keys.append(("u", _joined(self.link_url)))
        keys += self._weak()
        if len(self.opening) >= OPENING_MIN:
            keys.append(("b", _joined(*self.opening)))
        elif self.link and self.opening:
            keys.append(("b", _joined(self.link, "", *self.opening)))
        if self.title or self.text:
            keys.append(("c", _joined(self.title, "") + self.text))
        return [_key(kind, said) for kind, said in keys]

    def _weak(self) -> Iterable[tuple[str, bytes]]:
        if not self.title:
            return
        if self.link:
            yield "l", _joined(self.link, self.title)
        if self.guid_place and self.guid_place != self.link:
            yield "p", _joined(self.guid_place, self.title)
        if self.title_weight >= TITLE_MIN:
            if len(self.numberless) >= OPENING:
                yield "t", _joined(self.title, *self.numberless)
            # Midnight is what a date without a time becomes: it says too little.
            if self.second and int(self.second) % 86400:
                yield "s", _joined(self.title, self.second)

    def everything(self, entry: ParsedEntry) -> str:
        """Return the alias that only the very same entry has."""
        before = _joined(self.guid, entry.url or "", entry.title, entry.teaser, "")
        text = self.said if entry.text else b""
        return _key("f", before + text + _joined("", self.second))


_KEYED = blake2b(digest_size=8, key=b"herald alias 1")


def _joined(*parts: str) -> bytes:
    return _encoded("\x1f".join(parts))


def _key(kind: str, said: bytes) -> str:
    digest = _KEYED.copy()  # with the key taken in, which is half of the work
    digest.update(b"%b\x1f%b" % (kind.encode(), said))
    return f"{kind}:{digest.hexdigest()}"


def listings(entries: Sequence[ParsedEntry], feed_url: str) -> tuple[Listing, ...]:
    """Return what each entry of a document goes by, in their order."""
    referrer = canonical_url(feed_url).partition("/")[0]
    traits = [_Traits(entry, referrer) for entry in entries]
    first_of: dict[tuple[str | bytes, ...], int] = {}
    firsts = [first_of.setdefault(trait.twin_key(), at) for at, trait in enumerate(traits)]
    # A guid that several entries share is none.
    guids = Counter(
        guid for guid, _ in {(t.guid, first) for t, first in zip(traits, firsts, strict=True)}
    )
    names: dict[int, dict[str, None]] = {first: {} for first in firsts}
    for trait, first in zip(traits, firsts, strict=True):
        has_guid = bool(trait.guid) and guids[trait.guid] == 1
        names[first].update(dict.fromkeys(trait.aliases(has_guid=has_guid)))
    counts = Counter(alias for own in names.values() for alias in own)
    listed: list[Listing] = []
    for entry, trait, first in zip(entries, traits, firsts, strict=True):
        usable = tuple(alias for alias in names[first] if counts[alias] == 1)
        last_resort = traits[first].everything(entries[first])
        is_told = any(alias[0] in STRONG for alias in usable)
        listed.append(
            Listing(
                first=first,
                asked=(*usable, last_resort),
                stored=usable if is_told else (*usable, last_resort),
                has_guid=any(alias[0] == "g" for alias in usable),
                is_nameless=not trait.guid and not trait.link,
                date=stated_date(entry),
            )
        )
    return tuple(listed)


# --- Recognition ---


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What one entry of a document turned out to be.

    ``entry_id`` is that of the known entry, None for a new one; ``twin_of`` the index of the entry
    that it repeats within its document.
    """

    aliases: tuple[str, ...]  # to store
    entry_id: EntryId | None = None
    twin_of: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognition:
    """The verdicts on a document, in its order. ``is_republished``: the bulk of it came back."""

    verdicts: tuple[Verdict, ...]
    is_republished: bool = False


def recognise(listed: Sequence[Listing], known: Known) -> Recognition:
    """Tell which entries of a document are known and which are new.

    *known* must cover `asked_aliases`. The order of the entries does not matter.
    """
    found = [_sure(listing, known) or _likely(listing, known) for listing in listed]
    returned = {
        at: match
        for at, listing in enumerate(listed)
        if found[at] is None and (match := _returned(listing, known)) is not None
    }
    distinct = len({listing.first for listing in listed})
    came_back = len({listed[at].first for at in returned})
    is_republished = came_back >= MASS_MIN and came_back >= MASS_SHARE * distinct
    verdicts: list[Verdict] = []
    for at, listing in enumerate(listed):
        match = found[at] or (returned.get(at) if is_republished else None)
        entry_id = None if match is None else match.entry_id
        own = tuple(
            alias
            for alias in listing.stored
            if (owner := known.aliases.get(alias)) is None or owner.entry_id == entry_id
        )
        twin_of = None if listing.first == at else listing.first
        verdicts.append(Verdict(aliases=own, entry_id=entry_id, twin_of=twin_of))
    return Recognition(verdicts=tuple(verdicts), is_republished=is_republished)


def _sure(listing: Listing, known: Known) -> KnownAlias | None:
    """Return the entry that a strong alias names, or a guidless entry's link and title."""
    kinds = STRONG if listing.has_guid else STRONG + "l"
    for kind in kinds:
        for alias in listing.asked:
            if alias[0] == kind and alias in known.aliases:
                return known.aliases[alias]
    return None


def _likely(listing: Listing, known: Known) -> KnownAlias | None:
    """Return the entry that a weak alias names, if it has the same time."""
    kinds = WEAK + "c" if listing.is_nameless else WEAK
    for kind in kinds:
        for alias in listing.asked:
            match = known.aliases.get(alias) if alias[0] == kind else None
            if match is not None and _agree(listing, match):
                return match
    return None


def _agree(listing: Listing, match: KnownAlias) -> bool:
    if listing.date is None or match.dated_at is None:
        return listing.is_nameless and listing.date is match.dated_at
    return abs(listing.date - match.dated_at) <= SAME_TIME


def _returned(listing: Listing, known: Known) -> KnownAlias | None:
    """Return the entry whose text came back under new names and another date.

    The text has to be the same: a forecast keeps its link and title, and is new every day. Where
    there are no dates, link and title do, or title and text, for otherwise such a feed would be new
    at every poll.
    """
    stored = {alias[0]: known.aliases[alias] for alias in listing.asked if alias in known.aliases}
    named = stored.get("l") or stored.get("p")
    if named is not None and listing.date is None and named.dated_at is None:
        return named
    same = stored.get("c")
    if same is not None and (
        listing.is_nameless or named is not None or listing.date is same.dated_at is None
    ):
        return same
    return stored.get("b")
