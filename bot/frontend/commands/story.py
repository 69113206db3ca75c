"""/story, and "Show story" in the menu of a post: one event, all its sources."""

from collections.abc import Sequence

import discord
from discord import app_commands

from bot.errors import NotAllowed, UserError
from bot.frontend import limits
from bot.frontend.access import channels_of
from bot.frontend.forums import home_of
from bot.frontend.listings import count
from bot.frontend.markdown import plain
from bot.frontend.panels.stories import show_story
from bot.news.models import MessageId, StoryLine
from bot.news.posts import UNTITLED
from bot.news.text import one_line
from bot.services.follow import Follower
from bot.services.narrate import Narrator

NAME = "Show story"
_STORY_MAX = 200  # characters of what a member can type to mean a story


def story_command(follower: Follower, narrator: Narrator) -> app_commands.Command:  # type: ignore[type-arg]  # its parameters are discord.py's affair
    """Return the command."""

    async def answer(
        interaction: discord.Interaction, story: app_commands.Range[str, 1, _STORY_MAX]
    ) -> None:
        """Show the story that was picked."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        channels = await channels_of(interaction, follower)
        found = await narrator.find(story, channels)
        await show_story(interaction, narrator, await narrator.narrate(found))

    async def offer(
        interaction: discord.Interaction, current: str
    ) -> list[app_commands.Choice[str]]:
        """Offer recent stories of channels that the member can read."""
        if interaction.guild is None:
            return []
        channels = await channels_of(interaction, follower)
        return story_choices(await narrator.recent(channels), current)

    command: app_commands.Command = app_commands.Command(  # type: ignore[type-arg]  # as above
        name="story",
        description="Show how sources tell one event: timeline, key sentences, figures that differ",
        callback=app_commands.describe(story="A recent story; type words of its title")(answer),
        allowed_contexts=app_commands.AppCommandContext(guild=True),
    )
    command.autocomplete("story")(offer)
    return command


def story_menu(follower: Follower, narrator: Narrator) -> app_commands.ContextMenu:
    """Return the menu's command."""

    async def answer(interaction: discord.Interaction, message: discord.Message) -> None:
        """Show the story that one of Herald's own posts tells."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        channel_id = home_of(message)
        channels = await channels_of(interaction, follower)
        if channel_id not in channels:
            raise NotAllowed("You can only ask about posts in channels that you can read.")
        story = await narrator.of_message(channel_id, MessageId(message.id), channels)
        if story is None:
            raise UserError(
                "That is no news that Herald posted here. Pick one of its posts, right-click it "
                f"(on a phone: hold it), Apps, “{NAME}”."
            )
        await show_story(interaction, narrator, await narrator.narrate(story))

    return app_commands.ContextMenu(
        name=NAME,
        callback=answer,
        allowed_contexts=app_commands.AppCommandContext(guild=True),
    )


def story_choices(lines: Sequence[StoryLine], typed: str) -> list[app_commands.Choice[str]]:
    """Return the stories whose titles have every word that was typed, newest first."""
    words = one_line(typed).casefold().split()
    return [
        app_commands.Choice(name=_choice_name(line), value=str(line.id))
        for line in lines
        if all(word in line.title.casefold() for word in words)
    ][: limits.CHOICES_MAX]


def _choice_name(line: StoryLine) -> str:
    sources = f" — {count(line.sources, 'source')}"
    title = plain(line.title, limits.CHOICE_NAME_MAX - len(sources)) or UNTITLED
    return title + sources
