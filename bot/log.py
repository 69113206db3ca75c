"""Logging: structlog and the standard library's loggers through one pipe, secrets cut out.

One line a unit of work, ``noun.past_verb`` with fields: pretty on a terminal, JSON otherwise, on
stderr.
"""

import logging
import re
import sys
from collections.abc import Sequence
from typing import Literal, TextIO

import structlog
from structlog.processors import ExceptionRenderer
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import Processor

Form = Literal["auto", "pretty", "json"]
Level = Literal["debug", "info", "warning", "error"]

REDACTED = "[secret]"
_CREDENTIALS = re.compile(r"(?<=:)//[^/?#\s\"']*@")  # user name and password in a URL
QUIET = (
    *("apscheduler", "aiosqlite", "asyncio", "trafilatura", "htmldate", "courlan", "justext"),
    *("openai", "httpx2", "httpcore2"),
)
"""Libraries whose informational lines tell an operator nothing that ours do not.

openai's own at debug level would be whole requests, articles included.
"""


class _Redacting(logging.Formatter):
    """Formats by another formatter, then cuts secrets out of the line, tracebacks included."""

    def __init__(self, inner: logging.Formatter, secrets: Sequence[str]) -> None:
        super().__init__()
        self._inner = inner
        self._secrets = tuple(secret for secret in secrets if secret)

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of *record*."""
        line = self._inner.format(record)
        for secret in self._secrets:
            line = line.replace(secret, REDACTED)
        return _CREDENTIALS.sub("//", line)


def _tame_reconnects(record: logging.LogRecord) -> bool:
    """Make discord.py's report of a lost connection a warning: it tries again by itself."""
    if record.exc_info and str(record.msg).startswith("Attempting a reconnect"):
        error = repr(record.exc_info[1]).replace("%", "%%")
        record.levelno, record.levelname = logging.WARNING, "WARNING"
        record.msg, record.exc_info = f"{record.msg}: {error}", None
    return True


def configure(
    *,
    form: Form = "auto",
    level: Level = "info",
    secrets: Sequence[str] = (),
    stream: TextIO | None = None,
) -> None:
    """Set up logging for the process. *secrets* never appear in a line, wherever they come from."""
    out = sys.stderr if stream is None else stream
    is_pretty = form == "pretty" or (form == "auto" and out.isatty())
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    tail: list[Processor]
    if is_pretty:
        plain = structlog.dev.plain_traceback  # rich's would show the frames' locals
        tail = [structlog.dev.ConsoleRenderer(colors=out.isatty(), exception_formatter=plain)]
    else:
        # Without the frames' locals: they hold tokens of interactions and what members wrote.
        traces = ExceptionDictTransformer(show_locals=False)
        tail = [ExceptionRenderer(traces), structlog.processors.JSONRenderer()]
    handler = logging.StreamHandler(out)
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *tail],
    )
    handler.setFormatter(_Redacting(formatter, secrets))
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level.upper())
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.ERROR)
    # discord.py's info is a line for each reconnect and each wait for a rate limit.
    noisy = "debug" if level == "debug" else "warning"
    logging.getLogger("discord").setLevel(max(logging.getLevelName(noisy.upper()), root.level))
    connecting = logging.getLogger("discord.client")
    connecting.filters[:] = [_tame_reconnects]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
