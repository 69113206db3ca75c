"""The web of the poll benchmark: one process, a host of its own for each feed, all on loopback.

``python -m tests.benchmarks.poll_server '{"feeds": 150, "entries": 50, "hostile": 0, "at": "…"}'``
prints its port when it is ready, answers each line "counts" with the requests by status, and ends
with its standard input. Feed *n* is at ``url(port, n)``; hostile feeds have the numbers after the
ordinary ones. A plain asyncio protocol with the answers made beforehand, so that it takes little
of the machine from those it serves.
"""

import asyncio
import json
import re
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import blake2b
from typing import cast

from tests.benchmarks.poll_world import Hostile, document, hostile_document

_LAST_MODIFIED = "Mon, 05 Jan 2026 08:00:00 GMT"
_PATH = re.compile(rb"GET /(\d+)/feed\.xml ")
_KNOWN_ETAG = re.compile(rb"\r\nif-none-match: *([^\r]*)\r\n", re.IGNORECASE)
_KNOWN_DATE = re.compile(rb"\r\nif-modified-since: *([^\r]*)\r\n", re.IGNORECASE)
_CHUNK = b"%x\r\n%b\r\n" % (65_536, b"<item><title>more of the same</title></item>".ljust(65_536))


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What is served. ``at``: the date of the newest entries, ISO 8601."""

    feeds: int
    entries: int
    hostile: int = 0
    at: str


def url(port: int, index: int) -> str:
    """Return the address of feed *index*: 127.0.0.0/8 is all loopback, so each has its own host."""
    return (
        f"http://127.{1 + (index >> 16)}.{index >> 8 & 255}.{index & 255}:{port}/{index}/feed.xml"
    )


class Site:
    """All answers, made beforehand."""

    def __init__(self, world: World) -> None:
        at = datetime.fromisoformat(world.at)
        bodies = [document(index, world.entries, at) for index in range(world.feeds)]
        bodies += [hostile_document(index, at) for index in range(world.hostile)]
        self.bodies = bodies
        self.etags = [
            b'"%b"' % blake2b(body, digest_size=8).hexdigest().encode() for body in bodies
        ]
        self.kinds = {
            world.feeds + index: Hostile(index % len(Hostile)) for index in range(world.hostile)
        }
        self.counts: Counter[str] = Counter()

    def answer(self, head: bytes) -> tuple[bytes, bool]:
        """Return the answer to a request, and whether it goes on for ever."""
        found = _PATH.match(head)
        if found is None or int(found[1]) >= len(self.bodies):
            self.counts["404"] += 1
            return b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", False
        index = int(found[1])
        etag = self.etags[index]
        validators = b"ETag: %b\r\nLast-Modified: %b\r\n" % (etag, _LAST_MODIFIED.encode())
        known_etag, known_date = _KNOWN_ETAG.search(head), _KNOWN_DATE.search(head)
        if not (known_etag or known_date):
            self.counts["unconditional"] += 1
        # RFC 9110 §13.2.2: the date counts only where no ETag is asked about.
        if (
            known_etag[1] == etag
            if known_etag
            else known_date and known_date[1].decode() == (_LAST_MODIFIED)
        ):
            self.counts["304"] += 1
            return b"HTTP/1.1 304 Not Modified\r\n%b\r\n" % validators, False
        self.counts["200"] += 1
        body = self.bodies[index]
        kind = b"HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\n"
        if self.kinds.get(index) is Hostile.BOMB:
            kind += b"Content-Encoding: gzip\r\n"
        if self.kinds.get(index) is Hostile.ENDLESS:
            chunk = b"%x\r\n%b\r\n" % (len(body), body)
            return kind + b"Transfer-Encoding: chunked\r\n\r\n" + chunk, True
        return kind + b"%bContent-Length: %d\r\n\r\n%b" % (validators, len(body), body), False


class Connection(asyncio.Protocol):
    """One keep-alive connection."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._asked = b""
        self._is_endless = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._asked += data
        while b"\r\n\r\n" in self._asked and not self._is_endless:
            head, _, self._asked = self._asked.partition(b"\r\n\r\n")
            answer, self._is_endless = self._site.answer(head + b"\r\n")
            self._transport.write(answer)
            if self._is_endless:
                self.resume_writing()

    def pause_writing(self) -> None:
        self._is_full = True

    def resume_writing(self) -> None:
        self._is_full = False
        while self._is_endless and not self._is_full and not self._transport.is_closing():
            self._transport.write(_CHUNK)


def listen() -> socket.socket:
    """Return a socket that hears all of 127.0.0.0/8 and nothing from elsewhere."""
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lo\0")
    listening.bind(("0.0.0.0", 0))  # noqa: S104  # on the loopback device only: see above
    listening.listen(1024)
    listening.setblocking(False)  # noqa: FBT003  # the standard library's signature
    return listening


async def serve(world: World) -> None:
    """Serve until the standard input ends."""
    loop = asyncio.get_running_loop()
    site = Site(world)
    listening = listen()
    server = await loop.create_server(lambda: Connection(site), sock=listening)
    sys.stdout.write(f"{listening.getsockname()[1]}\n")
    sys.stdout.flush()
    async with server:
        while await asyncio.to_thread(sys.stdin.readline):
            sys.stdout.write(json.dumps(site.counts) + "\n")
            sys.stdout.flush()
            site.counts.clear()


class RunningServer:
    """The server process, seen from the benchmark."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self._process = process
        self.port = port

    def counts(self) -> dict[str, int]:
        """Return the requests by status since the last call; "unconditional" counts again."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write("counts\n")
        self._process.stdin.flush()
        return cast(dict[str, int], json.loads(self._process.stdout.readline()))


@contextmanager
def running(world: World) -> Iterator[RunningServer]:
    """Run the server while the block does."""
    command = [sys.executable, "-m", __name__, json.dumps(asdict(world))]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:  # noqa: S603  # our own
        assert process.stdin
        assert process.stdout
        try:
            yield RunningServer(process, int(process.stdout.readline()))
        finally:
            process.stdin.close()


if __name__ == "__main__":
    asyncio.run(serve(World(**json.loads(sys.argv[1]))))
