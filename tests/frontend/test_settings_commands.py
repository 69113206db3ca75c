"""/settings: the log channel."""

from bot.news.models import GuildId
from tests.frontend.house import House, text


async def test_a_log_channel_is_set_told_and_cleared(house: House) -> None:
    assert "**Log channel**: none" in text(await house.admin.slash(house.news, "settings show"))
    chosen = await house.admin.slash(house.news, "settings log", channel=house.other)
    assert f"{house.other.mention} is told from now on" in text(chosen)
    assert house.other.mention in text(await house.admin.slash(house.news, "settings show"))
    cleared = await house.admin.slash(house.news, "settings log")
    assert "no log channel any more" in text(cleared)
    assert await house.storage.log_channel(GuildId(house.guild.id)) is None


async def test_only_managers_choose_and_only_channels_that_can_be_written(house: House) -> None:
    settings = next(c for c in await house.client.tree.fetch_commands() if c.name == "settings")
    house.guild.set_command_permissions(settings, {house.member: True})
    refused = await house.member.slash(house.news, "settings log", channel=house.other)
    assert "Manage Server" in text(refused)
    house.forbid(house.other, embed_links=True)
    unwritable = await house.admin.slash(house.news, "settings log", channel=house.other)
    assert "lacks Embed Links" in text(unwritable)
    assert await house.storage.log_channel(GuildId(house.guild.id)) is None
