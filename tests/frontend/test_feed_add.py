from tests.frontend.house import COURIER, House, buttons, message, text


async def test_adding_shows_the_newest_entry_exactly_as_it_is_posted_later(house: House) -> None:
    house.publish(COURIER, "Ferry resumes", "Mill burns")
    shown = await house.admin.slash(house.news, "feed add", url=COURIER, backfill=1)
    preview = message(shown).embeds[0]
    assert preview.title == "Ferry resumes"
    assert "2 entries" in message(shown).content
    assert buttons(message(shown)) == {"Add": True, "Cancel": True}

    await house.admin.click(message(shown), label="Add")
    assert "Added **The Courier**" in text(shown)
    assert "1 older entry marked as seen, 1 queued for posting." in text(shown)
    assert await house.deliver() == 1
    [post] = house.posts()
    assert post.embeds[0].to_dict() == preview.to_dict()


async def test_what_was_posted_can_be_searched(house: House) -> None:
    house.publish(COURIER, "Ferry resumes after the storm", "Mill burns")
    await house.follow(backfill=2)
    assert await house.deliver() == 2
    found = await house.member.slash(house.news, "news search", query="ferry storm")
    assert "**Ferry** resumes after the **storm**" in text(found)
    assert f"https://discord.com/channels/{house.guild.id}/{house.news.id}/" in text(found)
