import asyncio
import os
import re
import signal
import sys
from pathlib import Path

import pytest

import bot
from bot.demo.content import load_outlets
from bot.demo.run import run_demo

ROOT = Path(bot.__file__).parent.parent


def contents(folder: Path) -> list[str]:
    return [each.name for each in folder.iterdir()]


async def start(*arguments: str, tmp_path: Path) -> asyncio.subprocess.Process:
    """Start `herald demo` as a process of its own, away from any .env."""
    ours = os.environ  # noqa: TID251  # a child needs PATH and the like
    clean = {name: value for name, value in ours.items() if not name.startswith("HERALD_")}
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "bot", "demo", *arguments),
        cwd=tmp_path,
        env={**clean, "PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def test_once_posts_what_there_is_and_searches(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert await run_demo(once=True) == 0
    printed = capsys.readouterr().out
    posts, _, reply = printed.partition("/news search")
    followed = [outlet for outlet in load_outlets() if outlet.channel]
    assert all(f"#{outlet.channel}  {outlet.name}" in posts for outlet in followed)
    assert "The Northern Packet" not in posts
    words = " ".join(posts.split())
    told: dict[tuple[str | None, str], list[bool]] = {}
    for outlet in followed:
        for piece in outlet.pieces:
            if piece.live is None:
                event = (outlet.channel, piece.event or piece.title)
                told.setdefault(event, []).append(" ".join(piece.title.split()) in words)
    # One post for each event in a channel, however many of its outlets report it.
    assert all(sum(posted) == 1 for posted in told.values()), told
    assert any(len(posted) > 1 for posted in told.values())
    assert "Search: bridge" in reply
    assert "Arlewire" in reply
    assert "2 sources" in reply
    assert re.search(r"Page 1 of \d+ · \d+ (?:story|stories) found in \d+ articles", reply)


async def test_a_feed_that_cannot_be_followed_is_said_and_the_rest_goes_on(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert await run_demo(once=True, extra_feeds=["http://10.0.0.1/feed.xml", "no url"]) == 0
    printed = capsys.readouterr().out
    assert printed.count("Not followed: ") == 2
    assert "Search: bridge" in printed


@pytest.mark.e2e
async def test_ctrl_c_ends_it_cleanly_and_leaves_nothing(tmp_path: Path) -> None:
    process = await start(tmp_path=tmp_path)
    assert process.stdout is not None
    assert process.stderr is not None
    async with asyncio.timeout(90):
        first = (await process.stdout.readline()).decode()
        assert re.fullmatch(r"Herald demo: http://127\.0\.0\.1:\d+/headlines/mira#\S+\n", first)
        hints = [(await process.stdout.readline()).decode() for _ in range(2)]
        assert "/news search query:bridge" in hints[0]
        assert re.search(r"/feed add url:http://127\.0\.0\.1:\d+/packet/", hints[1])
        while b"#headlines" not in await process.stdout.readline():
            pass
        process.send_signal(signal.SIGINT)
        out, error = await process.communicate()
    assert process.returncode == 0
    assert b"nothing of it is kept" in out
    assert b"Traceback" not in error
    assert contents(tmp_path) == []


@pytest.mark.e2e
async def test_once_ends_by_itself_with_nothing_on_stderr(tmp_path: Path) -> None:
    process = await start("--once", tmp_path=tmp_path)
    async with asyncio.timeout(90):
        out, error = await process.communicate()
    assert (process.returncode, error) == (0, b"")
    assert b"Search: bridge" in out


@pytest.mark.e2e
async def test_ctrl_c_ends_once_too(tmp_path: Path) -> None:
    process = await start("--once", tmp_path=tmp_path)
    assert process.stdout is not None
    async with asyncio.timeout(90):
        await process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, error = await process.communicate()
    assert (process.returncode, error) == (0, b"")
