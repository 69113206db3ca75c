"""The documents tell the truth about the code."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
EVENT = re.compile(r'\.(?:info|warning|error|exception)\(\s*"([a-z]+\.[a-z_]+)"')
SHOWN_BY = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")
LINK = re.compile(r"\]\((?!https?:)([^)#]+)")


def test_operators_can_look_up_every_event_that_is_logged() -> None:
    page = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    logged = {
        event
        for path in (ROOT / "bot").rglob("*.py")
        for event in EVENT.findall(path.read_text(encoding="utf-8"))
    }
    assert len(logged) > 20
    told = set(re.findall(r"`([a-z]+\.[a-z_]+)`", page))
    assert logged - told == set()


def test_every_link_between_documents_leads_somewhere() -> None:
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for target in LINK.findall(path.read_text(encoding="utf-8")):
            assert (path.parent / target).exists(), f"{path.name} links to {target}"


def test_every_behaviour_has_its_row_and_a_test_that_exists() -> None:
    page = (ROOT / "docs" / "behaviours.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| ") and "| --- |" not in line]
    numbered = [int(row.split("|")[1]) for row in rows if row.split("|")[1].strip().isdecimal()]
    assert numbered == list(range(1, 48))
    shown = [(row, SHOWN_BY.findall(row)) for row in rows if "shown by" not in row]
    assert [row for row, tests in shown if not tests] == []
    for path, name in (test for _, tests in shown for test in tests):
        source = (ROOT / path).read_text(encoding="utf-8")
        assert re.search(rf"^(?:async )?def {name}\(", source, re.MULTILINE), f"{path}::{name}"
