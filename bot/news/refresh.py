"""Decide all that one poll changes.

::

    outcome ─► aliases_of ─► (storage: known) ─► plan_refresh ─► (storage: record)
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import assert_never

from bot.news.cadence import Pace, next_poll_at
from bot.news.floods import TOLD, fates
from bot.news.identity import Recognition, asked_aliases, recognise, stated_date
from bot.news.models import (
    Check,
    DocumentFacts,
    EntryId,
    Failed,
    Feed,
    FeedState,
    Fetched,
    Known,
    NewEntry,
    NotModified,
    Outcome,
    ParsedEntry,
    Refresh,
    SeenEntry,
    Validators,
)

FUTURE_MAX = timedelta(hours=48)  # a date further ahead is a mistake


def aliases_of(outcome: Outcome, feed_url: str) -> tuple[str, ...]:
    """Return the alias keys that `plan_refresh` wants to know of."""
    match outcome:
        case Fetched():
            return asked_aliases(_worth_keeping(outcome), feed_url)
        case NotModified() | Failed():
            return ()
        case _ as unreachable:
            assert_never(unreachable)


def plan_refresh(
    feed: Feed, outcome: Outcome, known: Known, now: datetime, *, pace: Pace, jitter: float = 0.0
) -> Refresh:
    """Return what polling *feed* with *outcome* changes. *known* answers `aliases_of`.

    New entries come oldest first, each with its fate, as `floods.fates` decides. *jitter*, in
    [0, 1), spreads the polls.
    """
    due_at, reason = next_poll_at(feed, outcome, now, pace, jitter)
    match outcome:
        case Failed():
            return Refresh(
                feed_id=feed.id,
                check=_check(outcome, now, size=0, error=outcome.reason),
                next_poll_at=due_at,
                next_poll_reason=reason,
                failures=feed.failures + 1,
                state=FeedState.FAILING,
                last_error=outcome.reason,
                validators=feed.validators,
                body_hash=feed.body_hash,
            )
        case NotModified():
            return Refresh(
                feed_id=feed.id,
                check=_check(outcome, now, size=outcome.size),
                next_poll_at=due_at,
                next_poll_reason=reason,
                failures=0,
                state=FeedState.OK,
                validators=_kept_validators(feed, outcome),
                body_hash=feed.body_hash,
            )
        case Fetched():
            plan = _plan_entries(feed, outcome, known, now)
            return Refresh(
                feed_id=feed.id,
                check=_check(outcome, now, size=outcome.size, new_entries=len(plan.new)),
                next_poll_at=due_at,
                next_poll_reason=reason,
                failures=0,
                state=FeedState.OK,
                validators=outcome.validators,
                body_hash=outcome.body_hash,
                title=_if_new(outcome.feed.title, feed.title),
                site_url=_if_new(outcome.feed.site_url, feed.site_url),
                icon_url=_if_new(outcome.feed.icon_url, feed.icon_url),
                language=_if_new(outcome.feed.language, feed.language),
                document=DocumentFacts(ttl_s=outcome.feed.ttl_s),
                is_republished=plan.is_republished,
                new=plan.new,
                seen=plan.seen,
            )
        case _ as unreachable:
            assert_never(unreachable)


def _if_new(told: str | None, stored: str | None) -> str | None:
    """Return what the document told if it is something else than what is stored."""
    return told if told and told != stored else None


def _check(
    outcome: Outcome, now: datetime, *, size: int, new_entries: int = 0, error: str | None = None
) -> Check:
    return Check(
        at=now,
        status=outcome.status,
        took_ms=outcome.took_ms,
        size=size,
        new_entries=new_entries,
        error=error,
    )


def _kept_validators(feed: Feed, outcome: NotModified) -> Validators:
    """Return the validators to send next: a 304 may leave out what has not changed, a 200 not."""
    if outcome.status != 304:  # noqa: PLR2004  # the status code is its own name
        return outcome.validators
    return Validators(
        etag=outcome.validators.etag or feed.validators.etag,
        last_modified=outcome.validators.last_modified or feed.validators.last_modified,
    )


def _worth_keeping(outcome: Fetched) -> list[ParsedEntry]:
    """Return the entries that say anything; an empty one is left until it does."""
    return [
        entry
        for entry in outcome.feed.entries
        if entry.url or entry.title.strip() or entry.text.strip() or entry.teaser.strip()
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    new: tuple[NewEntry, ...]
    seen: tuple[SeenEntry, ...]
    is_republished: bool


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
    entries = _worth_keeping(outcome)
    recognition = recognise(entries, feed.url, known)
    fresh = [
        (_sanely_dated(entry, now), verdict.aliases)
        for entry, verdict in zip(entries, recognition.verdicts, strict=True)
        if verdict.entry_id is None and verdict.twin_of is None
    ]
    # Oldest first; of equal dates the document's last, for documents run newest first.
    fresh.reverse()
    fresh.sort(key=lambda pair: min(pair[0].published_at or now, now))
    is_all_new = all(verdict.entry_id is None for verdict in recognition.verdicts)
    decided = fates([entry for entry, _ in fresh], feed, known, now, is_all_new=is_all_new)
    return _Plan(
        new=tuple(
            NewEntry(
                entry=entry,
                aliases=aliases,
                deliver_to=known.channels if fate in TOLD else (),
                fate=fate,
            )
            for (entry, aliases), fate in zip(fresh, decided, strict=True)
        ),
        seen=_seen(entries, recognition, known, now),
        is_republished=recognition.is_republished,
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
