"""`herald check` and `herald preview` with a language model, each as a process of its own."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.servers.feed_server import FeedItem, FeedServer
from tests.servers.openai_server import KEY, MODEL, Fault, OpenAIServer

ROOT = Path(__file__).parents[2]
BODY = (
    "<p>The Tamsel bridge carried traffic again on Sunday after eight months of repairs. Engineers "
    "replaced 40 steel girders. The mayor said the work had cost 12 million crowns.</p><p>A second "
    "lane will open in June, and cyclists get a path of their own. Shops on the east bank had lost "
    "a third of their customers while the bridge was closed.</p>"
)


@dataclass
class Said:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str


async def herald(folder: Path, *arguments: str, **settings: str) -> Said:
    ours = os.environ  # noqa: TID251  # a child needs PATH and the like
    env = {name: value for name, value in ours.items() if not name.startswith("HERALD_")}
    env |= {"HERALD_ALLOWED_NETWORKS": "127.0.0.0/8", "PYTHONPATH": str(ROOT), **settings}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "bot", *arguments),
        cwd=folder,
        env=env,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    return Said(process.returncode or 0, out.decode(), err.decode())


@pytest.fixture
async def model() -> AsyncIterator[OpenAIServer]:
    async with OpenAIServer() as server:
        yield server
        assert server.violations == []


def at(server: OpenAIServer, key: str = KEY) -> dict[str, str]:
    return {"HERALD_LLM_URL": server.url, "HERALD_LLM_MODEL": MODEL, "HERALD_LLM_KEY": key}


async def test_check_says_that_the_model_answers_without_sending_news(
    model: OpenAIServer, tmp_path: Path, unused_tcp_port: int
) -> None:
    model.say("The library of Saltmarsh will open on Sundays from 4 October.")
    foreign = {
        "OPENAI_API_KEY": "sk-foreign",
        "OPENAI_ORG_ID": "org-foreign",
        "OPENAI_CUSTOM_HEADERS": "X-Secret: foreign",
        "HTTP_PROXY": f"http://127.0.0.1:{unused_tcp_port}",
    }
    said = await herald(tmp_path, "check", **at(model), **foreign)
    assert f"model     {MODEL} answered in " in said.out
    assert "asked by json_schema" in said.out
    assert KEY not in said.out + said.err
    assert "could have been posted" not in said.out
    (asked,) = model.asked
    assert "library of Saltmarsh" in asked.text
    assert asked.headers["Authorization"] == f"Bearer {KEY}"
    assert "foreign" not in str(asked.headers), "what the library finds in the environment"


async def test_check_says_when_a_model_cannot_be_trusted_with_a_test_article(
    model: OpenAIServer, tmp_path: Path
) -> None:
    model.say("The library of Saltmarsh will open on Sundays from 5 October.")
    said = await herald(tmp_path, "check", **at(model))
    assert "none of what it said of a test article could have been posted: number: 5" in said.out


@pytest.mark.parametrize(
    ("fault", "hint"),
    [
        (Fault.ANSWERS_401, "Look at HERALD_LLM_KEY."),
        (Fault.CUT_PROMPT, "it cut the article. Lower HERALD_LLM_CONTEXT_TOKENS"),
    ],
)
async def test_check_tells_what_is_wrong_with_the_model_in_one_line(
    model: OpenAIServer, tmp_path: Path, fault: Fault, hint: str
) -> None:
    model.act(fault)
    said = await herald(tmp_path, "check", **at(model))
    assert said.code == 1
    (line,) = (line for line in said.err.splitlines() if "model" in line)
    assert hint in line


async def test_without_the_extra_it_is_said_what_to_install(
    model: OpenAIServer, tmp_path: Path
) -> None:
    (tmp_path / "openai.py").write_text("raise ModuleNotFoundError('no openai', name='openai')")
    said = await herald(tmp_path, "check", **at(model))
    assert said.code == 1
    assert "needs the package openai, which is not installed" in said.err
    assert 'pip install "herald-newsbot[llm]"' in said.err


async def test_preview_shows_the_models_summary_and_the_other_where_it_fails(
    model: OpenAIServer, tmp_path: Path
) -> None:
    model.say("Since Sunday the Tamsel bridge carries traffic again.", "It cost 13 million crowns.")
    item = FeedItem(title="Bridge open", link="https://gazette.example.org/1", content=BODY)
    async with FeedServer() as web:
        url = web.feed("/feed.xml", item)
        said = await herald(tmp_path, "preview", url, **at(model))
        assert f"summary   llm:{MODEL}" in said.out
        assert "Since Sunday the Tamsel bridge carries traffic again." in said.out
        assert "13 million" not in said.out
        assert "AI summary" in said.out
        model.act(Fault.ANSWERS_500)
        said = await herald(tmp_path, "preview", url, **at(model))
        assert "summary   extractive" in said.out
        assert said.code == 0
