"""Bring a removed feed back: a button that works across restarts."""

import re
from typing import Any, Self

import discord

from bot.errors import UserError
from bot.frontend.errors import answer_error
from bot.frontend.markdown import inline
from bot.frontend.permissions import guild_of, require_manager
from bot.news.models import SubscriptionId
from bot.services.channels import Steward
from bot.services.digest import Digester
from bot.services.follow import Follower
from bot.services.heal import Healer
from bot.services.narrate import Narrator
from bot.services.whereabouts import Whereabouts


class FollowingClient(discord.Client):
    """A client whose buttons outlive it: they find the services through the client of the day."""

    follower: Follower
    healer: Healer
    narrator: Narrator
    steward: Steward
    digester: Digester
    whereabouts: Whereabouts


def client_of(interaction: discord.Interaction) -> FollowingClient:
    """Return the client that an interaction came to."""
    client = interaction.client
    if not isinstance(client, FollowingClient):
        raise TypeError(f"{type(client).__name__} follows no feeds")
    return client


class UndoRemoval(
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]], template=r"undo:(?P<id>\d{1,19})"
):
    """Follow again what /feed remove took away. The id is in the button, not in memory."""

    def __init__(self, subscription_id: SubscriptionId) -> None:
        super().__init__(
            discord.ui.Button(
                label="Undo",
                style=discord.ButtonStyle.secondary,
                custom_id=f"undo:{subscription_id}",
            )
        )
        self._subscription_id = subscription_id

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction, _item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Return the button that was pressed."""
        return cls(SubscriptionId(int(match["id"])))

    async def callback(self, interaction: discord.Interaction) -> None:
        """Bring the subscription back and say so."""
        # discord.py only logs what a dynamic item raises, so errors are answered here.
        try:
            await self._restore(interaction)
        except Exception as error:  # noqa: BLE001  # the one handler sorts them, and logs our own
            await answer_error(interaction, error)

    async def _restore(self, interaction: discord.Interaction) -> None:
        require_manager(interaction)
        client = client_of(interaction)
        await interaction.response.defer()
        removed = await client.follower.following(self._subscription_id)
        if removed is not None and removed.subscription.guild_id != guild_of(interaction).id:
            raise UserError("That feed belongs to another server.")
        found = await client.follower.restore(self._subscription_id)
        await interaction.edit_original_response(
            content=f"**{inline(found.subscription.name)}** is back in "
            f"<#{found.subscription.channel_id}>.",
            view=None,
        )


def undo_view(subscription_id: SubscriptionId) -> discord.ui.View:
    """Return the view with the button alone.

    It has no time-out: when a view ends, discord.py 2.7 forgets its dynamic items for every
    message. A press that comes too late is answered by the service.
    """
    view = discord.ui.View(timeout=None)
    view.add_item(UndoRemoval(subscription_id))
    return view
