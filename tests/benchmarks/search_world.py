# ruff: noqa: SIM905  # lists of words read best as text
"""An archive to search that nobody wrote: words by Zipf's law, each entry about a few of them.

A language's commonest words stand in nearly every text and carry nothing; an article says its own
ten or so again and again. Both decide what a search costs, so both are here: stop words first, then
invented words whose frequency falls with their rank, in the forms that English gives its words.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from random import Random
from typing import NamedTuple

from bot.news.models import NewEntry, ParsedEntry

WORDS_PER_ENTRY = 150
FEEDS = 200
FIRST_AT = datetime(2023, 1, 1, tzinfo=UTC)
_LEMMAS = 24_000
_TOPIC_WORDS = 10
_TOPIC_SHARE = 0.3  # of an entry's words
_SENTENCE = 18  # words
_TITLE = 8
_FIRST_TOPIC_RANK = 150  # what is more frequent is no article's subject

_STOPS = (
    "the of and to in a is that for it was on are as with his they at be this from have or by one"
    " had not but what all were when we there can an your which their said if do will each about"
    " how up out them then she many some so these would other into has more her two like him see"
).split()
_ONSETS = "b br c ch d dr f fl g gr h j k l m n p pl pr qu r s sh sl st t th tr v w".split()
_VOWELS = "a e i o u ai ea ee io oa ou".split()
_CODAS = "b ck d ft g l ld ll m mp n nd ng nt p r rd rm rn s sk st t th x".split()
_ENDINGS = ("", "", "", "s", "ed", "ing", "er", "ly", "ment")


class Question(NamedTuple):
    """Words that somebody who looks for entry ``number`` might type."""

    number: int
    text: str


class World:
    """The same entries in the same order every time, for the same *seed*."""

    def __init__(self, seed: int = 7) -> None:
        dice = Random(seed)  # noqa: S311  # the same words each time
        lemmas = list(dict.fromkeys(self._lemmas(dice)))
        forms = [lemma + ending for lemma in lemmas for ending in ("", *dice.sample(_ENDINGS, 2))]
        dice.shuffle(forms)
        forms.sort(key=lambda form: len(form) // 4)  # the commoner, the shorter
        self.words: Sequence[str] = list(dict.fromkeys([*_STOPS, *forms]))
        self._weights = list(accumulate(1 / rank for rank in range(3, len(self.words) + 3)))
        self._subjects = self.words[_FIRST_TOPIC_RANK:]
        self._topical = list(
            accumulate(1 / rank for rank in range(_FIRST_TOPIC_RANK, len(self.words)))
        )
        self._seed = seed

    @staticmethod
    def _lemmas(dice: Random) -> Iterator[str]:
        for _ in range(_LEMMAS):
            yield "".join(
                dice.choice(_ONSETS) + dice.choice(_VOWELS) + dice.choice(("", dice.choice(_CODAS)))
                for _ in range(dice.choice((1, 2, 2, 3)))
            )

    def entry(self, number: int, at: datetime) -> NewEntry:
        """Return entry *number*, published *at*."""
        dice = Random(self._seed * 1_000_003 + number)  # noqa: S311  # the same entry each time
        topic = self._topic(dice)
        own = int(WORDS_PER_ENTRY * _TOPIC_SHARE)
        told = dice.choices(self.words, cum_weights=self._weights, k=WORDS_PER_ENTRY - own)
        told += dice.choices(topic, k=own)
        dice.shuffle(told)
        title = [*dice.choices(topic, k=5), *dice.choices(self.words[:400], k=_TITLE - 5)]
        dice.shuffle(title)
        sentences = [
            " ".join(told[first : first + _SENTENCE]).capitalize() + "."
            for first in range(0, len(told), _SENTENCE)
        ]
        text = "\n\n".join(" ".join(sentences[first : first + 3]) for first in range(0, 9, 3))
        return NewEntry(
            entry=ParsedEntry(
                guid=f"n{number}",
                url=f"https://paper{number % FEEDS}.example.org/{number}",
                title=" ".join(title).capitalize(),
                teaser=sentences[0],
                text=text,
                published_at=at,
            ),
            aliases=(f"g:n{number}",),
        )

    def question(self, dice: Random, of: int) -> Question:
        """Return a question that one of the first *of* entries answers: two to eight words."""
        number = dice.randrange(of)
        topic = self._topic(Random(self._seed * 1_000_003 + number))  # noqa: S311  # as its entry
        asked = dice.sample(topic, dice.randint(2, 5))
        asked += dice.choices(self.words[60:5_000], k=dice.randint(0, 2))  # beside the point
        asked += dice.choices(_STOPS, k=dice.randint(0, 3))
        dice.shuffle(asked)
        return Question(number, " ".join(asked))

    def _topic(self, dice: Random) -> list[str]:
        return dice.choices(self._subjects, cum_weights=self._topical, k=_TOPIC_WORDS)


def published_at(number: int, of: int) -> datetime:
    """Return when entry *number* came out, of so many within three years."""
    return FIRST_AT + timedelta(days=3 * 365) * (number / of)
