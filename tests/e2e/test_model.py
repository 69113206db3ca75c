"""The bot with a language model: one that works, and one that never answers."""

from collections.abc import AsyncIterator

import pytest

from tests.e2e.herald_process import HeraldProcess
from tests.e2e.newsroom import Newsroom, plain
from tests.servers.discord_server import DiscordServer
from tests.servers.feed_server import FeedServer
from tests.servers.openai_server import KEY, MODEL, Fault, OpenAIServer

TOLD = "Supporters had collected four thousand signatures before the council of Saltmarsh voted."
BY_MODEL = {"text": "AI summary"}


@pytest.fixture
def news(server: DiscordServer, feeds: FeedServer) -> Newsroom:
    """Return a guild with a newspaper to follow."""
    return Newsroom(server, feeds)


@pytest.fixture
async def model() -> AsyncIterator[OpenAIServer]:
    """Return a model's server."""
    async with OpenAIServer() as model:
        model.say(TOLD, "It will cost 77 million crowns.")
        yield model
        assert model.violations == []


def at(model: OpenAIServer, timeout_s: float) -> dict[str, str]:
    """Return the settings that make the bot ask *model*."""
    return {
        "HERALD_LLM_URL": model.url,
        "HERALD_LLM_MODEL": MODEL,
        "HERALD_LLM_KEY": KEY,
        "HERALD_LLM_TIMEOUT_S": str(timeout_s),
    }


async def test_a_model_that_works_writes_the_post_and_is_held_to_the_article(
    herald: HeraldProcess, news: Newsroom, model: OpenAIServer
) -> None:
    await herald.start(**at(model, 30))
    news.publish("Library opens late")
    await news.follow(backfill=1)
    embed = (await news.post_of("Library opens late")).embeds[0]
    assert embed["description"] == TOLD
    assert embed["footer"] == BY_MODEL
    (line,) = herald.events("model.answered")
    assert (line["dropped"], line["why"]) == (1, ["number: 77"])
    assert line["requests_left"] == 999
    assert await herald.stop() == 0
    assert KEY not in herald.output
    assert "collected four thousand" not in herald.output, "no article is logged"


async def test_a_model_that_hangs_keeps_neither_posts_nor_commands_nor_the_end_waiting(
    server: DiscordServer, herald: HeraldProcess, news: Newsroom, model: OpenAIServer
) -> None:
    model.act(Fault.HANGS)
    await herald.start(**at(model, 1))
    news.publish("Library opens late", "Bridge closes")
    await news.follow(backfill=2)
    for title in ("Library opens late", "Bridge closes"):
        embed = (await news.post_of(title)).embeds[0]
        assert embed["description"].startswith("The council of Saltmarsh voted on Tuesday evening")
        assert "footer" not in embed
    assert await herald.stop() == 0

    await herald.start(**at(model, 30))
    await server.gateway.wait_until_connected(2)
    asked = len(model.asked)
    hold = model.hold("Ferry resumes")
    model.act(None)
    news.publish("Ferry resumes")
    await hold.reached.wait()
    found = await news.admin.slash(news.channel, "news search", query="bridge")
    assert "Bridge closes" in plain(found)
    assert news.posted == ["Library opens late", "Bridge closes"]
    assert await herald.stop() == 0, "the one in hand is left for the next start"

    hold.go.set()
    await herald.start(**at(model, 30))
    embed = (await news.post_of("Ferry resumes")).embeds[0]
    assert embed["description"] == TOLD
    assert len(model.asked) == asked + 2
    assert news.posted == ["Library opens late", "Bridge closes", "Ferry resumes"]
