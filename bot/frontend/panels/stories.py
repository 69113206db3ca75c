"""What admins correct about a story: split it, merge it, post what a split left without a post.

::

    Split… ─► menu of its reports   ─► confirm ─► split ─► Post it on its own (after restarts too)
    Merge… ─► menu of other stories ─► confirm ─► merged

Who presses is asked for Manage Server each time, and what they may see is read anew.
"""

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any, Self

import discord

from bot.errors import NotAllowed, UserError
from bot.frontend import limits
from bot.frontend.access import channels_of
from bot.frontend.errors import answer_error
from bot.frontend.forums import opened
from bot.frontend.listings import count
from bot.frontend.markdown import escape_block, inline, plain
from bot.frontend.panels.confirm import ConfirmPanel
from bot.frontend.panels.panel import Panel
from bot.frontend.panels.undo import client_of
from bot.frontend.permissions import (
    Target,
    guild_of,
    member_of,
    require_manager,
    require_postable,
)
from bot.frontend.stories import entry_options, posts_told, story_embed, telling_title
from bot.news.models import (
    ChannelId,
    EntryId,
    GuildId,
    Parted,
    PostRef,
    StoryId,
    StoryLine,
    ToldStory,
    UserId,
)
from bot.news.posts import EDITABLE_FOR, UNTITLED
from bot.services.narrate import Narration, Narrator

_HOURS = EDITABLE_FOR.total_seconds() // 3600
_POSTED_IN_MAX = 5  # channels that are offered a post

Chosen = Callable[[discord.Interaction, str], Awaitable[None]]


async def show_story(
    interaction: discord.Interaction, narrator: Narrator, narration: Narration
) -> None:
    """Show a story in the deferred reply; to members with Manage Server with what they can do."""
    shown = replace(narration, story=_opened(narration.story, guild_of(interaction)))
    embed = story_embed(shown)
    if not interaction.permissions.manage_guild:
        await interaction.edit_original_response(embed=embed)
        return
    await StoryPanel(interaction.user.id, narrator, narration).show(interaction, embed=embed)


async def show_story_apart(
    interaction: discord.Interaction, narrator: Narrator, narration: Narration
) -> None:
    """Show a story in a message beside the one whose button was pressed, as `show_story` does."""
    shown = replace(narration, story=_opened(narration.story, guild_of(interaction)))
    embed = story_embed(shown)
    if not interaction.permissions.manage_guild:
        await interaction.followup.send(embed=embed, ephemeral=True)
        return
    panel = StoryPanel(interaction.user.id, narrator, narration)
    await panel.show_beside(interaction, embed=embed)


class StoryPanel(Panel):
    """The two buttons under a story."""

    NEEDS_MANAGER = True

    def __init__(self, owner_id: int, narrator: Narrator, narration: Narration) -> None:
        super().__init__(owner_id)
        self._narrator = narrator
        self._story_id = narration.story.id
        self.split.disabled = len(narration.story.tellings) < 2  # noqa: PLR2004  # one is alone

    @discord.ui.button(label="Split…", style=discord.ButtonStyle.secondary)
    async def split(
        self, interaction: discord.Interaction, _button: discord.ui.Button["StoryPanel"]
    ) -> None:
        """Ask which report does not belong."""
        await interaction.response.defer()
        story = await self._story(interaction)
        options = entry_options(story)
        menu = ChoicePanel(interaction.user.id, options, self._ask_split)
        await self._replace(interaction, menu, "Which of these reports tells another story?")

    @discord.ui.button(label="Merge…", style=discord.ButtonStyle.secondary)
    async def merge(
        self, interaction: discord.Interaction, _button: discord.ui.Button["StoryPanel"]
    ) -> None:
        """Ask for the other story."""
        await interaction.response.defer()
        channels = await channels_of(interaction, client_of(interaction).follower)
        lines = await self._narrator.recent(channels, limits.CHOICES_MAX + 1)
        options = story_options([line for line in lines if line.id != self._story_id])
        if not options:
            raise UserError("There is no other story yet in the channels that you can read.")
        menu = ChoicePanel(interaction.user.id, options, self._ask_merge)
        await self._replace(interaction, menu, "Which of these tells the same story?")

    async def _replace(self, interaction: discord.Interaction, panel: Panel, question: str) -> None:
        self.stop()
        await panel.show(interaction, content=question)

    async def _story(
        self, interaction: discord.Interaction, story_id: StoryId | None = None
    ) -> ToldStory:
        channels = await channels_of(interaction, client_of(interaction).follower)
        return await self._narrator.story(story_id or self._story_id, channels)

    async def _ask_split(self, interaction: discord.Interaction, chosen: str) -> None:
        story = await self._story(interaction)
        telling = next((t for t in story.tellings if str(t.entry.id) == chosen), None)
        if telling is None:
            raise UserError("That report is not part of this story any more.")
        entry_id = telling.entry.id

        async def act(pressed: discord.Interaction, panel: Panel) -> None:
            await self._split(pressed, panel, entry_id)

        source = escape_block(plain(telling.source_name, 60))
        confirm = _Confirmation(interaction.user.id, "Make it a story of its own", act)
        await confirm.show(
            interaction,
            content=f"Take **{inline(telling_title(telling))}** ({source}) out of this story? "
            "It stays a story of its own, in every server of this bot, whatever comes later.\n"
            f"Posts of this server that are not older than {_HOURS:g} hours no longer name "
            "what they do not tell. Nothing is deleted, and nothing is posted unless you ask.",
        )

    async def _split(
        self, interaction: discord.Interaction, panel: Panel, entry_id: EntryId
    ) -> None:
        story = await self._story(interaction)
        by = UserId(interaction.user.id)
        guild_id = GuildId(guild_of(interaction).id)
        split = await self._narrator.split(story, entry_id, guild_id, by)
        channels = await channels_of(interaction, client_of(interaction).follower)
        parted = [each for each in split.parted if each.channel_id in channels]
        edited = [opened(each.post, guild_of(interaction)) for each in parted if each.post]
        view = post_view(interaction, parted) if parted else None
        await panel.close(interaction, _split_told(parted, edited), view=view)

    async def _ask_merge(self, interaction: discord.Interaction, chosen: str) -> None:
        target = await self._story(interaction)
        other = await self._story(interaction, StoryId(int(chosen)))
        other_id = other.id

        async def act(pressed: discord.Interaction, panel: Panel) -> None:
            source = await self._story(pressed, other_id)
            story = await self._story(pressed)
            await self._narrator.merge(source, story, UserId(pressed.user.id))
            merged = _opened(await self._story(pressed), guild_of(pressed))
            reports = count(len(merged.tellings), "report")
            await panel.close(
                pressed,
                f"Merged: one story of {reports} now. Its posts stay as they are: {_posts(merged)}."
                " What comes later is named in the first of them that can still be edited.",
            )

        confirm = _Confirmation(interaction.user.id, "Make them one story", act)
        await confirm.show(
            interaction,
            content=f"Make **{inline(_title(target))}** and **{inline(_title(other))}** one story, "
            "in every server of this bot? No post is deleted; later reports are named in the "
            "first of their posts. A split can part them again.",
        )


class ChoicePanel(Panel):
    """A menu and a way out. *chosen* goes on with the value, the interaction deferred."""

    NEEDS_MANAGER = True

    def __init__(
        self,
        owner_id: int,
        options: Sequence[discord.SelectOption],
        chosen: Chosen,
    ) -> None:
        super().__init__(owner_id)
        self._chosen = chosen
        self.choose.options.extend(options)

    @discord.ui.select(placeholder="Pick one …", row=0)
    async def choose(
        self, interaction: discord.Interaction, select: "discord.ui.Select[ChoicePanel]"
    ) -> None:
        """Go on with what was chosen."""
        await interaction.response.defer()
        await self._chosen(interaction, select.values[0])
        self.stop()

    @discord.ui.button(label="Cancel", style=discord.ButtonStyle.secondary, row=1)
    async def cancel(
        self, interaction: discord.Interaction, _button: discord.ui.Button["ChoicePanel"]
    ) -> None:
        """Leave everything as it is."""
        await interaction.response.defer()
        await self.close(interaction, "Cancelled. Nothing was changed.")


class _Confirmation(ConfirmPanel):
    NEEDS_MANAGER = True


def story_options(lines: Sequence[StoryLine]) -> list[discord.SelectOption]:
    """Return a menu's options for stories."""
    return [
        discord.SelectOption(
            label=plain(line.title, limits.CHOICE_NAME_MAX) or UNTITLED,
            value=str(line.id),
            description=f"{count(line.sources, 'source')}, {line.told_at:%d %b %H:%M} UTC",
        )
        for line in lines[: limits.CHOICES_MAX]
    ]


def _title(story: ToldStory) -> str:
    return telling_title(story.tellings[0])


def _posts(story: ToldStory) -> str:
    return posts_told(post for telling in story.tellings for post in telling.posts)


def _opened(story: ToldStory, guild: discord.Guild) -> ToldStory:
    """Return *story* with its posts where Discord opens them."""
    tellings = [
        replace(telling, posts=tuple(opened(post, guild) for post in telling.posts))
        for telling in story.tellings
    ]
    return replace(story, tellings=tuple(tellings))


def _split_told(parted: Sequence[Parted], edited: Sequence[PostRef]) -> str:
    """Return what a split came to, with what happens to each post that can be told."""
    lines = ["Split: two stories now, and they stay so."]
    if edited:
        lines.append(f"No longer named there: {posts_told(edited)}.")
    lines += [
        f"**{inline(each.title or UNTITLED)}** has no post in <#{each.channel_id}> now; "
        "it gets one only if you ask."
        for each in parted[:_POSTED_IN_MAX]
    ]
    if not parted:
        lines.append(
            f"No post had to change: each tells one of the two, or is older than {_HOURS:g} hours."
        )
    return "\n".join(lines)


class PostAlone(
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]],
    template=r"story:post:(?P<story>\d{1,19}):(?P<channel>\d{1,20})",
):
    """Post a story that a split left without a post. The ids are in the button, not in memory."""

    def __init__(self, story_id: StoryId, channel_id: ChannelId, where: str = "") -> None:
        super().__init__(
            discord.ui.Button(
                label=plain(f"Post it on its own{where}", limits.BUTTON_LABEL_MAX),
                style=discord.ButtonStyle.primary,
                custom_id=f"story:post:{story_id}:{channel_id}",
            )
        )
        self._story_id = story_id
        self._channel_id = channel_id

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction, _item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Return the button that was pressed."""
        return cls(StoryId(int(match["story"])), ChannelId(int(match["channel"])))

    async def callback(self, interaction: discord.Interaction) -> None:
        """Owe the post and say so."""
        # discord.py only logs what a dynamic item raises, so errors are answered here.
        try:
            await self._post(interaction)
        except Exception as error:  # noqa: BLE001  # the one handler sorts them, and logs our own
            await answer_error(interaction, error)

    async def _post(self, interaction: discord.Interaction) -> None:
        require_manager(interaction)
        channel = guild_of(interaction).get_channel_or_thread(self._channel_id)
        if not isinstance(channel, Target):
            raise NotAllowed("That channel is gone, or Herald cannot see it any more.")
        require_postable(channel, member_of(interaction))
        await interaction.response.defer(ephemeral=True, thinking=True)
        await client_of(interaction).narrator.post(self._story_id, self._channel_id)
        await interaction.edit_original_response(
            content=f"On its way to {channel.mention}, as a post of its own."
        )


def post_view(interaction: discord.Interaction, parted: Sequence[Parted]) -> discord.ui.View:
    """Return the buttons that post what a split left without a post, one for each channel.

    No time-out: when a view ends, discord.py 2.7 forgets its dynamic items for every message.
    """
    view = discord.ui.View(timeout=None)
    guild = guild_of(interaction)
    for each in parted[:_POSTED_IN_MAX]:
        channel = guild.get_channel_or_thread(each.channel_id)
        where = f" in #{channel.name}" if channel and len(parted) > 1 else ""
        view.add_item(PostAlone(each.story_id, each.channel_id, where))
    return view


STORY_ITEMS = (PostAlone,)
"""What the client registers, so that buttons of former processes work."""
