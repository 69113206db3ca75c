"""``python -m tests.quality reading --data DIR [--only PART] [--json FILE]``.

Prints a table; ends with 1 where a floor is missed, with 2 where the arguments are wrong.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.quality import reading


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.quality")
    subjects = parser.add_subparsers(title="subjects", metavar="SUBJECT", required=True)
    read = subjects.add_parser("reading", help="extraction, summaries and stories")
    read.add_argument(
        "--data", metavar="DIR", type=Path, required=True, help="published data to measure on"
    )
    read.add_argument("--only", choices=reading.PARTS, help="one part of it")
    read.add_argument("--json", metavar="FILE", type=Path, help="write the figures there too")
    arguments = parser.parse_args(argv)
    if not arguments.data.is_dir():
        parser.error(f"there is no folder {arguments.data}")
    parts = [arguments.only] if arguments.only else reading.PARTS
    told, is_ok = reading.run(arguments.data, parts, arguments.json)
    sys.stdout.write(f"{told}\n")
    return 0 if is_ok else 1


if __name__ == "__main__":
    sys.exit(main())
