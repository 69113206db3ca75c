"""/feed import: a rehearsal with progress, a table in pages, a button that adds what is new."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta

import aiohttp
import discord
import structlog

from bot.errors import LimitReached, UserError
from bot.feeds.opml import Outline, read_outlines
from bot.frontend import limits
from bot.frontend.listings import COLOUR, count
from bot.frontend.markdown import block, plain, when
from bot.frontend.panels.pager import Pager
from bot.frontend.permissions import Target, member_of, require_manager, require_postable
from bot.news.models import ChannelId, GuildId, UserId
from bot.news.ports import Clock
from bot.services.transfer import Added, Fate, Place, Transfer, Wanted, is_addable

log = structlog.get_logger()

FILE_MAX = 2**20  # bytes
FEEDS_MAX = 500  # of one import; more would not be fetched while the reply can be edited
ROWS_PER_PAGE = 10
PROGRESS_S = 5.0  # between two edits
CHECK_WITHIN_S = 10 * 60.0  # what is not fetched by then is added unchecked
# A reply can be edited for 15 minutes; later the channel is told.
REPLY_WITHIN = timedelta(seconds=limits.TOKEN_LIFETIME_S - 60)

_MARKS = {
    Fate.NEW: "＋",  # noqa: RUF001  # as wide as the others
    Fate.LATE: "?",
    Fate.ALREADY: "=",
    Fate.DUPLICATE: "=",
    Fate.DEAD: "✕",
}
_ORDER = [Fate.DEAD, Fate.LATE, Fate.NEW, Fate.ALREADY, Fate.DUPLICATE]


def wanted_of(outlines: Iterable[Outline]) -> list[Wanted]:
    """Return what a list wants added; a title that is only the address does not count."""
    return [
        Wanted(url=line.url, title="" if line.title == line.url else line.title)
        for line in outlines
    ]


async def read_list(file: discord.Attachment) -> list[Wanted]:
    """Return the feeds of an uploaded list: OPML, addresses, FeedCord's appsettings.json.

    Raises UserError, ParseFailed.
    """
    if file.size > FILE_MAX:
        raise LimitReached(f"The file is larger than {FILE_MAX // 2**20} MB. Split it.")
    try:
        body = await file.read()
    except (discord.HTTPException, aiohttp.ClientError) as error:
        raise UserError("Discord did not hand over the file. Try again in a moment.") from error
    # A large list takes a while to read.
    outlines = await asyncio.to_thread(read_outlines, body)
    if len(outlines) > FEEDS_MAX:
        raise LimitReached(
            f"The list holds {len(outlines):,} feeds; at most {FEEDS_MAX} can be imported at once. "
            "Split it, or use `herald feeds import` on the command line."
        )
    return wanted_of(outlines)


class ImportPanel(Pager):
    """The table of a rehearsal, ten rows a page, and the button that adds what is new."""

    def __init__(
        self,
        owner_id: int,
        transfer: Transfer,
        clock: Clock,
        target: Target,
        rows: Sequence[Added],
    ) -> None:
        super().__init__(owner_id, self._page_of)
        self._transfer = transfer
        self._clock = clock
        self._target = target
        self._rows = sorted(rows, key=lambda row: _ORDER.index(row.fate))
        self._addable = [row for row in rows if is_addable(row)]
        self._is_begun = False
        self.is_kept = bool(self._addable)
        self.add.label = f"Import {len(self._addable)}"
        if not self._addable:
            self.remove_item(self.add)
            self.remove_item(self.cancel)

    async def _page_of(self, page: int) -> tuple[discord.Embed, int]:
        pages = max(1, -(-len(self._rows) // ROWS_PER_PAGE))
        first = page * ROWS_PER_PAGE
        shown = self._rows[first : first + ROWS_PER_PAGE]
        embed = discord.Embed(
            title=f"Import to #{plain(self._target.name, 90)}: {told(self._rows)}",
            description="\n".join(_row(row) for row in shown),
            colour=COLOUR,
        )
        end = "Nothing old is posted." if self._addable else "There is nothing to add."
        return embed.set_footer(text=f"Page {page + 1} of {pages} · {end}"), pages

    @discord.ui.button(label="Import", style=discord.ButtonStyle.success, row=1)
    async def add(
        self, interaction: discord.Interaction, _button: "discord.ui.Button[ImportPanel]"
    ) -> None:
        """Add what is new, once."""
        await interaction.response.defer()
        if self._is_begun:
            return
        require_manager(interaction)
        require_postable(self._target, member_of(interaction))  # may have changed meanwhile
        self._is_begun = True
        self.stop()
        began_at = self._clock.now()
        place = place_of(self._target, interaction.user.id)
        async with progress(interaction, "Importing", len(self._addable)) as on_done:
            rows = await self._transfer.add_checked(self._addable, place, on_done=on_done)
        self._addable = []  # the documents that it held
        await _finish(interaction, self._target, rows, is_late=self._is_late(began_at))

    @discord.ui.button(label="Cancel", style=discord.ButtonStyle.secondary, row=1)
    async def cancel(
        self, interaction: discord.Interaction, _button: "discord.ui.Button[ImportPanel]"
    ) -> None:
        """Add nothing."""
        await interaction.response.defer()
        await self.close(interaction, "Cancelled. Nothing was added.")

    def _is_late(self, began_at: datetime) -> bool:
        return self._clock.now() - began_at > REPLY_WITHIN


def place_of(target: Target, user_id: int) -> Place:
    """Return where an import goes, and for whom."""
    return Place(
        guild_id=GuildId(target.guild.id),
        channel_id=ChannelId(target.id),
        added_by=UserId(user_id),
    )


def told(rows: Sequence[Added]) -> str:
    """Return how many rows fared how: "3 new, 1 dead"."""
    counts = Counter(row.fate for row in rows)
    return ", ".join(f"{counts[fate]:,} {fate.value}" for fate in Fate if counts[fate]) or "none"


@asynccontextmanager
async def progress(
    interaction: discord.Interaction, doing: str, total: int
) -> AsyncIterator[Callable[[int], None]]:
    """Edit the reply of *interaction* every few seconds while the context is open.

    Yields what is to be told how many are done.
    """
    done = 0

    def on_done(number: int) -> None:
        nonlocal done
        done = number

    async def report() -> None:
        while True:
            text = f"{doing}: {done:,} of {count(total, 'feed')} …"
            # Past its 15 minutes, or deleted: the work goes on untold.
            with suppress(discord.DiscordException, aiohttp.ClientError):
                await interaction.edit_original_response(content=text, embed=None, view=None)
            await asyncio.sleep(PROGRESS_S)

    try:
        async with asyncio.TaskGroup() as group:
            reporter = group.create_task(report())
            try:
                yield on_done
            finally:
                reporter.cancel()
    except ExceptionGroup as faults:
        raise faults.exceptions[0] from None  # what kept the work itself from being done


async def _finish(
    interaction: discord.Interaction, target: Target, rows: Sequence[Added], *, is_late: bool
) -> None:
    """Say what came of the import: to the caller, or in the channel where that took too long."""
    added = sum(row.fate is Fate.NEW for row in rows)
    text = f"Imported {count(added, 'feed')} to {target.mention}: {told(rows)}. "
    text += "What they hold already is not posted. `/feed list` shows them."
    for row in rows:
        if row.fate is Fate.DEAD and len(text) < limits.CONTENT_MAX // 2:
            text += f"\n✕ {block(row.wanted.url, 200)}: {block(row.reason, 200)}"
    log.info("feeds.imported", guild=target.guild.id, channel=target.id, added=added)
    try:
        if is_late:
            await target.send(text, allowed_mentions=discord.AllowedMentions.none())
        else:
            await interaction.edit_original_response(
                content=f"Done {when(interaction.created_at)}.", embed=None, view=None
            )
            await interaction.followup.send(text, ephemeral=True)
    except (discord.DiscordException, aiohttp.ClientError) as error:
        log.warning("import.untold", reason=str(error) or type(error).__name__)


def _row(row: Added) -> str:
    name = f"**{block(plain(row.wanted.title, 60), 80)}** " if row.wanted.title else ""
    detail = row.reason or (count(row.entries, "entry") if row.fate is Fate.NEW else "")
    detail = f" · {block(plain(detail, 110), 130)}" if detail else ""
    return f"{_MARKS[row.fate]} {row.fate.value} · {name}{block(row.wanted.url, 120)}{detail}"
