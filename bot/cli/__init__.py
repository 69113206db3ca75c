"""The command line: `herald`. Parses arguments, calls the use cases, prints.

Exit codes: 0 done; 1 something was wrong with what was asked for, said on stderr in a line a fault;
2 a setting or an argument is wrong; 130 interrupted.
"""

import argparse
import asyncio
import io
import os
import sys
from collections.abc import Coroutine, Sequence
from typing import Any

from bot import log
from bot.cli.parser import build_parser
from bot.errors import ConfigError, HeraldError
from bot.settings import Settings

INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run `herald` with *argv* and return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that knows only ASCII gets "?"
    arguments = build_parser().parse_args(argv)
    try:
        code = _run(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read has enough, as after `| head`. What Python flushes at its end goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return code


def _run(arguments: argparse.Namespace) -> int:
    try:
        settings = Settings.load()
        log.configure(
            form=settings.log_format,
            level=settings.log_level if arguments.logs else "error",
            secrets=settings.secrets(),
        )
        work: Coroutine[Any, Any, int] = arguments.work(arguments, settings)
        return asyncio.run(work)
    except ConfigError as error:
        print(f"herald: {error}", file=sys.stderr)
        return 2
    except HeraldError as error:
        print(f"herald: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED
