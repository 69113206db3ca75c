"""The process that reads other people's documents: no secrets, little memory, killable.

Started by ``process.py`` with a socket as standard input. A request is two lengths of four bytes,
then a pickle of plain values (None, bool, int, float, str, bytes, tuple, list, dict), then the
document if that is large, which the pickle only refers to: so it is never copied on its way. In the
pickle: (task, args, budget, limit), the last two in seconds of CPU time, where a task is named
"module:function". A reply is one length and a pickle: ("ok", value, spent), or (kind, sentence,
spent) with kind "unreadable" (the task says why), "time", "memory" or "fault", and with the seconds
of CPU time that the process has spent so far.
"""

import importlib
import io
import math
import os
import pickle  # only plain values: see PlainUnpickler
import resource
import signal
import socket
import struct
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

REPLY_HEAD = struct.Struct("!I")
_REQUEST_HEAD = struct.Struct("!II")
_APART = 64 * 1024  # bytes from which a document stays out of the pickle
_NOFILE = 64


class Unreadable(Exception):
    """A task cannot make sense of its document; the message fits "…, but <message>."."""


class OutOfTime(BaseException):
    """The budget is used up. Not an Exception, lest a library's handler swallow it."""


class PlainUnpickler(pickle.Unpickler):
    """Loads plain values only, so that a subverted process cannot make its parent run code."""

    def find_class(self, module_name: str, global_name: str, /) -> NoReturn:
        """Refuse every class and function."""
        raise pickle.UnpicklingError(f"{module_name}.{global_name} is no plain value")


def packed(task: str, args: tuple[object, ...], *, budget_s: float, limit_s: float) -> list[bytes]:
    """Return a request, in pieces to be sent one after the other. One argument may be large."""
    apart: list[bytes] = []
    sent: list[object] = []
    for arg in args:
        if isinstance(arg, bytes) and len(arg) >= _APART and not apart:
            apart.append(arg)
            sent.append(pickle.PickleBuffer(arg))
        else:
            sent.append(arg)
    values = (task, tuple(sent), budget_s, limit_s)
    # A callback that returns False leaves the buffer out of the pickle (PEP 574).
    body = pickle.dumps(values, protocol=5, buffer_callback=lambda _: False)
    return [_REQUEST_HEAD.pack(len(body), sum(map(len, apart))) + body, *apart]


def unpacked(body: bytes) -> object:
    """Return the plain value in a reply. Raises UnpicklingError."""
    return PlainUnpickler(io.BytesIO(body)).load()


def main() -> None:
    """Serve tasks from standard input until the parent hangs up."""
    memory_bytes, niceness = map(int, sys.argv[1:3])
    # The terminal's Ctrl-C and a supervisor's SIGTERM are for the parent, which still wants its
    # answer.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGPROF, _out_of_time)
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (_NOFILE, _NOFILE))
    os.nice(niceness)
    warnings.simplefilter("ignore")
    with socket.socket(fileno=os.dup(0)) as channel, channel.makefile("rwb") as stream:
        null = os.open(os.devnull, os.O_RDWR)
        for fd in (0, 1, 2):  # what a library prints must not meet the frames
            os.dup2(null, fd)
        os.close(null)
        for name in sys.argv[3:]:
            importlib.import_module(name)
        _send(stream, ("ok", os.getpid()))
        while len(head := stream.read(_REQUEST_HEAD.size)) == _REQUEST_HEAD.size:
            length, apart = _REQUEST_HEAD.unpack(head)
            _send(stream, _reply_to(stream.read(length), stream.read(apart)))


def _send(stream: io.BufferedRWPair, reply: tuple[str, object]) -> None:
    body = pickle.dumps((*reply, time.process_time()), protocol=5)
    stream.write(REPLY_HEAD.pack(len(body)) + body)
    stream.flush()


def _reply_to(request: bytes, apart: bytes) -> tuple[str, object]:
    """Run a task and return what to answer. *apart* is what the request only refers to."""
    task, args, budget_s, limit_s = pickle.loads(request, buffers=[apart])  # noqa: S301  # our parent's
    del apart
    try:
        function = _function(task)
        with _budget(budget_s, limit_s):
            return ("ok", function(*args))
    except Unreadable as error:
        return ("unreadable", str(error))
    except OutOfTime:
        return ("time", f"reading it took longer than {budget_s:g} s")
    except (MemoryError, RecursionError):
        return ("memory", "reading it takes too much memory")
    except Exception as error:  # noqa: BLE001  # a library's fault must cost one document only
        return ("fault", f"the reader failed on it ({type(error).__name__})")


def _function(task: str) -> Callable[..., object]:
    """Return the function that *task* names, importing its module outside of anybody's budget."""
    module_name, _, name = task.partition(":")
    function: Callable[..., object] = getattr(importlib.import_module(module_name), name)
    return function


@contextmanager
def _budget(seconds: float, limit_s: float) -> Iterator[None]:
    """Raise OutOfTime in the block after *seconds* of CPU time; after *limit_s*, end the process.

    It is raised again should an ``except`` swallow it. C code hears of neither, hence the limits,
    which the kernel keeps by signals that nothing handles: SIGVTALRM for user time, to the
    millisecond, and SIGXCPU for all, which counts whole seconds (setitimer(2), getrlimit(2)).
    """
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    spent_s = time.process_time()
    resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(spent_s + limit_s), hard))
    signal.setitimer(signal.ITIMER_VIRTUAL, limit_s)
    signal.setitimer(signal.ITIMER_PROF, seconds, seconds / 4)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        resource.setrlimit(resource.RLIMIT_CPU, (hard, hard))


def _out_of_time(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise OutOfTime
