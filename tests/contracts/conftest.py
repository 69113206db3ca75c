"""The adapters that the contracts are held against."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.language.words import VERSION, tokenise
from bot.news.ports import Storage
from bot.storage import open_storage


@pytest.fixture
async def storage(tmp_path: Path) -> AsyncIterator[Storage]:
    """Open an empty database. Every adapter there is takes its turn; so far there is one."""
    path = tmp_path / "herald.db"
    async with open_storage(path, tokenise=tokenise, tokeniser_version=VERSION) as storage:
        yield storage
