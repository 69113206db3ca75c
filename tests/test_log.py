import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from bot import log

TOKEN = "MTIz.secret.token"  # noqa: S105  # the point of the test


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_json_with_event_level_time_and_fields_off_a_terminal() -> None:
    out = io.StringIO()
    log.configure(stream=out)
    structlog.get_logger().info("feed.polled", feed=12, status=304)
    (line,) = lines(out)
    assert line["event"] == "feed.polled"
    assert line["level"] == "info"
    assert line["feed"] == 12
    assert str(line["timestamp"]).endswith("Z")


def test_a_pretty_line_is_readable() -> None:
    out = io.StringIO()
    log.configure(form="pretty", stream=out)
    structlog.get_logger().warning("feed.failed", url="https://example.org/")
    assert "feed.failed" in out.getvalue()
    assert "url=https://example.org/" in out.getvalue()


@pytest.mark.parametrize("form", ["pretty", "json"])
def test_the_token_never_appears_wherever_it_comes_from(form: log.Form) -> None:
    out = io.StringIO()
    log.configure(form=form, stream=out, secrets=[TOKEN])
    ours, theirs = structlog.get_logger(), logging.getLogger("aiohttp")
    ours.info("x.did", header=f"Bot {TOKEN}")
    theirs.warning("sending %s", TOKEN)
    try:
        raise RuntimeError(TOKEN)  # noqa: TRY301  # a traceback with the token in it
    except RuntimeError:
        ours.exception("x.broke")
        theirs.exception("broke")
    assert TOKEN not in out.getvalue()
    assert out.getvalue().count(log.REDACTED) >= 4


@pytest.mark.parametrize("form", ["pretty", "json"])
def test_a_traceback_does_not_tell_what_a_member_wrote(form: log.Form) -> None:
    out = io.StringIO()
    log.configure(form=form, stream=out)

    def answer(question: str) -> int:
        return len(question) // 0

    try:
        answer("where is " + "my cat")
    except ZeroDivisionError:
        structlog.get_logger().exception("command.failed")
    assert "ZeroDivisionError" in out.getvalue()
    assert "where is my cat" not in out.getvalue()


def test_a_lost_connection_that_discord_py_mends_is_one_warning_line() -> None:
    out = io.StringIO()
    log.configure(stream=out)
    try:
        raise ConnectionResetError("reset by peer, 5% sent")  # noqa: TRY301  # a traceback to drop
    except ConnectionResetError:
        logging.getLogger("discord.client").exception("Attempting a reconnect in %.2fs", 1.5)
    (line,) = lines(out)
    assert line["level"] == "warning"
    assert "reconnect in 1.50s" in str(line["event"])
    assert "5% sent" in str(line["event"])
    assert "exception" not in line


def test_a_password_in_an_address_never_appears() -> None:
    out = io.StringIO()
    log.configure(stream=out)
    structlog.get_logger().warning(
        "feed.failed",
        url="https://bob:pw@example.org/f",
        reason="http://bob:pw@example.org is down",
    )
    (line,) = lines(out)
    assert line["url"] == "https://example.org/f"
    assert "pw" not in out.getvalue()


def test_lines_below_the_level_are_left_out() -> None:
    out = io.StringIO()
    log.configure(stream=out, level="warning")
    structlog.get_logger().info("feed.polled")
    logging.getLogger("anything").info("chatter")
    structlog.get_logger().warning("feed.failed")
    assert [line["event"] for line in lines(out)] == ["feed.failed"]


def test_a_library_line_keeps_its_message_and_level() -> None:
    out = io.StringIO()
    log.configure(stream=out)
    logging.getLogger("discord.gateway").warning("Shard %s is behind", 0)
    (line,) = lines(out)
    assert line["event"] == "Shard 0 is behind"
    assert line["level"] == "warning"
