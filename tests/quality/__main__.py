"""``python -m tests.quality reading|answers --data DIR [--only PART] [--json FILE]``.

Prints a table; ends with 1 where a floor is missed, with 2 where the arguments are wrong.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.quality import answers, reading


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.quality")
    subjects = parser.add_subparsers(title="subjects", metavar="SUBJECT", required=True)
    for name, all_parts, told in (
        ("reading", reading.PARTS, "extraction, summaries and stories"),
        ("answers", answers.PARTS, "search, and what /ask makes of it"),
    ):
        subject = subjects.add_parser(name, help=told)
        subject.set_defaults(parts=all_parts)
        subject.add_argument(
            "--data", metavar="DIR", type=Path, required=True, help="published data to measure on"
        )
        subject.add_argument("--only", choices=all_parts, help="one part of it")
        subject.add_argument(
            "--json", metavar="FILE", type=Path, help="write the figures there too"
        )
    arguments = parser.parse_args(argv)
    if not arguments.data.is_dir():
        parser.error(f"there is no folder {arguments.data}")
    parts = [arguments.only] if arguments.only else arguments.parts
    shown, is_ok = reading.run(arguments.data, parts, arguments.json)
    sys.stdout.write(f"{shown}\n")
    return 0 if is_ok else 1


if __name__ == "__main__":
    sys.exit(main())
