"""Is it new? The republishing and the must-post cases, on feeds of every make."""

import itertools
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.news.identity import (
    aliases,
    asked_aliases,
    document_aliases,
    listings,
    norm,
    recognise,
)
from bot.news.models import EntryId, Known, KnownAlias, ParsedEntry
from tests.factories import FEED_URL, NOW
from tests.news.archive import Archive
from tests.strategies import documents, parsed_entries

DAY = timedelta(days=1)

_SUBJECTS = (
    *("harbour", "bridge", "school", "orchard", "tram"),
    *("library", "market", "lighthouse", "museum", "clinic"),
)
_EVENTS = ("reopens after the long repair", "asks its neighbours for help this week")
_STUFF = (
    "The council of Velm heard the report on Tuesday evening and decided by a narrow vote to go on"
    " with the works before winter sets in because the estimate of the engineers left little room"
    " for another season of waiting and the money is there now"
)


def feed(
    *, guid: str = "link", text: str = "long", is_dated: bool = True, count: int = 20
) -> list[ParsedEntry]:
    """Return a document of *count* entries, newest first."""
    made = []
    for number, (event, subject) in enumerate(itertools.product(_EVENTS, _SUBJECTS)):
        link = f"http://courier.example.org/2026/{subject}-{number}.html"
        body = f"The {subject} {event}. {_STUFF}, said warden {number} of the {subject}."
        made.append(
            ParsedEntry(
                guid={"link": link, "opaque": f"courier-{number:05}", "none": None}[guid],
                url=link,
                title=f"The {subject} {event}",
                text={"long": body, "short": f"News of the {subject} today.", "none": ""}[text],
                published_at=NOW - timedelta(hours=5 * number + 1, minutes=7) if is_dated else None,
            )
        )
    return made[:count]


Change = Callable[[int, ParsedEntry], ParsedEntry]


def _everywhere(entry: ParsedEntry, old: str, new: str) -> ParsedEntry:
    return replace(
        entry,
        guid=entry.guid and entry.guid.replace(old, new),
        url=entry.url and entry.url.replace(old, new),
    )


def http_to_https(_: int, entry: ParsedEntry) -> ParsedEntry:
    return _everywhere(entry, "http://", "https://")


def domain_move(_: int, entry: ParsedEntry) -> ParsedEntry:
    return _everywhere(entry, "courier.example.org", "news.example.net")


def guid_regenerated(at: int, entry: ParsedEntry) -> ParsedEntry:
    return replace(entry, guid=f"build-4711-{at}")


def guid_removed(_: int, entry: ParsedEntry) -> ParsedEntry:
    return replace(entry, guid=None)


def utm_changes(at: int, entry: ParsedEntry) -> ParsedEntry:
    return replace(entry, url=f"{entry.url}?utm_source=rss&utm_campaign=c{at}")


def dates_bumped(at: int, entry: ParsedEntry) -> ParsedEntry:
    return replace(
        entry, published_at=entry.published_at and NOW + timedelta(minutes=90, seconds=at)
    )


def title_typo_mended(_: int, entry: ParsedEntry) -> ParsedEntry:
    return replace(entry, title=entry.title.replace("e", "é", 1) + "s")


def view_counter(at: int, entry: ParsedEntry) -> ParsedEntry:
    return replace(entry, text=f"{entry.text} Read {1000 + at} times.")


def all_guids_equal(_: int, entry: ParsedEntry) -> ParsedEntry:
    return replace(entry, guid="article")


def slash_and_scheme(_: int, entry: ParsedEntry) -> ParsedEntry:
    return replace(_everywhere(entry, "http://", "https://"), url=f"{entry.url}/")


def both(*changes: Change) -> Change:
    def change(at: int, entry: ParsedEntry) -> ParsedEntry:
        for one in changes:
            entry = one(at, entry)
        return entry

    return change


REPUBLISHED: dict[str, Change] = {
    "http to https everywhere": http_to_https,
    "domain move": domain_move,
    "guid regenerated at each build": guid_regenerated,
    "guid removed": guid_removed,
    "utm changes": utm_changes,
    "no guid and utm changes": both(guid_removed, utm_changes),
    "all dates bumped": dates_bumped,
    "a title typo mended": title_typo_mended,
    "a view counter in the body": view_counter,
    "all guids equal": all_guids_equal,
    "scheme and trailing slash": slash_and_scheme,
    "domain move with dates bumped": both(domain_move, dates_bumped),
    "guid regenerated with a title typo": both(guid_regenerated, title_typo_mended),
}


MAKES = [
    (guid, text, is_dated)
    for guid in ("link", "opaque", "none")
    for text in ("long", "short", "none")
    for is_dated in (True, False)
]


def _came_back_as_new(change: Change, guid: str, text: str, is_dated: bool) -> int:
    archive = Archive()
    entries = feed(guid=guid, text=text, is_dated=is_dated)
    archive.poll(entries)
    return archive.record(archive.plan([change(at, entry) for at, entry in enumerate(entries)]))


# Without date and text nothing is left of it but the link, and that alone may be a bulletin's.
_BARE = "guid regenerated with a title typo"


@pytest.mark.parametrize(
    ("name", "guid", "text", "is_dated"),
    [
        (name, *make)
        for name in REPUBLISHED
        for make in MAKES
        if name != _BARE or make[1:] != ("none", False)
    ],
)
def test_a_feed_that_comes_back_changed_is_not_new(
    name: str, guid: str, text: str, is_dated: bool
) -> None:
    assert _came_back_as_new(REPUBLISHED[name], guid, text, is_dated) == 0


@pytest.mark.parametrize(
    "change",
    [
        both(domain_move, title_typo_mended),
        both(domain_move, guid_regenerated, title_typo_mended),
        both(http_to_https, dates_bumped, view_counter),
        both(guid_regenerated, dates_bumped, title_typo_mended),
        both(guid_removed, dates_bumped, utm_changes, slash_and_scheme),
        both(all_guids_equal, domain_move, utm_changes),
    ],
)
def test_changes_may_come_together(change: Change) -> None:
    assert _came_back_as_new(change, "link", "long", is_dated=True) == 0


def test_an_undated_feed_with_new_guids_and_texts_is_known_by_links_and_titles() -> None:
    change = both(guid_regenerated, view_counter)
    assert _came_back_as_new(change, "opaque", "short", is_dated=False) == 0


def test_a_site_that_moves_to_other_paths_is_not_new() -> None:
    def new_paths(at: int, entry: ParsedEntry) -> ParsedEntry:
        link = f"https://courier.example.org/posts/{at}"
        return replace(entry, guid=link, url=link)

    assert _came_back_as_new(new_paths, "link", "short", is_dated=True) == 0
    assert _came_back_as_new(both(new_paths, dates_bumped), "link", "long", is_dated=True) == 0
    for text in ("long", "short", "none"):
        assert _came_back_as_new(new_paths, "link", text, is_dated=False) == 0


def test_one_entry_that_gets_another_slug_and_hour_is_not_new() -> None:
    archive = Archive()
    entries = feed()
    archive.poll(entries)
    link = "https://courier.example.org/2026/better-slug.html"
    entries[3] = replace(
        entries[3],
        guid=link,
        url=link,
        published_at=entries[3].published_at and entries[3].published_at + timedelta(minutes=40),
    )
    assert archive.poll(entries) == []


def test_a_feed_whose_every_build_makes_new_guids_stays_quiet() -> None:
    archive = Archive()
    for build in range(5):
        for count in (1, 2, 20):
            for is_dated in (True, False):
                entries = feed(count=20, is_dated=is_dated)[:count]
                fresh = [replace(e, guid=f"{build}-{at}") for at, e in enumerate(entries)]
                posted = archive.poll(fresh)
                assert build == 0 or posted == []


def test_a_feed_that_lists_an_entry_twice_posts_it_once() -> None:
    archive = Archive()
    archive.poll(feed()[1:])
    newest = feed()[0]
    listed_twice = [newest, replace(newest, guid="other"), *feed()[1:]]
    assert len(archive.poll(listed_twice)) == 1
    assert archive.poll(listed_twice) == []
    assert archive.poll(feed()) == []


def test_an_entry_that_leaves_and_returns_is_not_new() -> None:
    archive = Archive()
    archive.poll(feed())
    archive.poll(feed()[5:])
    assert archive.poll(feed()) == []


# --- What must be posted, once ---


def one(**changes: object) -> ParsedEntry:
    """Return the only entry of a one-item feed."""
    made = ParsedEntry(
        guid="status-1",
        url="https://courier.example.org/status",
        title="Harbour status for today",
        text=f"All berths are open. {_STUFF}.",
        published_at=NOW,
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # the fields of the caller


TOMORROW = NOW + DAY
_BERTH = "https://courier.example.org/berth"

MUST_POST: dict[str, tuple[ParsedEntry, ParsedEntry]] = {
    "one-item feed, same title and text next day under a new guid and link": (
        one(),
        one(guid="status-2", url=f"{_BERTH}/2", published_at=TOMORROW),
    ),
    "constant link with new guid and title": (
        one(),
        one(guid="status-2", title="Harbour closed by fog", text="Fog.", published_at=TOMORROW),
    ),
    "constant link, title and text with a new guid next day": (
        one(),
        one(guid="status-2", published_at=TOMORROW),
    ),
    "no guid, new link, same title and text next day": (
        one(guid=None),
        one(guid=None, url=f"{_BERTH}/2", published_at=TOMORROW),
    ),
    "no guid and no link, new title": (
        one(guid=None, url=None),
        one(guid=None, url=None, title="Harbour closed by fog"),
    ),
    "the same link months later with new guid and title": (
        one(),
        one(guid="status-2", title="Harbour status a season on", published_at=NOW + 150 * DAY),
    ),
    "?id=1 to ?id=2 without guid": (
        one(guid=None, url=f"{_BERTH}?id=1"),
        one(guid=None, url=f"{_BERTH}?id=2", title="Second berth reopened", text="Again."),
    ),
    "a difference in the fragment only, no guid": (
        one(guid=None, url=f"{_BERTH}#1.0", title="Version 1.0", text="First."),
        one(guid=None, url=f"{_BERTH}#1.1", title="Version 1.1", text="Second."),
    ),
    # Beyond the eight.
    "a difference in the fragment only, all else the same next day": (
        one(guid=None, url=f"{_BERTH}#1.0"),
        one(guid=None, url=f"{_BERTH}#1.1", published_at=TOMORROW),
    ),
    "no guid, the link of the home page, new title": (
        one(guid=None, url="https://courier.example.org/"),
        one(
            guid=None,
            url="https://courier.example.org/",
            title="Harbour closed by fog",
            text="Fog.",
            published_at=TOMORROW,
        ),
    ),
    "constant link and the epoch for a date, new guid and title": (
        one(published_at=None),
        one(guid="status-2", title="Harbour closed by fog", text="Fog.", published_at=None),
    ),
    "same title on another day, everything else new": (
        one(text="All open."),
        one(guid="s2", url=f"{_BERTH}/2", text="Two closed.", published_at=TOMORROW),
    ),
}


@pytest.mark.parametrize("name", MUST_POST)
@pytest.mark.parametrize("others", [0, 10], ids=["alone", "among others"])
def test_what_is_new_is_posted_once(name: str, others: int) -> None:
    first, second = MUST_POST[name]
    archive = Archive()
    archive.poll([first, *feed(count=others)])
    wait = max(timedelta(hours=2), (second.published_at or NOW) - NOW)
    document = [second, *feed(count=others)]
    assert len(archive.poll(document, wait=wait)) == 1
    assert archive.poll(document) == []


@pytest.mark.parametrize("name", MUST_POST)
def test_what_is_new_is_posted_beside_what_it_resembles(name: str) -> None:
    first, second = MUST_POST[name]
    archive = Archive()
    archive.poll([first])
    wait = max(timedelta(hours=2), (second.published_at or NOW) - NOW)
    assert len(archive.poll([second, first], wait=wait)) == 1
    assert archive.poll([second, first]) == []
    assert archive.poll([second]) == []


def test_a_tracking_fragment_makes_nothing_new() -> None:
    archive = Archive()
    archive.poll([replace(entry, guid=None) for entry in feed()])
    tracked = [replace(e, guid=None, url=f"{e.url}#xtor=RSS-1") for e in feed()]
    assert archive.poll(tracked) == []


def test_forecasts_that_keep_links_and_titles_are_new_every_day() -> None:
    def forecast(day: int) -> list[ParsedEntry]:
        return [
            ParsedEntry(
                guid=f"{place}-{day}",
                url=f"https://weather.example.org/{place}",
                title=f"Weather for the town of {place}",
                text=("Sunny and mild.", "Rain from noon.", "Fog, then wind.")[day],
                published_at=NOW + day * DAY,
            )
            for place in ("velm", "arden", "ostby", "marl", "tarn")
        ]

    archive = Archive()
    archive.poll(forecast(0))
    assert len(archive.poll(forecast(1), wait=DAY)) == 5
    assert len(archive.poll(forecast(2), wait=DAY)) == 5


def test_results_that_differ_in_numbers_only_are_new() -> None:
    def draw(day: int) -> list[ParsedEntry]:
        return [
            ParsedEntry(
                guid=f"{game}-{day}",
                url=f"https://lottery.example.org/{game}",
                title=f"Results of the {game} draw",
                text=f"The numbers are {day + 3}, {day + 17} and {day + 21}.",
                published_at=NOW + day * DAY,
            )
            for game in ("noon", "evening", "weekly")
        ]

    archive = Archive()
    archive.poll(draw(0))
    assert len(archive.poll(draw(1), wait=DAY)) == 3


def test_new_entries_among_republished_ones_are_posted() -> None:
    archive = Archive()
    archive.poll(feed()[2:])
    moved = [dates_bumped(at, domain_move(at, entry)) for at, entry in enumerate(feed())]
    assert archive.poll(moved) == moved[:2]


def test_the_mass_rule_is_told() -> None:
    archive = Archive()
    archive.poll(feed())
    moved = [dates_bumped(at, domain_move(at, entry)) for at, entry in enumerate(feed())]
    assert archive.plan(moved).is_republished
    assert not archive.plan(feed()).is_republished


@pytest.mark.parametrize(("known_count", "is_mass"), [(9, False), (10, True)])
def test_half_of_the_document_is_the_bulk(known_count: int, is_mass: bool) -> None:
    archive = Archive()
    archive.poll(feed()[:known_count])
    moved = [dates_bumped(at, domain_move(at, entry)) for at, entry in enumerate(feed())]
    assert archive.plan(moved).is_republished == is_mass


def test_two_entries_are_no_bulk() -> None:
    archive = Archive()
    archive.poll(feed(count=2))
    moved = [dates_bumped(at, domain_move(at, e)) for at, e in enumerate(feed(count=2))]
    assert len(archive.plan(moved).new) == 2


@pytest.mark.parametrize(("shift", "is_known"), [(3600, True), (3601, False)])
def test_a_weak_alias_needs_the_same_hour(shift: int, is_known: bool) -> None:
    archive = Archive()
    entry = feed(count=1)[0]
    archive.poll([entry])
    assert entry.published_at is not None
    changed = replace(
        domain_move(0, entry),
        guid="renamed",
        published_at=entry.published_at + timedelta(seconds=shift),
    )
    assert (archive.plan([changed]).new == ()) == is_known


# --- Aliases ---


def _kinds(entry: ParsedEntry) -> str:
    return "".join(alias[0] for alias in aliases(entry, FEED_URL))


def test_each_name_of_an_entry_has_its_kind() -> None:
    link = feed(guid="link", count=1)[0]
    assert _kinds(link) == "gndltsbc"
    assert _kinds(replace(link, guid=None)) == "dultsbc"
    assert _kinds(replace(link, guid="https://courier.example.org/?p=7")) == "gndlptsbc"
    assert _kinds(ParsedEntry(title="Fog")) == "cf"
    assert _kinds(ParsedEntry()) == "f"


def test_aliases_are_short_and_keyed() -> None:
    entry = feed(count=1)[0]
    for alias in aliases(entry, FEED_URL):
        kind, _, digest = alias.partition(":")
        assert len(kind) == 1
        assert len(digest) == 16
        assert int(digest, 16) >= 0
    assert str(entry.guid) not in "".join(aliases(entry, FEED_URL))


def test_a_day_without_a_time_says_too_little_beside_a_title() -> None:
    midnight = NOW.replace(hour=0, minute=0)
    assert "s" not in _kinds(replace(feed(count=1)[0], published_at=midnight))


def test_links_in_scripts_without_spaces_count_every_character_as_a_word() -> None:
    text = (
        "港口的防波堤在风暴中受损当局说修复工作将持续到秋天居民们被要求远离码头直到另行通知为止" * 2
    )
    entry = ParsedEntry(title="港口防波堤", text=text, guid="1", published_at=NOW)
    assert {"t", "s", "b"} <= set(_kinds(entry))


def test_norm_keeps_the_vowel_signs_of_indic_scripts() -> None:
    assert norm("हिन्दी, हम!") == "हिन्दी हम"
    assert norm("  The “Harbour” — Ⅳ ") == "the harbour iv"


@given(entries=documents)
def test_no_alias_stands_for_two_entries_of_a_document(entries: Sequence[ParsedEntry]) -> None:
    owners: dict[str, set[tuple[str, ...]]] = {}
    for listed in document_aliases(entries, FEED_URL):
        for alias in listed:
            owners.setdefault(alias, set()).add(listed)
    assert all(len(owner) == 1 for owner in owners.values())


@given(entries=documents)
def test_every_entry_has_an_alias_and_every_stored_one_is_asked(
    entries: Sequence[ParsedEntry],
) -> None:
    asked = set(asked_aliases(listings(entries, FEED_URL)))
    listed = document_aliases(entries, FEED_URL)
    assert len(listed) == len(entries)
    assert all(one and asked.issuperset(one) for one in listed)


@given(entries=documents, seed=st.randoms(use_true_random=False))
def test_reordering_changes_no_alias(entries: Sequence[ParsedEntry], seed: random.Random) -> None:
    listed = document_aliases(entries, FEED_URL)
    order = list(range(len(entries)))
    seed.shuffle(order)
    shuffled = document_aliases([entries[at] for at in order], FEED_URL)
    for at, found in zip(order, shuffled, strict=True):
        assert _but_last_resort(found) == _but_last_resort(listed[at])


def _but_last_resort(found: Sequence[str]) -> set[str]:
    """Leave ``f`` out: of twins that differ in what nobody compares, the first one's counts."""
    return {alias for alias in found if alias[0] != "f"}


@given(first=documents, second=documents)
def test_planning_twice_changes_nothing(
    first: Sequence[ParsedEntry], second: Sequence[ParsedEntry]
) -> None:
    archive = Archive()
    archive.poll(first)
    archive.poll(second)
    before = (dict(archive.aliases), dict(archive.entries), list(archive.posted))
    again = archive.plan(second)
    assert again.new == ()
    assert all(seen.changed is None for seen in again.seen)
    archive.record(again)
    assert before == (archive.aliases, archive.entries, archive.posted)


@given(first=documents, second=documents, seed=st.randoms(use_true_random=False))
def test_what_is_new_does_not_depend_on_the_order(
    first: Sequence[ParsedEntry], second: Sequence[ParsedEntry], seed: random.Random
) -> None:
    archive = Archive()
    archive.poll(first)
    shuffled = list(second)
    seed.shuffle(shuffled)
    plans = archive.plan(second), archive.plan(shuffled)
    assert len(plans[0].new) == len(plans[1].new)
    assert {seen.entry_id for seen in plans[0].seen} == {seen.entry_id for seen in plans[1].seen}
    archive.record(plans[0])
    assert archive.plan(shuffled).new == ()


@given(entry=parsed_entries)
def test_an_unknown_entry_is_new(entry: ParsedEntry) -> None:
    recognition = recognise(listings((entry,), FEED_URL), Known())
    assert recognition.verdicts[0].entry_id is None
    assert not recognition.is_republished


def test_aliases_of_another_entry_are_not_claimed() -> None:
    archive = Archive()
    archive.poll([one()])
    second = one(guid="status-2", published_at=TOMORROW)
    new = archive.plan([second], wait=DAY).new[0]
    assert new.aliases
    assert not set(new.aliases) & set(archive.aliases)


def test_a_strong_alias_outweighs_a_weaker_one() -> None:
    entry = feed(count=1)[0]
    guid, link = (a for a in aliases(entry, FEED_URL) if a[0] in "gd")
    known = Known(
        aliases={
            guid: KnownAlias(entry_id=EntryId(1), dated_at=None),
            link: KnownAlias(entry_id=EntryId(2), dated_at=None),
        },
        has_history=True,
    )
    assert recognise(listings((entry,), FEED_URL), known).verdicts[0].entry_id == 1


_LONG = " ".join(f"Wort{i} “läuft”\xa0weiter, {i} mal\n" for i in range(40))


@pytest.mark.parametrize(
    ("entry", "names"),
    [
        (
            ParsedEntry(
                guid="tag:example.org,2026:1",
                url="https://example.org/a?utm_source=x#y",
                title="Die „Brücke“ öffnet 2026",
                text=_LONG,
                published_at=datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC),
            ),
            (
                "g:ba5dc2ab97f13f57 d:51e57a3a7c98d3da l:93045374f017b83d t:26e24b39ac449e75"
                " s:8b0541d1f154bcb0 b:3ea514ff10c8cbc8 c:70bb3b78d48136ca"
            ),
        ),
        (
            ParsedEntry(
                guid=None,
                url="http://example.org/b",
                title="短い",
                text="橋が\u3000開いた 12",
                teaser="x",
            ),
            (
                "d:9475053237fd08a7 u:d11cc087391f67a1 l:14bccc28db25ac54 b:d857bcd745744fb7"
                " c:a58ed4fc7f2fb17e"
            ),
        ),
    ],
)
def test_an_entry_is_known_by_the_names_that_archives_hold(entry: ParsedEntry, names: str) -> None:
    """These stand in everybody's database: another name for the same is a post again."""
    assert aliases(entry, "https://example.org/feed") == tuple(names.split())
