"""Entries, their articles and their summaries."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Literal

from bot.news.models.ids import EntryId, FeedId, StoryId


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """The readable text behind an entry."""

    text: str
    method: Literal["feed", "page", "teaser"]
    image_url: str | None = None
    note: str | None = None  # why it is only a teaser, where it is
    # What its page says of itself, where that was read.
    title: str | None = None
    author: str | None = None
    published_on: date | None = None  # the day; pages seldom agree on the hour
    language: str | None = None  # BCP 47


class Length(StrEnum):
    """How long a channel wants its summaries."""

    SHORT = "short"
    NORMAL = "normal"
    LONG = "long"

    @property
    def words(self) -> int:
        """The most words of such a summary."""
        return _WORDS[self]


SUMMARY_WORDS = 85  # at most, of a summary; near the optimum of ROUGE on news, and five short lines


_WORDS = {Length.SHORT: 40, Length.NORMAL: SUMMARY_WORDS, Length.LONG: 150}


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """One to three sentences of a story."""

    text: str
    method: str  # "feed", "extractive", "llm:<model>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry of one feed, stored."""

    id: EntryId
    feed_id: FeedId
    story_id: StoryId
    url: str | None
    title: str
    teaser: str
    text: str  # article text if known, else the feed's content, else ""
    text_method: (
        Literal["feed", "page", "teaser"] | None
    )  # None: the article was not looked for yet
    author: str | None
    image_url: str | None
    published_at: datetime | None
    first_seen_at: datetime
    tags: tuple[str, ...] = ()  # categories, as its feed calls them

    @property
    def dated_at(self) -> datetime:
        """When it was published as far as we know.

        Orders entries, never decides whether one is new.
        """
        return self.published_at or self.first_seen_at
