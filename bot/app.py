"""The composition root: opens every resource, joins adapters to ports, owns the one TaskGroup.

::

    open_core   storage + web + language ─► Poller · Follower · Searcher     (no Discord needed)
    run         core + front end ─► Deliverer, the loops, the gateway, until told to stop

The only module that knows all classes. That adapters fit their ports is proved here, by mypy.
"""

import asyncio
import fcntl
import gc
import os
import random
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import structlog

from bot.errors import ConfigError, StorageError
from bot.feeds.source import Web, open_web
from bot.frontend.bulletins import DiscordAnnouncer
from bot.frontend.client import HeraldClient, identify, log_in, point_at, stay_connected
from bot.frontend.gate import Gate
from bot.frontend.publisher import DiscordPublisher
from bot.frontend.underway import finish_commands
from bot.language import words
from bot.language.allowance import Budget, Recall, Remember
from bot.language.comparing import Comparer as ReportComparer
from bot.language.endpoint import open_endpoint
from bot.language.extractive import Extractive
from bot.language.llm import LanguageModel, Trial
from bot.language.quoter import TextQuoter
from bot.news.cadence import NEW_S, Pace
from bot.news.models import Claim, Post
from bot.news.ports import (
    Announcer,
    Articles,
    Clock,
    Comparer,
    Finisher,
    Model,
    Publisher,
    Quoter,
    Source,
    Storage,
    Summariser,
    TellModel,
    Tokeniser,
)
from bot.schedule import Loop, Schedule, Trouble
from bot.services.account import Accountant
from bot.services.ask import Asker
from bot.services.calls import Calls
from bot.services.deliver import Deliverer
from bot.services.digest import Digester
from bot.services.errands import Errands
from bot.services.follow import Follower
from bot.services.group import Grouper
from bot.services.heal import Healer
from bot.services.look import Looker
from bot.services.narrate import Narrator
from bot.services.poll import Poller
from bot.services.search import Searcher
from bot.services.tell import Teller
from bot.services.transfer import Transfer
from bot.settings import Settings
from bot.storage import open_storage

log = structlog.get_logger()

GRACE_S = 6.0  # for what is in hand when told to stop; closing the gateway may take 3 more
TRIAL_S = 60.0  # for the model in `herald check`: a server may have to load it first
DATABASE = "herald.db"
LOCK = "herald.lock"
DAEMON = "run"  # who holds the leases of the one process that runs on


class SystemClock:
    """The time of this machine."""

    def now(self) -> datetime:
        """Return the present, aware UTC."""
        return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Core:
    """The parts that need no Discord."""

    settings: Settings
    clock: Clock
    storage: Storage
    web: Web
    summariser: Summariser
    schedule: Schedule
    poller: Poller
    follower: Follower
    healer: Healer
    searcher: Searcher
    narrator: Narrator
    transfer: Transfer
    asker: Asker
    tokenise: Tokeniser


def database_path(settings: Settings) -> Path:
    """Return where the database is."""
    return settings.data_dir / DATABASE


def user_agent(settings: Settings) -> str:
    """Return what Herald calls itself to publishers: name, version and whom to write to."""
    contact = f"; {settings.contact}" if settings.contact else ""
    return f"Herald/{version('herald-newsbot')} (self-hosted Discord news bot{contact})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """The parts that need neither Discord nor a database."""

    web: Web
    summariser: Summariser
    looker: Looker


@asynccontextmanager
async def open_reader(
    settings: Settings, *, clock: Clock | None = None, asks_model: bool = False
) -> AsyncIterator[Reader]:
    """Open the web, for looking at feeds; with the language model, where one is set and wanted."""
    clock = clock or SystemClock()
    async with AsyncExitStack() as stack:
        web = await stack.enter_async_context(
            open_web(
                user_agent=user_agent(settings),
                allowed_networks=settings.allowed_networks,
                reads_pages=settings.reads_pages,
            )
        )
        model: Model | None = None
        if asks_model:
            model = await stack.enter_async_context(open_model_once(settings, clock))
        source: Source = web
        articles: Articles = web
        summariser: Summariser = Extractive()
        looker = Looker(
            source,
            articles,
            summariser,
            clock,
            model=model,
            model_max_s=settings.llm_timeout_s,
        )
        yield Reader(web=web, summariser=summariser, looker=looker)


@asynccontextmanager
async def open_model(
    settings: Settings, clock: Clock, recall: Recall, remember: Remember
) -> AsyncIterator[LanguageModel | None]:
    """Open the language model, None where none is set. Raises ConfigError without the extra llm.

    *recall* and *remember* keep what the day has cost.
    """
    if settings.llm_url is None or settings.llm_model is None:
        yield None
        return
    async with open_endpoint(
        url=settings.llm_url,
        model=settings.llm_model,
        key=settings.llm_key.get_secret_value() if settings.llm_key else None,
        user_agent=user_agent(settings),
    ) as endpoint:
        budget = Budget(
            recall,
            remember,
            requests_per_day=settings.llm_requests_per_day,
            tokens_per_day=settings.llm_tokens_per_day,
        )
        yield LanguageModel(
            endpoint,
            budget,
            clock,
            context_tokens=settings.llm_context_tokens,
            patience_s=settings.llm_timeout_s,
        )


@asynccontextmanager
async def open_model_once(settings: Settings, clock: Clock) -> AsyncIterator[LanguageModel | None]:
    """Open the language model for a question of the operator's, which no day's budget pays for."""

    async def recall(_key: str) -> str | None:
        return None

    async def remember(_key: str, _value: str) -> None:
        pass

    async with open_model(settings, clock, recall, remember) as model:
        yield model


async def try_model(settings: Settings) -> Trial | None:
    """Ask the language model about an article of ours; None where no model is set.

    Raises ConfigError without the extra llm, SummaryError where there is no answer to use.
    """
    async with open_model_once(settings, SystemClock()) as model:
        return None if model is None else await model.try_out(within_s=TRIAL_S)


@asynccontextmanager
async def open_core(
    settings: Settings, *, clock: Clock | None = None, holder: str = "once"
) -> AsyncIterator[Core]:
    """Open the database and the web, and join the use cases to them. Raises StorageError.

    *holder* names the process in the leases of feeds.
    """
    clock = clock or SystemClock()
    pace = Pace(
        interval_s=settings.poll_interval_s or NEW_S,
        is_fixed=settings.poll_interval_s is not None,
    )
    spread = random.Random().random  # noqa: S311  # spreads polls, guards nothing
    async with AsyncExitStack() as stack:
        reader = await stack.enter_async_context(open_reader(settings, clock=clock))
        web = reader.web
        storage: Storage = await stack.enter_async_context(
            open_storage(
                database_path(settings), tokenise=words.tokenise, tokeniser_version=words.VERSION
            )
        )
        source: Source = web
        comparer: Comparer = ReportComparer()
        quoter: Quoter = TextQuoter()
        schedule = Schedule()
        poller = Poller(
            storage,
            source,
            clock,
            pace=pace,
            random=spread,
            polls_per_s=settings.polls_per_s,
            holder=holder,
            on_recorded=schedule.group.poke,
        )
        follower = Follower(
            storage,
            reader.looker,
            poller,
            clock,
            pace=pace,
            random=spread,
            on_recorded=schedule.group.poke,
        )
        yield Core(
            settings=settings,
            clock=clock,
            storage=storage,
            web=web,
            summariser=reader.summariser,
            schedule=schedule,
            poller=poller,
            follower=follower,
            healer=Healer(storage, source, follower, clock, pace=pace, random=spread),
            searcher=Searcher(storage, clock, words.tokenise),
            narrator=Narrator(storage, comparer, clock, on_owed=schedule.deliver.poke),
            asker=Asker(storage, quoter, clock),
            transfer=Transfer(storage, source, follower),
            tokenise=words.tokenise,
        )


@contextmanager
def only_process(data_dir: Path) -> Iterator[None]:
    """Hold the data directory for one running bot.

    Two would deliver the same outbox. Raises ConfigError when another holds it; the lock ends with
    the process, however it ends.
    """
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        handle = (data_dir / LOCK).open("a+")
    except OSError as error:
        raise StorageError(
            f"The data directory {data_dir} cannot be written ({error.strerror}). "
            "Set HERALD_DATA_DIR to a folder that this user may write to.",
            path=str(data_dir),
        ) from error
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            handle.seek(0)
            raise ConfigError(
                f"Another herald (process {handle.read().strip() or 'unknown'}) runs on the data "
                f"directory {data_dir}. Stop it, or give this one a HERALD_DATA_DIR of its own.",
                setting="HERALD_DATA_DIR",
            ) from None
        handle.truncate(0)
        handle.write(f"{os.getpid()}\n")
        handle.flush()
        yield


def loops(
    core: Core,
    publisher: Publisher,
    announcer: Announcer,
    finisher: Finisher,
    *,
    is_ready: Callable[[], bool],
    model: Model | None = None,
    on_sent: Callable[[Claim, Post], None] = lambda _claim, _post: None,
) -> tuple[Loop, ...]:
    """Return the loops of the bot; those that talk to Discord work while *is_ready*."""
    grouper = Grouper(
        core.storage, core.clock, on_grouped=core.schedule.deliver.poke, gives_way=True
    )

    async def group() -> None:
        await grouper.group_due()
        core.schedule.deliver.poke()  # some is owed that needed no grouping, or had it

    deliverer = Deliverer(
        core.storage,
        core.web,
        core.summariser,
        publisher,
        core.clock,
        calls=Calls(core.storage, core.clock, core.tokenise),
        model=model,
        model_max_s=core.settings.llm_timeout_s,
        on_sent=on_sent,
    )

    async def deliver() -> None:
        if is_ready():
            await deliverer.deliver_due()

    errands = _while_ready(is_ready, Errands(core.storage, finisher, core.clock).run_due)

    digester = Digester(core.storage, core.clock)

    async def digest() -> None:
        if await digester.make_due():
            core.schedule.deliver.poke()

    teller = Teller(core.storage, announcer, core.clock)

    async def tell() -> None:
        if is_ready():
            await teller.tell_due()

    accountant = Accountant(core.storage, core.clock)

    async def tidy() -> None:
        await core.storage.tidy(core.clock.now())
        await accountant.tell_daily()

    trouble = Trouble()
    return (
        Loop("poll", core.schedule.poll, core.poller.poll_round, overlaps=True, trouble=trouble),
        Loop("group", core.schedule.group, group, trouble=trouble),
        Loop("deliver", core.schedule.deliver, deliver, overlaps=True, trouble=trouble),
        Loop("errands", core.schedule.errands, errands, trouble=trouble),
        Loop("digest", core.schedule.digest, digest, trouble=trouble),
        Loop("tell", core.schedule.tell, tell, trouble=trouble),
        Loop("resume", core.schedule.resume, core.follower.resume_due, trouble=trouble),
        Loop("mend", core.schedule.mend, core.healer.mend_due, trouble=trouble),
        Loop("tidy", core.schedule.tidy, tidy, trouble=trouble),
    )


def _while_ready(
    is_ready: Callable[[], bool], work: Callable[[], Awaitable[object]]
) -> Callable[[], Awaitable[None]]:
    """Return *work* that is left alone while Discord cannot be asked."""

    async def work_if_ready() -> None:
        if is_ready():
            await work()

    return work_if_ready


@contextmanager
def heap_at_rest() -> Iterator[None]:
    """Keep the garbage collector off all that was made before the block.

    Each full collection went through every imported module again, up to 0.17 s in which the event
    loop stood still.
    """
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


async def run_loops(core: Core, work: tuple[Loop, ...], stopping: asyncio.Event) -> float:
    """Run *work* until *stopping*, then let what is in hand finish within GRACE_S.

    Returns how many seconds are left of those.
    """
    with heap_at_rest():
        return await _run_loops(core, work, stopping)


async def _run_loops(core: Core, work: tuple[Loop, ...], stopping: asyncio.Event) -> float:
    now = asyncio.get_running_loop().time
    async with asyncio.TaskGroup() as group:
        async with core.schedule:
            tasks = [group.create_task(loop.run()) for loop in work]
            await stopping.wait()
        until = now() + GRACE_S
        for loop in work:
            loop.stop()
        _, late = await asyncio.wait(tasks, timeout=GRACE_S)
        for task in late:
            task.cancel()
        if late:
            log.warning("app.cut_short", tasks=len(late))
    return max(until - now(), 0.0)


def token_of(settings: Settings) -> str:
    """Return the bot's token. Raises ConfigError that says where to get one."""
    if settings.token is None:
        raise ConfigError(
            "HERALD_TOKEN is not set. Put the bot's token, from Discord's developer portal, into "
            ".env as HERALD_TOKEN=… ; to look at Herald without an account, run: herald demo",
            setting="HERALD_TOKEN",
        )
    return settings.token.get_secret_value()


async def upload_commands(core: Core) -> int:
    """Upload the slash commands, changed or not; return how many there are. Raises ConfigError."""
    token = token_of(core.settings)
    point_at(core.settings.discord_api_base, core.settings.discord_gateway)
    async with build_client(core) as client:
        await log_in(client, token)
        await client.upload_commands(force=True)
        return len(client.tree.get_commands())


async def identity(settings: Settings) -> str:
    """Return who Discord says the bot is. Raises ConfigError, or PublishError where it is away."""
    token = token_of(settings)
    point_at(settings.discord_api_base, settings.discord_gateway)
    return await identify(token, proxy=settings.discord_proxy)


async def run(settings: Settings) -> None:
    """Run the bot until SIGTERM or SIGINT.

    Raises ConfigError for a missing or wrong token, StorageError for an unusable database.
    """
    token = token_of(settings)
    stopping = asyncio.Event()
    with only_process(settings.data_dir), stop_on_signals(stopping):
        async with open_core(settings, holder=DAEMON) as core:
            freed = await core.storage.release_leases()
            await core.poller.resume()
            log.info("app.started", version=version("herald-newsbot"), resumed_deliveries=freed)
            async with open_model(
                settings, core.clock, core.storage.recall, core.storage.remember
            ) as model:
                core.asker.phrase_by(model, within_s=settings.llm_timeout_s)
                await _serve(core, token, stopping, model)
            with suppress(StorageError):
                await Accountant(core.storage, core.clock).tell()
    log.info("app.stopped")


async def _serve(
    core: Core, token: str, stopping: asyncio.Event, model: LanguageModel | None
) -> None:
    point_at(core.settings.discord_api_base, core.settings.discord_gateway)
    link = Link(core, None if model is None else model.state)
    publisher = DiscordPublisher(link.current, core.storage, link.gate)
    announcer = DiscordAnnouncer(publisher)
    work = loops(core, publisher, announcer, publisher, is_ready=link.is_ready, model=model)
    try:
        async with asyncio.TaskGroup() as group:
            gateway = group.create_task(stay_connected(link.make_client, token))
            left_s = await run_loops(core, work, stopping)
            await finish_commands(left_s)
            gateway.cancel()
    except* ConfigError as faults:
        raise _first(faults) from None


def _first(group: BaseExceptionGroup[ConfigError]) -> ConfigError:
    """Return one error of a group of groups: all say the same."""
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, ConfigError)  # noqa: S101  # the type of the group says so
    return error


class Link:
    """The connection to Discord as it stands; each try of `stay_connected` makes a new client."""

    def __init__(self, core: Core, tell_model: TellModel | None = None) -> None:
        self.gate = Gate()
        self._core = core
        self._tell_model = tell_model
        self._client: HeraldClient | None = None

    def make_client(self) -> HeraldClient:
        """Make a client; it is the current one from now on."""
        self._client = build_client(self._core, self.gate, self._tell_model)
        return self._client

    def current(self) -> HeraldClient | None:
        """Return the client of the latest try."""
        return self._client

    def is_ready(self) -> bool:
        """Return whether posts can be sent now."""
        return self._client is not None and self._client.is_ready()


def build_client(
    core: Core, gate: Gate | None = None, tell_model: TellModel | None = None
) -> HeraldClient:
    """Make the Discord client with every slash command, not connected."""
    return HeraldClient(
        follower=core.follower,
        healer=core.healer,
        transfer=core.transfer,
        searcher=core.searcher,
        narrator=core.narrator,
        asker=core.asker,
        storage=core.storage,
        clock=core.clock,
        proxy=core.settings.discord_proxy,
        on_ready=core.schedule.deliver.poke,
        gate=gate,
        tell_model=tell_model,
    )


@contextmanager
def stop_on_signals(stopping: asyncio.Event) -> Iterator[None]:
    """Set *stopping* at SIGTERM and SIGINT, instead of what Python does at them."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    try:
        yield
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
