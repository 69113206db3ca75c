"""`herald` on a machine whose clock is ahead: ``python herald_later.py SECONDS run``.

Only where Herald reads the time is it moved; what waits, waits as long as ever.
"""

import sys
from datetime import datetime, timedelta

from bot import app
from bot.cli import main
from bot.frontend.client import HeraldClient
from bot.frontend.gate import Gate
from bot.news.ports import TellModel

READY_AFTER_S = 0.3  # since the last server that Discord named


def set_ahead(seconds: float) -> None:
    """Let every command of this process read a time that is *seconds* ahead."""
    ahead = timedelta(seconds=seconds)

    class LaterClock(app.SystemClock):
        """The time of this machine, and some more."""

        def now(self) -> datetime:
            """Return the present there, aware UTC."""
            return super().now() + ahead

    app.SystemClock = LaterClock  # type: ignore[misc]  # what every command takes its time from


def hurry() -> None:
    """Let every client of this process be ready soon after it is connected."""
    build = app.build_client

    def build_hasty(
        core: app.Core, gate: Gate | None = None, tell_model: TellModel | None = None
    ) -> HeraldClient:
        client = build(core, gate, tell_model)
        client._connection.guild_ready_timeout = READY_AFTER_S
        return client

    app.build_client = build_hasty


if __name__ == "__main__":
    set_ahead(float(sys.argv.pop(1)))
    sys.exit(main())
