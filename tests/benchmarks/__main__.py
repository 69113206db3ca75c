"""``python -m tests.benchmarks poll|deliver|retrieval …``: a benchmark by name."""

import sys
from pathlib import Path

from tests.benchmarks import deliver, poll, retrieval

match sys.argv[1:]:
    case ["poll", *arguments]:
        poll.main(arguments)
    case ["deliver", *arguments]:
        deliver.main(arguments)
    case ["retrieval", folder, *sets]:
        retrieval.main(Path(folder), sets)
    case _:
        sys.exit(
            "python -m tests.benchmarks poll [--help]\n"
            "python -m tests.benchmarks deliver [--help]\n"
            "python -m tests.benchmarks retrieval DIR [SET …]"
        )
