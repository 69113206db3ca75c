"""The documents tell the truth about the code."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
EVENT = re.compile(r'\.(?:info|warning|error|exception)\(\s*"([a-z]+\.[a-z_]+)"')
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
