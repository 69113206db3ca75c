"""What the web may cost us: every cap in one place, so that tests can make them small."""

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Caps on one fetch, one page and one reading. Bytes are counted after decompression."""

    feed_bytes: int = 10 * MIB
    page_bytes: int = 3 * MIB
    robots_bytes: int = 500 * 1024  # RFC 9309 §2.5; what comes after that is not looked at
    fetch_s: float = 30.0  # a whole fetch: every redirect, headers and body
    page_s: float = 10.0
    delay_s: float = 10.0  # that a robots.txt may ask for between two pages; longer: not read
    candidate_s: float = 10.0  # one guessed address during discovery
    discover_s: float = 60.0  # no further address is tried after that
    connect_s: float = 10.0
    silence_s: float = 15.0  # between two reads
    redirects: int = 5
    connections_per_host: int = 2
    # Reading. CPU time, so that an honest feed is not refused because the machine is busy: the
    # first of a pair ends Python code, and with the second the kernel ends the worker, C code too.
    slice_s: float = 0.5  # in the quick lane; of 200 real feeds the slowest took 0.86 s
    slice_kill_s: float = 1.0
    slice_deadline_s: float = 2.5  # by the clock, in the parent
    reading_s: float = 5.0  # in the slow lane
    reading_kill_s: float = 7.0
    reading_deadline_s: float = 8.0  # by the clock, in both lanes together
    starved_s: float = 2.0  # who had less by the deadline is not to blame for it: not refused
    slow_bytes: int = 3 * MIB  # read in the slow lane at once
    slow_waiting: int = 6  # documents that wait for the slow lane at most
    slow_waiting_bytes: int = 12 * MIB  # of these and the one that is being read; one may be larger
    small_bytes: int = MIB  # of a body: memory that is not counted
    bodies_bytes: int = 18 * MIB  # for what bodies in flight have over that, all together
    bodies_wait_s: float = 5.0
    worker_memory_bytes: int = 1024 * MIB
    worker_tasks: int = 500  # a worker is replaced after so many, lest it grow


DEFAULT_LIMITS = Limits()
