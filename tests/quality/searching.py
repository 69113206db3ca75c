"""How well Herald finds: search on published questions, through its own storage and parser.

MRR@10 and recall@10: where among ten hits the first stands that answers.
"""

import asyncio
import statistics
import time
from pathlib import Path

from bot.errors import BadQuery
from bot.news.models import SearchRequest
from bot.news.ports import Storage
from bot.news.query import parse_query
from tests.quality.archives import Asked, Row, archives, day_of, empty_archive, in_turn

Figure = tuple[str, float, float | None]

_MRR_FLOORS = {"squad": 0.89, "news": 0.795}
_RECALL_FLOORS = {"squad": 0.97, "news": 0.885}
_LANGUAGE_FLOOR, _LANGUAGES_FLOOR = 0.94, 0.95


async def _found(storage: Storage, question: Row) -> list[str]:
    """Return the ids of the ten best documents."""
    try:
        query = parse_query(question["q"])
    except BadQuery:
        return []
    request = SearchRequest(query=query, channels=None, limit=10)
    page = await storage.search(request, day_of(question))
    return [str(hit.entry.url).rsplit("/", 1)[-1] for hit in page.hits]


async def _ranks(asked: Asked) -> tuple[list[int | None], float]:
    """Return where the first right hit stands for each question, and the milliseconds of one."""
    ranks: list[int | None] = []
    took_s = 0.0
    async with empty_archive() as (storage, feed):
        async for question in in_turn(storage, feed, asked.docs, asked.questions):
            began = time.perf_counter()
            found = await _found(storage, question)
            took_s += time.perf_counter() - began
            right = set(question["rel"])
            ranks.append(next((n for n, id_ in enumerate(found, 1) if id_ in right), None))
    return ranks, 1000 * took_s / max(len(ranks), 1)


def measured(asked: Asked) -> tuple[float, float, float]:
    """Return MRR@10, recall@10 and the milliseconds that a question took."""
    ranks, ms = asyncio.run(_ranks(asked))
    mrr = statistics.fmean(1 / rank if rank else 0.0 for rank in ranks)
    return mrr, statistics.fmean(rank is not None for rank in ranks), ms


def rows(data: Path) -> list[Figure]:
    """Return what search reached on *data*: figure, value and floor."""
    figures: list[Figure] = []
    languages: list[float] = []
    for asked in archives(data):
        mrr, recall, ms = measured(asked)
        is_language = asked.name.startswith("xquad")
        floor = _LANGUAGE_FLOOR if is_language else _MRR_FLOORS[asked.name]
        figures += [
            (f"search: {asked.name}, MRR@10", mrr, floor),
            (f"search: {asked.name}, recall@10", recall, _RECALL_FLOORS.get(asked.name)),
            (f"search: {asked.name}, ms a question", ms, None),
        ]
        languages += [mrr] if is_language else []
    if languages:
        mean = statistics.fmean(languages)
        figures.append((f"search: {len(languages)} languages, MRR@10", mean, _LANGUAGES_FLOOR))
    return figures
