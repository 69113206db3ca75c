import pytest

from bot.errors import ModelFailed
from bot.language.endpoint import Cap, Dialect, Form, _reply, _retry_after_s

DATE = "Sat, 14 Mar 2026 09:30:00 GMT"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "0"}, 0.0),
        ({"Retry-After": "90"}, 90.0),
        ({"Retry-After": "1.5"}, 1.5),
        ({"Retry-After": "999999999"}, 86_400.0),
        ({"Retry-After": "-5"}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "Sat, 14 Mar 2026 09:31:00 GMT", "Date": DATE}, 60.0),
        ({"Retry-After": "Sat, 14 Mar 2026 09:29:00 GMT", "Date": DATE}, 0.0),
        ({"Retry-After": "Sat, 14 Mar 2026 09:31:00 GMT"}, None),
        ({"Retry-After": "Sat, 14 Mar 2026 09:31:00 -0000", "Date": DATE}, None),
    ],
)
def test_retry_after_is_read_as_seconds_or_by_the_servers_own_clock(
    headers: dict[str, str], seconds: float | None
) -> None:
    assert _retry_after_s(headers) == seconds


def test_a_dialect_grows_plainer_until_nothing_is_left() -> None:
    dialect: Dialect | None = Dialect()
    seen = []
    while dialect is not None:
        seen.append(dialect.form)
        dialect = dialect.without("This cannot be done.")
    assert seen == [Form.SCHEMA, Form.OBJECT, Form.PLAIN]


def test_a_refusal_that_names_its_reason_is_heeded_and_nothing_else_given_up() -> None:
    newer = Dialect().without("Use 'max_completion_tokens' instead.")
    assert newer == Dialect(cap=Cap.NEW)
    assert newer is not None
    assert newer.without("'temperature' is not supported") == Dialect(cap=Cap.NEW, is_cool=False)
    assert "temperature" not in Dialect(is_cool=False).options(300)
    assert Dialect(cap=Cap.NEW).options(300)["max_completion_tokens"] == 300


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe",
        b"[" * 100_000,
        b"null",
        b"7",
        b'{"choices": 7}',
        b'{"choices": [7]}',
        b'{"choices": [{"message": []}]}',
        b'{"choices": [{"message": {"content": "  "}}]}',
        b'{"choices": [{"message": {"content": "x"}, "finish_reason": "length"}]}',
        b'{"error": {"message": "no"}}',
    ],
)
def test_an_envelope_without_an_answer_is_a_failure(body: bytes) -> None:
    with pytest.raises(ModelFailed):
        _reply(body)


def test_counts_that_are_no_counts_are_not_believed() -> None:
    usage = '"usage": {"prompt_tokens": 0, "completion_tokens": -1}'
    body = f'{{"choices": [{{"message": {{"content": "x"}}}}], {usage}}}'
    reply = _reply(body.encode())
    assert (reply.text, reply.prompt_tokens, reply.answer_tokens) == ("x", None, None)
