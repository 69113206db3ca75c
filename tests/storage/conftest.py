"""A database of its own for each test."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path

import pytest

from bot.language.words import VERSION, tokenise
from bot.storage import open_storage
from bot.storage.sqlite.storage import SqliteStorage

Opener = Callable[..., AbstractAsyncContextManager[SqliteStorage]]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where the database will be."""
    return tmp_path / "data" / "herald.db"


@pytest.fixture
def opened(path: Path) -> Opener:
    """Return what opens the database at *path*."""
    return partial(open_storage, path, tokenise=tokenise, tokeniser_version=VERSION)


@pytest.fixture
async def storage(opened: Opener) -> AsyncIterator[SqliteStorage]:
    """Open an empty database."""
    async with opened() as storage:
        yield storage
