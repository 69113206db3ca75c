"""Several posts in one message, on Discord."""

from bot.news.channels import ChannelOptions
from bot.news.models import ChannelId, ParsedEntry
from tests.factories import parsed_entry
from tests.frontend.house import COURIER, EPOCH, House, message, text

TITLES = ("Ferry resumes", "Bridge closes", "Mill reopens", "Market moves")


def said(title: str, sentences: int = 2) -> ParsedEntry:
    return parsed_entry(
        title,
        guid=f"g-{title}",
        url=f"https://courier.example.org/{title.replace(' ', '-').lower()}",
        text=" ".join(f"{title} on day {n}, said the clerk Ana Brook." for n in range(sentences)),
        published_at=EPOCH,
    )


async def bundled(house: House, *entries: ParsedEntry | str) -> None:
    house.publish(COURIER, *entries)
    await house.follow(backfill=5, name="Town news")
    await house.deliver()


async def test_many_at_once_come_in_one_message_with_an_embed_each(house: House) -> None:
    await bundled(house, *TITLES)
    (post,) = house.posts()
    assert [embed.title for embed in post.embeds] == list(reversed(TITLES))
    assert all(embed.author.name == "Town news" for embed in post.embeds)
    assert len({embed.url for embed in post.embeds}) == 4


async def test_a_channel_can_have_them_apart(house: House) -> None:
    changed = await house.admin.slash(house.news, "settings channel", bursts="apart")
    assert "Many at once: up to five in one message → each apart" in text(changed)
    options = await house.storage.channel_options(ChannelId(house.news.id))
    assert options == ChannelOptions(is_bundled=False)
    await bundled(house, *TITLES)
    assert [post.embeds[0].title for post in house.posts()] == list(reversed(TITLES))


async def test_an_edit_changes_its_embed_and_no_other(house: House) -> None:
    entries = [said(title) for title in TITLES]
    await bundled(house, *entries)
    entries[1] = parsed_entry(
        "Bridge closes for good",
        guid="g-Bridge closes",
        url="https://courier.example.org/bridge-closes",
        text=entries[1].text,
        published_at=EPOCH,
    )
    house.publish(COURIER, *entries)
    await house.env.advance_time(3600)
    checked = await house.admin.slash(house.news, "feed check", feed="Town news")
    assert "nothing new" in text(checked).casefold()
    await house.deliver()
    (post,) = house.posts()
    assert [embed.title for embed in post.embeds] == [
        *("Market moves", "Mill reopens", "Bridge closes for good", "Ferry resumes")
    ]


async def test_why_this_tells_of_each_post_in_the_message(house: House) -> None:
    await bundled(house, *TITLES)
    (post,) = house.posts()
    shown = text(await house.member.context_menu(house.news, "Why this?", post))
    assert "One message for 4 entries, because several posts were due here at once." in shown
    assert all(title in shown for title in TITLES)
    assert shown.count("Summary: Sentences of the article's opening") == 4


async def test_search_leads_to_the_message_from_each_of_its_posts(house: House) -> None:
    await bundled(house, *TITLES)
    (post,) = house.posts()
    for title in TITLES:
        found = await house.member.slash(house.news, "news search", query=f'"{title}"')
        assert post.jump_url in text(found)
        assert message(found).ephemeral


async def test_what_a_moderator_deleted_is_not_posted_again(house: House) -> None:
    entries = [said(title) for title in TITLES]
    await bundled(house, *entries)
    (post,) = house.posts()
    await post.delete()
    changed = parsed_entry("Ferry sinks", guid="g-Ferry resumes", url=entries[0].url)
    house.publish(COURIER, changed, *entries[1:])
    await house.env.advance_time(3600)
    checked = await house.admin.slash(house.news, "feed check", feed="Town news")
    assert "nothing new" in text(checked).casefold()
    await house.deliver()
    assert house.posts() == []
    assert await house.storage.next_delivery_at() is None
