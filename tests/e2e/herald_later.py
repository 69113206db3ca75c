"""`herald` on a machine whose clock is ahead: ``python herald_later.py SECONDS run``.

Only where Herald reads the time is it moved; what waits, waits as long as ever.
"""

import sys
from datetime import datetime, timedelta

from bot import app
from bot.cli import main


def set_ahead(seconds: float) -> None:
    """Let every command of this process read a time that is *seconds* ahead."""
    ahead = timedelta(seconds=seconds)

    class LaterClock(app.SystemClock):
        """The time of this machine, and some more."""

        def now(self) -> datetime:
            """Return the present there, aware UTC."""
            return super().now() + ahead

    app.SystemClock = LaterClock  # type: ignore[misc]  # what every command takes its time from


if __name__ == "__main__":
    set_ahead(float(sys.argv.pop(1)))
    sys.exit(main())
