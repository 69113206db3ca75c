from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.frontend.house import House, open_house


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """Open a server with the bot in it."""
    async with open_house(tmp_path) as opened:
        yield opened
