"""`herald run`, `demo`, `check`, `sync` and `migrate`."""

import argparse
import sys
from datetime import UTC, datetime

from bot import app
from bot.errors import ConfigError, HeraldError
from bot.frontend.listings import count
from bot.settings import Settings
from bot.storage import migrate as migrate_database


async def run(_arguments: argparse.Namespace, settings: Settings) -> int:
    """Run the bot."""
    await app.run(settings)
    return 0


async def demo(arguments: argparse.Namespace, _settings: Settings) -> int:
    """Run the demo."""
    try:
        from bot.demo.run import run_demo  # noqa: PLC0415  # an extra, loaded when asked for
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"The demo needs the package {error.name}, which is not installed. "
            'Run: pip install "herald-newsbot[demo]"'
        ) from error
    return await run_demo(once=arguments.once, extra_feeds=arguments.feed)


async def migrate(_arguments: argparse.Namespace, settings: Settings) -> int:
    """Bring the database to this version's schema."""
    report = await migrate_database(app.database_path(settings))
    if report.from_version == report.to_version:
        print(f"{report.path}: schema {report.to_version}, nothing to do")
        return 0
    print(f"{report.path}: schema {report.from_version} → {report.to_version}")
    if report.backup is not None:
        print(f"The database as it was before: {report.backup}")
    return 0


async def sync(_arguments: argparse.Namespace, settings: Settings) -> int:
    """Upload the slash commands."""
    async with app.open_core(settings) as core:
        count = await app.upload_commands(core)
    print(f"{count} slash commands uploaded. Discord may take a minute to show them.")
    return 0


async def check(_arguments: argparse.Namespace, settings: Settings) -> int:
    """Check everything and say what is wrong."""
    for name, value in settings.shown():
        print(f"{name}={value}")
    faults = [
        fault
        for part in (_check_database, _check_discord, _check_model)
        if (fault := await part(settings))
    ]
    if not settings.contact:
        print("note      HERALD_CONTACT is unset: publishers cannot reach you about your bot")
    for fault in faults:
        print(f"herald: {fault}", file=sys.stderr)
    return 1 if faults else 0


async def _check_database(settings: Settings) -> str | None:
    try:
        async with app.open_core(settings) as core:
            health = await core.storage.health()
    except HeraldError as error:
        return str(error)
    print(
        f"database  {health.path}: schema {health.schema_version}, "
        f"{health.size_bytes / 1e6:.1f} MB, {count(health.feeds, 'feed')}, "
        f"{count(health.entries, 'article')}, {count(health.subscriptions, 'subscription')}, "
        f"{count(health.pending_deliveries, 'post')} waiting"
    )
    counts = health.counts
    print(
        f"outbox    {counts.owed} owed, {counts.sent} sent ({counts.found} found by looking back), "
        f"{counts.edited} edited, {counts.held} held, {counts.abandoned} given up; "
        f"{health.held_deliveries} held now"
    )
    if health.oldest_pending_at is not None:
        age = datetime.now(UTC) - health.oldest_pending_at
        print(f"          the oldest waits since {age.total_seconds() / 60:.0f} minutes")
    return None


async def _check_model(settings: Settings) -> str | None:
    try:
        trial = await app.try_model(settings)
    except HeraldError as error:
        return str(error)
    if trial is None:
        return None
    print(f"model     {trial.model} answered in {trial.took_s:.1f} s, asked by {trial.form}")
    if trial.took_s > settings.llm_timeout_s:
        print(
            f"note      a post waits {settings.llm_timeout_s:g} s at most (HERALD_LLM_TIMEOUT_S); "
            "try again, the model may have been loaded first"
        )
    if not trial.summary:
        why = "; ".join(trial.dropped)
        print(f"note      none of what it said of a test article could have been posted: {why}")
    return None


async def _check_discord(settings: Settings) -> str | None:
    try:
        who = await app.identity(settings)
    except HeraldError as error:
        return str(error)
    print(f"discord   logged in as {who}")
    return None
