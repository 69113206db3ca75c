import json
from pathlib import Path

import pytest

from tests.benchmarks import deliver


def test_the_benchmark_delivers_each_post_once_and_says_how_fast(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = tmp_path / "figures.json"
    deliver.main(["--quick", "--folder", str(tmp_path), "--json", str(told)])
    figures = json.loads(told.read_text())
    assert figures["posts"] == 160
    assert 0 < figures["share"] <= 1
    assert figures["commands"]["acknowledged"] > 0
    assert "share" in capsys.readouterr().out


def test_what_the_limits_allow_is_counted_by_bot_and_by_channel() -> None:
    assert deliver.Plan().posts == 10_000
    assert deliver.Plan().least_s == pytest.approx(199)
    of_channel = deliver.Plan(channels=1, follows=1, entries=11)
    assert of_channel.least_s == pytest.approx(10), "five, five more after 5 s, one after 10"
