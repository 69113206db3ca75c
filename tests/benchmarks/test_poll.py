import asyncio
import gzip
import json
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.benchmarks import poll
from tests.benchmarks.poll_measure import cpu_s, memory_mb, probing
from tests.benchmarks.poll_server import World, running, url
from tests.benchmarks.poll_world import Hostile, document, hostile_document

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_the_benchmark_measures_both_halves_and_counts_what_was_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    poll.main(["--quick", "--folder", str(tmp_path), "--json", str(tmp_path / "figures.json")])
    figures = json.loads((tmp_path / "figures.json").read_text())
    (contest,) = figures["contest"]
    (run,) = contest["runs"]["herald"]
    assert run["written"]["indexed"] == run["written"]["with_aliases"] == 20 * 5
    assert run["answers"] == {"200": 20, "304": 20, "unconditional": 20}
    calm, hostile = figures["paced"]
    assert set(calm["phases"]) == {"first", "unchanged"}
    assert hostile["written"]["entries"] > 20 * 2
    assert "lag p99" in capsys.readouterr().out


def test_the_same_feed_has_the_same_words_every_time() -> None:
    assert document(7, 5, AT) == document(7, 5, AT)
    assert document(7, 5, AT) != document(9, 5, AT)


@pytest.mark.parametrize("index", range(4))
def test_a_served_feed_is_well_formed_and_has_all_its_entries(index: int) -> None:
    root = ET.fromstring(document(index, 3, AT))  # noqa: S314  # our own
    entries = root.findall(".//item") or root.findall("{http://www.w3.org/2005/Atom}entry")
    assert len(entries) == 3


def test_hostile_documents_hurt_as_they_should_and_are_unlike_each_other() -> None:
    assert 10_000_000 < len(hostile_document(Hostile.HUGE, AT)) <= 10 << 20
    assert hostile_document(Hostile.AUTHOR, AT).count(b"a") > 40_000
    assert hostile_document(Hostile.ATTRIBUTES, AT).count(b"=") > 50_000
    assert hostile_document(Hostile.MANY, AT).count(b"<item>") == 100_000
    assert hostile_document(Hostile.DEEP, AT).count(b"<b>") == 100_000
    bomb = hostile_document(Hostile.BOMB, AT)
    assert len(bomb) < 1 << 20 < (10 << 20) < len(gzip.decompress(bomb))
    assert hostile_document(Hostile.AUTHOR, AT) != hostile_document(
        Hostile.AUTHOR + len(Hostile), AT
    )


def test_each_feed_has_a_host_of_its_own() -> None:
    assert len({url(80, index).split("/")[2] for index in range(70_000)}) == 70_000


def test_the_server_answers_what_it_is_asked_and_counts() -> None:
    with running(World(feeds=1, entries=1, at=AT.isoformat())) as server:
        assert server.port
        assert server.counts() == {}


async def test_the_probe_sees_a_loop_that_is_held() -> None:
    async with probing() as probe:
        await asyncio.sleep(0.02)
        assert probe.lag().probes
        began = cpu_s()
        while cpu_s() - began < 0.03:
            pass  # hold the loop
        await asyncio.sleep(0.02)
        assert probe.lag().max_ms > 5
    assert all(mb > 10 for mb in memory_mb())
