"""The straight line, over real sockets: from a feed to a channel, and from a question to a hit."""

import pytest

from tests.e2e.herald_process import HeraldProcess
from tests.e2e.newsroom import Newsroom, plain
from tests.servers.discord_interactions import CALLBACK_DEADLINE
from tests.servers.discord_server import DiscordServer
from tests.servers.discord_wire import Permission
from tests.servers.feed_server import Fault, FeedServer


@pytest.fixture
def news(server: DiscordServer, feeds: FeedServer) -> Newsroom:
    """Return a guild with a newspaper to follow."""
    return Newsroom(server, feeds)


async def test_a_feed_is_added_posted_searched_and_posted_on(
    server: DiscordServer, herald: HeraldProcess, news: Newsroom
) -> None:
    news.publish("Library opens late", "Ferry resumes after storm", "Lighthouse gets new lamp")
    await herald.start()
    await server.wait_until_ready()

    reply = await news.admin.slash(news.channel, "feed add", url=news.url, backfill=2)
    assert reply.took < CALLBACK_DEADLINE
    assert reply.is_ephemeral
    assert reply.embeds[0]["title"] == "Lighthouse gets new lamp"
    assert reply.buttons == ["Add", "Cancel"]
    assert news.channel.messages == []
    preview = reply.embeds[0]
    added = await reply.click("Add")
    assert "Added" in added.content
    assert "Next check" in added.content

    await news.channel.wait_for_messages(2)
    assert news.posted == ["Ferry resumes after storm", "Lighthouse gets new lamp"]
    embed = news.channel.messages[1].embeds[0]
    assert embed == preview, "the preview is not what was posted"
    assert embed["author"]["name"] == "Saltmarsh Gazette"
    assert embed["url"] == "https://gazette.example.org/2"
    assert embed["image"]["url"] == "https://gazette.example.org/2.jpg"
    assert embed["description"].startswith("The council of Saltmarsh voted on Tuesday evening")
    assert embed["timestamp"]

    found = await news.admin.slash(news.channel, "news search", query="ferry")
    assert found.is_ephemeral
    assert "Ferry resumes after storm" in plain(found)
    assert "https://gazette.example.org/1" in found.text
    assert str(news.channel.messages[0].id) in found.text, "no link to the post"
    assert "Lighthouse" not in found.text

    news.publish("Bakery reopens")
    await news.post_of("Bakery reopens")
    news.publish("Bridge closes")  # posts keep their order, so this one ends the wait
    await news.post_of("Bridge closes")
    assert news.posted[2:] == ["Bakery reopens", "Bridge closes"]


async def test_nothing_is_added_on_cancel_and_old_entries_are_not_posted_without_backfill(
    server: DiscordServer, herald: HeraldProcess, news: Newsroom
) -> None:
    news.publish("Library opens late")
    await herald.start()
    await server.wait_until_ready()
    reply = await news.admin.slash(news.channel, "feed add", url=news.url)
    cancelled = await reply.click("Cancel")
    assert cancelled.buttons == []
    listed = await news.admin.slash(news.channel, "feed list")
    assert "Saltmarsh Gazette" not in listed.text
    await news.follow()
    news.publish("Bridge closes")
    await news.post_of("Bridge closes")
    assert news.posted == ["Bridge closes"]


async def test_search_tells_a_member_only_what_they_may_read(
    server: DiscordServer, herald: HeraldProcess, news: Newsroom
) -> None:
    staff = news.guild.add_channel("staff", visible_to=(news.admin, news.guild.me))
    bob = news.guild.add_member("bob")
    news.publish("Ferry resumes after storm", "Bridge closes")
    await herald.start()
    await server.wait_until_ready()
    reply = await news.admin.slash(staff, "feed add", url=news.url, channel=staff, backfill=2)
    await reply.click("Add")
    await staff.wait_for_messages(2)  # the second is sent once the first is marked as posted
    for_admin = await news.admin.slash(news.channel, "news search", query="ferry")
    assert "Ferry resumes" in plain(for_admin)
    for_bob = await bob.slash(news.channel, "news search", query="ferry")
    assert "Ferry resumes" not in plain(for_bob)
    declined = await bob.slash(news.channel, "feed list", is_overridden=True)
    assert "Manage Server" in declined.text
    assert "Gazette" not in declined.text


async def test_bad_input_gets_a_clear_reply_and_breaks_nothing(
    server: DiscordServer, herald: HeraldProcess, feeds: FeedServer, news: Newsroom
) -> None:
    feeds.put("/page", "<html><title>Just a page</title><p>No feed here.</p></html>")
    feeds.put("/list.json", '{"not": "a feed"}', content_type="application/json")
    locked = news.guild.add_channel("locked")
    locked.allow(news.guild.me, deny=Permission.SEND_MESSAGES)
    await herald.start()
    await server.wait_until_ready()
    for url in (
        "no url at all",
        "ftp://example.org/feed",
        "javascript:alert(1)",
        feeds.url("/page"),
        feeds.url("/list.json"),
        feeds.url("/missing"),
        feeds.fault("/hang-up", Fault.HANG_UP),
        "http://10.0.0.1/feed.xml",
        "http://[::1]/feed.xml",
        "http://169.254.169.254/latest/meta-data",
        feeds.url("/" + "x" * 1900),
    ):
        reply = await news.admin.slash(news.channel, "feed add", url=url)
        assert reply.is_ephemeral
        assert reply.buttons == [], url
        assert "Something broke" not in reply.text, url
        assert len(reply.text) > 20, url

    news.publish("Bridge closes", "Ferry resumes")
    await news.follow(backfill=2)
    await news.channel.wait_for_messages(2)  # so that there is something to search
    for query in ("it's", "C++", '"unbalanced', "-a", "x" * 6000, "🦀", "*", "NEAR(", "a AND", "'"):
        reply = await news.admin.slash(news.channel, "news search", query=query)
        assert reply.is_ephemeral
        assert "Something broke" not in reply.text, query
        assert "nothing to search yet" not in reply.text
        assert len(reply.text) > 5, query

    unwritable = await news.admin.slash(news.channel, "feed add", url=news.url, channel=locked)
    assert "Send Messages" in unwritable.text
    assert unwritable.buttons == []
    twice = await news.admin.slash(news.channel, "feed add", url=news.url, channel=news.channel)
    assert "already" in twice.text
    assert twice.buttons == []
    assert herald.events("command.broken") == []


async def test_hostile_articles_end_as_harmless_posts(
    herald: HeraldProcess, news: Newsroom
) -> None:
    news.publish("Bridge closes")
    await herald.start()
    await news.follow()
    hostile = "@everyone @here <@1> <@&2> **bold** [x](javascript:alert(1)) \u202e \u200b||gone||"
    body = f"<p>{hostile} <a href='javascript:alert(1)'>here</a></p><script>alert(1)</script>"
    news.publish("x" * 10_000, "@everyone look", hostile, body=body)
    news.publish("Library opens late")
    await news.post_of("Library opens late")
    shown = [embed for message in news.channel.messages for embed in message.embeds]
    assert len(shown) == 4, "one was lost or doubled"
    for message in news.channel.messages:
        assert message.pings == frozenset()
        assert message.content == ""
        assert "\u202e" not in message.text
    assert not any("javascript:" in (embed.get("url") or "") for embed in shown)
