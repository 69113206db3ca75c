"""``python -m tests.benchmarks poll|deliver|search …``: a benchmark by name."""

import sys

from tests.benchmarks import deliver, poll, search

match sys.argv[1:]:
    case ["poll", *arguments]:
        poll.main(arguments)
    case ["deliver", *arguments]:
        deliver.main(arguments)
    case ["search", *arguments]:
        search.main(arguments)
    case _:
        sys.exit(
            "python -m tests.benchmarks poll [--help]\n"
            "python -m tests.benchmarks deliver [--help]\n"
            "python -m tests.benchmarks search [--help]"
        )
