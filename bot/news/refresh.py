"""Decide all that one poll changes.

::

    outcome ─► aliases_of ─► (storage: known) ─► plan_refresh ─► (storage: record)
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TypedDict, assert_never

from bot.news.cadence import (
    FRESH_MAX_S,
    PROBE_S,
    RESTLESS_AT,
    RHYTHM_ENTRIES,
    Pace,
    hold_of,
    next_poll_at,
    offline_until,
    pace_of,
    restless_after,
    rhythm_of,
)
from bot.news.floods import TOLD, fates
from bot.news.identity import (
    Recognition,
    asked_aliases,
    listings,
    recognise,
    stated_date,
    worth_keeping,
)
from bot.news.models import (
    Check,
    DocumentFacts,
    EntryId,
    Failed,
    Fate,
    Feed,
    FeedState,
    Fetched,
    Known,
    Listing,
    NewEntry,
    NotModified,
    Outcome,
    ParsedEntry,
    ParsedFeed,
    Refresh,
    SeenEntry,
    Validators,
)
from bot.news.states import PROBED_FOR, Health, health_of, move_of

FUTURE_MAX = timedelta(hours=48)  # a date further ahead is a mistake


def aliases_of(outcome: Outcome, feed_url: str) -> tuple[str, ...]:
    """Return the alias keys that `plan_refresh` wants to know of."""
    match outcome:
        case Fetched():
            return asked_aliases(_listed(outcome.feed, feed_url))
        case NotModified() | Failed():
            return ()
        case _ as unreachable:
            assert_never(unreachable)


def plan_refresh(
    feed: Feed,
    outcome: Outcome,
    known: Known,
    now: datetime,
    *,
    pace: Pace,
    jitter: float = 0.0,
    is_offline: bool = False,
) -> Refresh:
    """Return what polling *feed* with *outcome* changes. *known* answers `aliases_of`.

    New entries come oldest first, each with its fate, as `floods.fates` decides. *jitter*, in
    [0, 1), spreads the polls. *is_offline*: this failed because nothing can be reached now.
    """
    plan = _plan_entries(feed, outcome, known, now) if isinstance(outcome, Fetched) else _NOTHING
    rhythm = rhythm_of(_moments(known, plan.new, now))
    own_pace = pace_of(feed, rhythm, now, pace, known.wishes)
    restless_polls = restless_after(feed, outcome, is_change=plan.is_change)
    health = health_of(feed, outcome, now, is_offline=is_offline)
    move, new_url = move_of(feed, outcome, now)
    if isinstance(outcome, Failed) and is_offline:
        due_at, reason = offline_until(feed, now)
    else:
        due_at, reason = next_poll_at(
            feed,
            outcome,
            now,
            own_pace,
            jitter,
            rhythm=rhythm,
            is_restless=restless_polls >= RESTLESS_AT,
        )
        if health.state is not FeedState.OK:
            due_at, reason = _unwell(health, due_at, reason, now)
    return Refresh(
        feed_id=feed.id,
        host_group=feed.host_group,
        check=_check(outcome, now, new_entries=len(plan.new)),
        next_poll_at=due_at,
        next_poll_reason=reason,
        state=health.state,
        failures=health.failures,
        last_error=health.last_error,
        failing_since=health.failing_since,
        failing_told_at=health.failing_told_at,
        gone_since=health.gone_since,
        change=health.change,
        move=move,
        new_url=new_url,
        hold=hold_of(feed, outcome, now, own_pace),
        fresh_until=_fresh_until(outcome, now),
        restless_polls=restless_polls,
        usual_gap_s=rhythm.usual_gap_s,
        newest_at=rhythm.newest_at,
        is_republished=plan.is_republished,
        new=plan.new,
        seen=plan.seen,
        **_told(feed, outcome),
    )


class _Told(TypedDict, total=False):
    """What an outcome tells of its feed, as fields of Refresh."""

    validators: Validators
    body_hash: str | None
    title: str | None
    site_url: str | None
    icon_url: str | None
    language: str | None
    document: DocumentFacts


def _told(feed: Feed, outcome: Outcome) -> _Told:
    match outcome:
        case Failed(validators=Validators() as validators, body_hash=str(body_hash)):
            return _Told(validators=validators, body_hash=body_hash)
        case Failed():
            return _Told(validators=feed.validators, body_hash=feed.body_hash)
        case NotModified():
            return _Told(validators=_kept_validators(feed, outcome), body_hash=feed.body_hash)
        case Fetched(feed=told):
            return _Told(
                validators=outcome.validators,
                body_hash=outcome.body_hash,
                title=_if_new(told.title, feed.title),
                site_url=_if_new(told.site_url, feed.site_url),
                icon_url=_if_new(told.icon_url, feed.icon_url),
                language=_if_new(told.language, feed.language),
                document=DocumentFacts(
                    ttl_s=told.ttl_s,
                    skip_hours=told.skip_hours,
                    skip_days=told.skip_days,
                    hub_url=told.hub_url,
                ),
            )
        case _ as unreachable:
            assert_never(unreachable)


def _fresh_until(outcome: Outcome, now: datetime) -> datetime | None:
    """Return until when the server says its answer stays as it is; None where it does not."""
    fresh_s = outcome.hints.fresh_for_s
    return now + timedelta(seconds=min(fresh_s, FRESH_MAX_S)) if fresh_s else None


def _unwell(health: Health, due_at: datetime, reason: str, now: datetime) -> tuple[datetime, str]:
    """Return when and why to poll a feed that has failed; *due_at* and *reason* by its cadence."""
    match health.state:
        case FeedState.GONE:
            return due_at, "never again: it is gone"
        case FeedState.PAUSED if health.failing_told_at is not None:
            due_at = max(due_at, now + timedelta(seconds=PROBE_S))
            until = health.failing_told_at + PROBED_FOR
            if due_at >= until:
                return due_at, f"no more: it has failed until {until:%Y-%m-%d}; check it by hand"
            return due_at, f"once a day until {until:%Y-%m-%d}, as it has failed for so long"
        case _:
            return due_at, reason


def _moments(
    known: Known, new: Sequence[NewEntry], now: datetime
) -> list[tuple[datetime, datetime | None]]:
    """Return when each of the newest entries was first seen, and the date it states."""
    moments = [(now, entry.entry.published_at) for entry in new] + list(known.seen)
    moments.sort(key=lambda moment: moment[1] or moment[0], reverse=True)
    return moments[:RHYTHM_ENTRIES]


def _if_new(told: str | None, stored: str | None) -> str | None:
    """Return what the document told if it is something else than what is stored."""
    return told if told and told != stored else None


def _check(outcome: Outcome, now: datetime, *, new_entries: int) -> Check:
    return Check(
        at=now,
        status=outcome.status,
        took_ms=outcome.took_ms,
        size=0 if isinstance(outcome, Failed) else outcome.size,
        new_entries=new_entries,
        error=outcome.reason if isinstance(outcome, Failed) else None,
    )


def _kept_validators(feed: Feed, outcome: NotModified) -> Validators:
    """Return the validators to send next: a 304 may leave out what has not changed, a 200 not."""
    if outcome.status != 304:  # noqa: PLR2004  # the status code is its own name
        return outcome.validators
    return Validators(
        etag=outcome.validators.etag or feed.validators.etag,
        last_modified=outcome.validators.last_modified or feed.validators.last_modified,
    )


def _listed(document: ParsedFeed, feed_url: str) -> Sequence[Listing]:
    """Return what the entries go by: as who read the document worked it out, if for this URL."""
    if document.listed is not None and document.listed.url == feed_url:
        return document.listed.entries
    return _listings(worth_keeping(document.entries), feed_url)


@lru_cache(maxsize=4)  # a poll asks twice: for the keys to look up, and for the verdicts
def _listings(entries: tuple[ParsedEntry, ...], feed_url: str) -> Sequence[Listing]:
    return listings(entries, feed_url)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    new: tuple[NewEntry, ...]
    seen: tuple[SeenEntry, ...]
    is_republished: bool
    is_change: bool  # an entry is new, or another than it was


_NOTHING = _Plan(new=(), seen=(), is_republished=False, is_change=False)


def _sanely_dated(entry: ParsedEntry, now: datetime) -> ParsedEntry:
    """Return *entry* with the date to store: published, else updated, else None."""
    latest = now + FUTURE_MAX
    past = replace(
        entry,
        published_at=_unless_after(entry.published_at, latest),
        updated_at=_unless_after(entry.updated_at, latest),
    )
    return replace(past, published_at=stated_date(past))


def _unless_after(date: datetime | None, latest: datetime) -> datetime | None:
    return None if date is not None and date > latest else date


def _plan_entries(feed: Feed, outcome: Fetched, known: Known, now: datetime) -> _Plan:
    entries = worth_keeping(outcome.feed.entries)
    recognition = recognise(_listed(outcome.feed, feed.url), known)
    fresh = [
        (_sanely_dated(entry, now), verdict.aliases)
        for entry, verdict in zip(entries, recognition.verdicts, strict=True)
        if verdict.entry_id is None and verdict.twin_of is None
    ]
    # Oldest first; of equal dates the document's last, for documents run newest first.
    fresh.reverse()
    fresh.sort(key=lambda pair: min(pair[0].published_at or now, now))
    is_all_new = all(verdict.entry_id is None for verdict in recognition.verdicts)
    found = [entry for entry, _ in fresh]
    decided = fates(found, feed, known, now, is_all_new=is_all_new)
    with_old = decided
    if known.old_too and Fate.TOO_OLD in decided:
        with_old = fates(found, feed, known, now, is_all_new=is_all_new, posts_old=True)
    seen = _seen(entries, recognition, known, now)
    return _Plan(
        new=tuple(
            _new_entry(entry, aliases, known, fate, old_fate)
            for (entry, aliases), fate, old_fate in zip(fresh, decided, with_old, strict=True)
        ),
        seen=seen,
        is_republished=recognition.is_republished,
        is_change=bool(fresh) or any(entry.changed is not None for entry in seen),
    )


def _new_entry(
    entry: ParsedEntry, aliases: tuple[str, ...], known: Known, fate: Fate, old_fate: Fate
) -> NewEntry:
    """Return *entry* with its *fate*, and *old_fate* in the channels that want what is old."""
    apart = frozenset() if fate is old_fate else known.old_too
    return NewEntry(
        entry=entry,
        aliases=aliases,
        deliver_to=tuple(place for place in known.channels if place[1] not in apart)
        if fate in TOLD
        else (),
        fate=fate,
        otherwise=tuple((place, old_fate) for place in known.channels if place[1] in apart),
    )


def _seen(
    entries: Sequence[ParsedEntry], recognition: Recognition, known: Known, now: datetime
) -> tuple[SeenEntry, ...]:
    """Return the known entries of a document, each once."""
    met: dict[EntryId, SeenEntry] = {}
    for entry, verdict in zip(entries, recognition.verdicts, strict=True):
        if verdict.entry_id is None or verdict.twin_of is not None:
            continue
        before = met.get(verdict.entry_id)
        changed = _sanely_dated(entry, now) if _is_edited(verdict.aliases, known) else None
        met[verdict.entry_id] = SeenEntry(
            entry_id=verdict.entry_id,
            aliases=verdict.aliases if before is None else (*before.aliases, *verdict.aliases),
            changed=changed if before is None else before.changed or changed,
        )
    return tuple(met.values())


def _is_edited(aliases: Sequence[str], known: Known) -> bool:
    """Whether title, text or link are others than ever before; what comes and goes counts once."""
    return any(alias[0] in "cl" and alias not in known.aliases for alias in aliases)
