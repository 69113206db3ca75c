"""How posts are made: /settings channel, /feed add and /feed edit, and what comes of it."""

from dataclasses import replace

import discord
import pytest
from simcord.builders import ChannelHandle

from bot.errors import UserError
from bot.frontend.commands.posting import require_callable
from bot.news.channels import ChannelOptions
from bot.news.models import ChannelId, GuildId, Length, Ping, RoleId, Subscription
from tests.factories import parsed_entry
from tests.frontend.house import COURIER, EPOCH, House, buttons, message, text

LONG_TEXT = """The council voted on Monday night to buy a new ferry for the crossing to Gull \
Island, after eleven years in which the old one broke down every other month and left many waiting.

The boat is to be built at the yard in Oldhaven by next spring, will carry ninety passengers and a \
dozen cars, and costs four million crowns, half of which the county pays from its own fund.

Fishermen who moor at the quay fear that the larger ship needs their berths, and have asked \
the mayor, Ana Brook, for a meeting before the contract is signed at the end of the month.

Two other offers had come from yards abroad."""


async def chosen(house: House, channel: ChannelHandle | None = None) -> ChannelOptions:
    return await house.storage.channel_options(ChannelId((channel or house.news).id))


async def only(house: House) -> Subscription:
    """Return the only subscription of the server."""
    (row,) = await house.storage.followings(GuildId(house.guild.id), EPOCH)
    return row.subscription


def forum(house: House, *tags: str) -> ChannelHandle:
    """Make a forum with these tags."""
    made = house.guild.create_forum_channel("stories")
    house.env.backend.edit_channel(
        made.id,
        {
            "available_tags": [
                {"id": str(index), "name": tag, "moderated": False}
                | {"emoji_id": None, "emoji_name": None}
                for index, tag in enumerate(tags, start=1)
            ]
        },
    )
    return made


# --- /settings channel ---


async def test_how_a_channel_posts_is_chosen_shown_and_undone(house: House) -> None:
    changed = await house.admin.slash(
        house.news, "settings channel", silent="on", identity="source", threads="on", length="short"
    )
    said = text(changed)
    assert "Notifies: as members chose → nobody" in said
    assert "Posts come from: Herald → their sources, by name" in said
    assert "A thread for each story: no → yes" in said
    assert "Summaries: normal → short" in said
    wanted = ChannelOptions(
        is_silent=True, is_by_source=True, has_threads=True, length=Length.SHORT
    )
    assert await chosen(house) == wanted
    await house.restart()
    await house.admin.click(message(changed), label="Undo")
    assert await chosen(house) == ChannelOptions()


async def test_what_herald_lacks_for_what_is_chosen_is_said_and_when_it_is_granted_not(
    house: House,
) -> None:
    house.forbid(house.news, manage_webhooks=True, create_public_threads=True)
    asked = {"identity": "source", "threads": "on"}
    said = text(await house.admin.slash(house.news, "settings channel", **asked))
    assert "✗ For the sources' names Herald lacks Manage Webhooks" in said
    assert "✗ For threads Herald lacks Create Public Threads" in said
    house.forbid(house.news)
    granted = text(await house.admin.slash(house.news, "settings channel"))
    assert "A thread for each story: yes" in granted
    assert "✗" not in granted


async def test_only_announcement_channels_publish(house: House) -> None:
    refused = await house.admin.slash(house.news, "settings channel", publish="on")
    assert "is no announcement channel" in text(refused)
    bulletins = house.guild.create_news_channel("bulletins")
    await house.admin.slash(house.news, "settings channel", channel=bulletins, publish="on")
    assert (await chosen(house, bulletins)).is_published
    await house.admin.slash(house.news, "settings channel", channel=bulletins, publish="off")
    assert await chosen(house, bulletins) == ChannelOptions()


async def test_a_webhook_s_posts_are_published_with_manage_messages_and_that_is_said(
    house: House,
) -> None:
    bulletins = house.guild.create_news_channel("bulletins")
    house.forbid(bulletins, manage_messages=True)
    asked = {"channel": bulletins, "publish": "on", "identity": "source"}
    said = text(await house.admin.slash(house.news, "settings channel", **asked))
    assert "✗ For publishing Herald lacks Manage Messages" in said


async def test_threads_and_forums_open_no_threads(house: House) -> None:
    thread = house.thread("harbour")
    for channel in (thread, forum(house)):
        refused = await house.admin.slash(
            house.news, "settings channel", channel=channel, threads="on"
        )
        assert "are in threads already" in text(refused)
        assert await chosen(house, channel) == ChannelOptions()


async def test_categories_are_given_a_forum_s_tags(house: House) -> None:
    stories = forum(house, "World", "Code", "News")
    changed = text(
        await house.admin.slash(
            house.news,
            "settings channel",
            channel=stories,
            tags="Politics, election = World; rust=code; * = News",
        )
    )
    assert "politics, election = World; rust = code; \\* = News" in changed
    assert (await chosen(house, stories)).tags == (
        ("politics", "World"),
        ("election", "World"),
        ("rust", "code"),
        ("*", "News"),
    )
    await house.admin.slash(house.news, "settings channel", channel=stories, tags="off")
    assert await chosen(house, stories) == ChannelOptions()


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("politics", "I do not understand “politics”"),
        ("= World", "I do not understand"),
        ("politics =", "I do not understand"),
        ("politics = Sea", "has no tag “Sea”. Its tags: World."),
        ("; ".join(f"c{n} = World" for n in range(51)), "50 categories are the most"),
    ],
)
async def test_tags_that_cannot_be_given_are_said(house: House, typed: str, says: str) -> None:
    stories = forum(house, "World")
    refused = await house.admin.slash(house.news, "settings channel", channel=stories, tags=typed)
    assert says in text(refused)
    assert await chosen(house, stories) == ChannelOptions()


async def test_a_channel_that_is_no_forum_has_no_tags(house: House) -> None:
    refused = await house.admin.slash(house.news, "settings channel", tags="* = News")
    assert "is no forum" in text(refused)


# --- What comes of it ---


async def test_summaries_are_as_long_as_each_channel_wants(house: House) -> None:
    for channel, length in ((house.news, "short"), (house.other, "long")):
        await house.admin.slash(house.news, "settings channel", channel=channel, length=length)
    entry = parsed_entry("Ferry resumes", url="https://courier.example.org/ferry", text=LONG_TEXT)
    house.publish(COURIER, entry)
    previews = {}
    for channel in (house.news, house.other):
        shown = await house.admin.slash(channel, "feed add", url=COURIER, backfill=1)
        previews[channel.id] = message(shown).embeds[0].description
        await house.admin.click(message(shown), label="Add")
    assert await house.deliver() == 2
    for channel in (house.news, house.other):
        posted = house.posts(channel)[-1].embeds[0].description
        tested = await house.admin.slash(channel, "feed test", feed="Courier")
        assert message(tested).embeds[0].description == previews[channel.id] == posted
    short, long = (
        (house.posts(channel)[-1].embeds[0].description or "")
        for channel in (house.news, house.other)
    )
    assert 0 < len(short.split()) <= Length.SHORT.words < len(long.split()) <= Length.LONG.words


async def test_a_silent_channel_s_posts_carry_discord_s_flag(house: House) -> None:
    await house.admin.slash(house.news, "settings channel", silent="on")
    house.publish(COURIER, "Ferry resumes")
    await house.follow(backfill=1)
    await house.deliver()
    assert house.posts()[-1].flags.suppress_notifications


async def test_a_forum_gets_posts_with_tags_by_feed_and_by_category(house: House) -> None:
    stories = forum(house, "World", "Sea", "Harbour", "News")
    await house.admin.slash(
        house.news, "settings channel", channel=stories, tags="politics = World; * = News"
    )
    entries = [
        parsed_entry(title, tags=tags, url=f"https://courier.example.org/{number}")
        for number, (title, tags) in enumerate(
            (("Vote today", ("Politics", "sea")), ("Mill burns", ("fire",)))
        )
    ]
    house.publish(COURIER, *entries)
    await house.follow(channel=stories, backfill=2)
    assert await house.deliver() == 2
    tagged = {
        thread.name: [tag.name for tag in thread.applied_tags]
        for thread in house.client.get_guild(house.guild.id).threads  # type: ignore[union-attr]  # it is there
    }
    assert tagged == {"Vote today": ["World", "Sea"], "Mill burns": ["News"]}
    [following] = await house.storage.followings(GuildId(house.guild.id), EPOCH)
    edited = await house.admin.slash(
        house.news, "feed edit", feed=str(following.subscription.id), tag="harbour, Sea"
    )
    assert "Tags: by category → harbour, Sea" in text(edited)


async def test_a_forum_that_wants_a_tag_says_so_before_a_feed_is_added(house: House) -> None:
    stories = forum(house, "World")
    guild = house.client.get_guild(house.guild.id)
    assert guild is not None
    there = guild.get_channel(stories.id)
    assert isinstance(there, discord.ForumChannel)
    there._flags |= discord.ChannelFlags.require_tag.flag
    house.publish(COURIER, "Ferry resumes")
    asked = {"url": COURIER, "channel": stories}
    shown = text(await house.admin.slash(house.news, "feed add", **asked))
    assert "wants a tag on each post" in shown
    shown = text(await house.admin.slash(house.news, "feed add", **asked, tag="World"))
    assert "wants a tag on each post" not in shown


async def test_links_to_a_forum_s_posts_lead_into_their_threads(house: House) -> None:
    stories = forum(house)
    house.publish(COURIER, "Ferry resumes")
    await house.follow(channel=stories, backfill=1)
    await house.deliver()
    [thread] = house.client.get_guild(house.guild.id).threads  # type: ignore[union-attr]  # it is there
    link = f"https://discord.com/channels/{house.guild.id}/{thread.id}/{thread.id}"
    assert link in text(await house.member.slash(house.news, "news latest"))
    assert link in text(await house.member.slash(house.news, "news search", query="ferry"))


# --- /feed add and /feed edit ---


async def test_a_role_is_called_by_posts_and_that_is_shown_and_undone(house: House) -> None:
    sailors = house.guild.create_role("Sailors", mentionable=True)
    house.publish(COURIER, "Ferry resumes")
    await house.follow(ping=sailors, ping_if="storm -drill", ping_rest="2h")
    ping = Ping(role_id=RoleId(sailors.id), query="storm -drill", rest_s=7200)
    assert (await only(house)).ping == ping
    shown = text(await house.admin.slash(house.news, "feed show", feed="Courier"))
    assert f"Calls: <@&{sailors.id}> for what “storm -drill” finds, then none for 2 hours" in shown

    changed = await house.admin.slash(
        house.news, "feed edit", feed="Courier", ping_if="*", ping_rest="0m"
    )
    assert f"→ <@&{sailors.id}>" in text(changed)
    assert (await only(house)).ping == Ping(role_id=RoleId(sailors.id))
    await house.admin.click(message(changed), label="Undo")
    assert (await only(house)).ping == ping

    cleared = await house.admin.slash(house.news, "feed edit", feed="Courier", clear="ping")
    assert "→ nobody" in text(cleared)
    assert buttons(message(cleared)) == {"Undo": True}
    assert (await only(house)).ping is None


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"ping_if": "storm"}, "Choose the role"),
        ({"ping_rest": "1h"}, "Choose the role"),
        ({"ping": True, "ping_if": "-storm"}, "-storm"),
        ({"ping": True, "ping_rest": "31d"}, "30 days are the longest"),
        ({"ping": True, "ping_rest": "soon"}, "no length of time"),
        ({"tag": "Sea"}, "is no forum"),
        ({"tag": "a,b,c,d,e,f"}, "5 tags, not 6"),
    ],
)
async def test_what_cannot_be_is_said_and_changes_nothing(
    house: House, asked: dict[str, object], says: str
) -> None:
    sailors = house.guild.create_role("Sailors", mentionable=True)
    if asked.get("ping"):
        asked = {**asked, "ping": sailors}
    house.publish(COURIER, "Ferry resumes")
    await house.follow()
    before = await only(house)
    assert says in text(await house.admin.slash(house.news, "feed edit", feed="Courier", **asked))
    assert await only(house) == before


async def test_a_role_that_is_not_open_is_called_only_where_both_may(house: House) -> None:
    crew = house.guild.create_role("Crew")
    house.publish(COURIER, "Ferry resumes")
    await house.follow()
    refused = await house.admin.slash(house.news, "feed edit", feed="Courier", ping=crew)
    assert "You may not mention" in text(refused)
    allow = house.guild.create_role(
        "Callers", permissions=discord.Permissions(mention_everyone=True)
    )
    house.env.backend.add_member_role(house.guild.id, house.admin.id, allow.id)
    house.forbid(house.news, mention_everyone=True)
    refused = await house.admin.slash(house.news, "feed edit", feed="Courier", ping=crew)
    assert "Herald may not mention" in text(refused)
    assert (await only(house)).ping is None


async def test_everyone_is_never_called(house: House) -> None:
    guild = house.client.get_guild(house.guild.id)
    assert guild is not None
    with pytest.raises(UserError, match="but not everyone"):
        require_callable(guild.default_role, guild.text_channels[0], guild.me)


async def test_a_forum_s_tags_are_offered_while_typing(house: House) -> None:
    stories = forum(house, "World", "Work", "Sea")
    offered = await house.admin.autocomplete(
        house.news, "feed add", "tag", "Sea, wo", url=COURIER, channel=stories
    )
    assert [choice["value"] for choice in offered] == ["Sea, World", "Sea, Work"]
    assert await house.admin.autocomplete(house.news, "feed add", "tag", "", url=COURIER) == []


def test_no_length_is_another_s() -> None:
    words = [length.words for length in (Length.SHORT, Length.NORMAL, Length.LONG)]
    assert words == sorted(set(words))
    assert replace(ChannelOptions(), length=Length.SHORT) != ChannelOptions()
