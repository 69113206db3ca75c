"""``python -m tests.benchmarks poll|search …``: a benchmark by name."""

import sys

from tests.benchmarks import poll, search

match sys.argv[1:]:
    case ["poll", *arguments]:
        poll.main(arguments)
    case ["search", *arguments]:
        search.main(arguments)
    case _:
        sys.exit(
            "python -m tests.benchmarks poll [--help]\npython -m tests.benchmarks search [--help]"
        )
