import json
from pathlib import Path

import pytest

from tests.benchmarks import search
from tests.benchmarks.search_world import World, published_at


def test_the_benchmark_grows_an_archive_and_asks_operator_and_member_while_a_writer_polls(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "figures.json"
    search.main(["--quick", "--folder", str(tmp_path), "--json", str(file)])
    small, large = json.loads(file.read_text())
    assert (small["entries"], large["entries"]) == (200, 400)
    for row in (small, large):
        assert {"operator", "member", "poll", "acknowledged", "/news search", "/ask"} <= row.keys()
        assert 0 < row["operator"]["p50_ms"] <= row["operator"]["p99_ms"]
    assert "400 entries" in capsys.readouterr().out


def test_the_same_entry_has_the_same_words_every_time() -> None:
    one, other = World(), World()
    at = published_at(3, 10)
    assert one.entry(3, at) == other.entry(3, at) != one.entry(4, at)
