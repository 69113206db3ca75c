"""/feed import: a rehearsal with progress, a table in pages, a button that adds what is new."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta

import aiohttp
import discord
import structlog

from bot.errors import LimitReached, UserError
from bot.feeds.opml import Outline, read_outlines
from bot.frontend import limits
from bot.frontend.listings import COLOUR, count, mentions
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
        Wanted(
            url=line.url,
            title="" if line.title == line.url else line.title,
            folder=line.folder,
        )
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
        folders: Mapping[str, Target] | None = None,
    ) -> None:
        super().__init__(owner_id, self._page_of)
        self._folders = folders or {}
        self._is_by_folder = False
        self._transfer = transfer
        self._clock = clock
        self._target = target
        self._is_begun = False
        self._take(rows)
        if not self._folders:
            self.remove_item(self.sort)
        if not self._addable and not self._folders:
            self.remove_item(self.add)
            self.remove_item(self.cancel)

    def _take(self, rows: Sequence[Added]) -> None:
        self._given = rows  # in the list's order: of two alike the first one counts
        self._rows = sorted(rows, key=lambda row: _ORDER.index(row.fate))
        self._addable = [row for row in rows if is_addable(row)]
        self.is_kept = bool(self._addable or self._folders)
        self.add.label = f"Import {len(self._addable)}"
        self.add.disabled = not self._addable
        self.sort.label = "All to one channel" if self._is_by_folder else "Each to its channel"

    @property
    def _place(self) -> Place:
        folders = self._folders if self._is_by_folder else {}
        return place_of(self._target, self._owner_id, folders)

    @property
    def _targets(self) -> list[Target]:
        """The channels that get anything."""
        there = {self._target.id: self._target}
        there.update((each.id, each) for each in self._folders.values())
        used = dict.fromkeys(self._place.channel_of(row.wanted) for row in self._addable)
        return [there[id_] for id_ in used] or [self._target]

    async def _page_of(self, page: int) -> tuple[discord.Embed, int]:
        pages = max(1, -(-len(self._rows) // ROWS_PER_PAGE))
        first = page * ROWS_PER_PAGE
        shown = self._rows[first : first + ROWS_PER_PAGE]
        targets = self._targets
        where = f"#{plain(targets[0].name, 90)}"
        if len(targets) > 1:
            where = count(len(targets), "channel")
        lines = [_row(row) + self._goes_to(row) for row in shown]
        note = _folders_told(
            self._given, self._folders, self._target, is_by_folder=self._is_by_folder
        )
        if note:
            lines.insert(0, note)
        embed = discord.Embed(
            title=f"Import to {where}: {told(self._rows)}",
            description="\n".join(lines),
            colour=COLOUR,
        )
        end = "Nothing old is posted." if self._addable else "There is nothing to add."
        return embed.set_footer(text=f"Page {page + 1} of {pages} · {end}"), pages

    def _goes_to(self, row: Added) -> str:
        if not self._is_by_folder or not is_addable(row):
            return ""
        return f" → <#{self._place.channel_of(row.wanted)}>"

    @discord.ui.button(label="Import", style=discord.ButtonStyle.success, row=1)
    async def add(
        self, interaction: discord.Interaction, _button: "discord.ui.Button[ImportPanel]"
    ) -> None:
        """Add what is new, once."""
        await interaction.response.defer()
        if self._is_begun:
            return
        require_manager(interaction)
        targets = self._targets
        for target in targets:
            require_postable(target, member_of(interaction))  # may have changed meanwhile
        self._is_begun = True
        self.stop()
        began_at = self._clock.now()
        place = self._place
        async with progress(interaction, "Importing", len(self._addable)) as on_done:
            rows = await self._transfer.add_checked(self._addable, place, on_done=on_done)
        self._addable = []  # the documents that it held
        await _finish(interaction, targets, rows, is_late=self._is_late(began_at))

    @discord.ui.button(label="Each to its channel", style=discord.ButtonStyle.secondary, row=1)
    async def sort(
        self, interaction: discord.Interaction, _button: "discord.ui.Button[ImportPanel]"
    ) -> None:
        """Send each folder to the channel of its name, or all to the one that was chosen."""
        await interaction.response.defer()
        if self._is_begun:
            return
        self._is_by_folder = not self._is_by_folder
        self._take(await self._transfer.rejudge(self._given, self._place))
        await self.turn_to(interaction, 0)

    @discord.ui.button(label="Cancel", style=discord.ButtonStyle.secondary, row=1)
    async def cancel(
        self, interaction: discord.Interaction, _button: "discord.ui.Button[ImportPanel]"
    ) -> None:
        """Add nothing."""
        await interaction.response.defer()
        await self.close(interaction, "Cancelled. Nothing was added.")

    def _is_late(self, began_at: datetime) -> bool:
        return self._clock.now() - began_at > REPLY_WITHIN


def channels_of(
    guild: discord.Guild, member: discord.Member, wanted: Iterable[Wanted]
) -> dict[str, Target]:
    """Return the channel that goes by the name of each folder of a list, where there is one.

    Only channels where both the caller and Herald may post.
    """
    named: dict[str, Target] = {}
    for channel in guild.text_channels:
        with suppress(UserError):
            require_postable(channel, member)
            named.setdefault(_channel_name(channel.name), channel)
    folders = dict.fromkeys(row.folder for row in wanted if row.folder)
    return {
        folder: named[name]
        for folder in folders
        # "News / Sea": the innermost says most.
        for name in [_channel_name(folder.rpartition(" / ")[2])]
        if name in named
    }


def _channel_name(text: str) -> str:
    """Return *text* as Discord would write it as a channel's name."""
    return "-".join(text.casefold().replace("#", " ").replace("_", " ").replace("-", " ").split())


def _folders_told(
    rows: Sequence[Added], folders: Mapping[str, Target], target: Target, *, is_by_folder: bool
) -> str | None:
    """Return where the groups of a list go, and where they could; None without groups."""
    names = list(dict.fromkeys(row.wanted.folder for row in rows if row.wanted.folder))
    if not names:
        return None
    shown = ", ".join(f"“{block(plain(name, 30), 60)}”" for name in names[:3])
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""  # noqa: PLR2004  # as shown
    told = f"-# The list has {count(len(names), 'group')}: {shown}{more}."
    if not folders:
        return f"{told} No channel here goes by such a name, so all go to {target.mention}."
    named = list(dict.fromkeys(ChannelId(each.id) for each in folders.values()))
    theirs = f"{len(folders):,} to channels of the same name: {mentions(named)}"
    if is_by_folder:
        return f"{told} {theirs}; all else to {target.mention}."
    return f"{told} All go to {target.mention}. “Each to its channel” sends {theirs}."


def place_of(target: Target, user_id: int, folders: Mapping[str, Target] | None = None) -> Place:
    """Return where an import goes, and for whom."""
    return Place(
        folders={name: ChannelId(each.id) for name, each in (folders or {}).items()},
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
    interaction: discord.Interaction,
    targets: Sequence[Target],
    rows: Sequence[Added],
    *,
    is_late: bool,
) -> None:
    """Say what came of the import: to the caller, or in the channel where that took too long."""
    target = targets[0]
    added = sum(row.fate is Fate.NEW for row in rows)
    where = mentions([ChannelId(each.id) for each in targets])
    text = f"Imported {count(added, 'feed')} to {where}: {told(rows)}. "
    text += "What they hold already is not posted. `/feed list` shows them."
    for row in rows:
        if row.fate is Fate.DEAD and len(text) < limits.CONTENT_MAX // 2:
            text += f"\n✕ {block(row.wanted.url, 200)}: {block(row.reason, 200)}"
    log.info("feeds.imported", guild=target.guild.id, channel=target.id, added=added)
    try:
        if is_late:
            if isinstance(target, discord.ForumChannel):  # it takes nothing but posts
                await target.create_thread(name=f"Imported {count(added, 'feed')}", content=text)
            else:
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
