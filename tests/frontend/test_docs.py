"""The documents tell of every command and option, and of no other."""

import re
from collections.abc import Container
from pathlib import Path

import discord
import pytest
from discord import app_commands

from tests.frontend.house import House

ROOT = Path(__file__).parents[2]
COMMAND = re.compile(r"`(/\w+)( \w+)?[^`]*`")
OPTION = re.compile(r"`(\w+)`")


def offered(house: House) -> dict[str, list[str]]:
    return {
        f"/{command.qualified_name}": [option.display_name for option in command.parameters]
        for command in house.client.tree.walk_commands()
        if isinstance(command, app_commands.Command)
    }


def named(cell: str, known: Container[str]) -> list[str]:
    """Return the commands that a cell names; what follows a name may be options."""
    return [
        first + second if first + second in known else first
        for first, second in COMMAND.findall(cell)
    ]


def rows(document: str) -> list[list[str]]:
    """Return the cells of the rows of tables that begin with a command."""
    text = (ROOT / document).read_text(encoding="utf-8")
    return [line.split("|")[1:-1] for line in text.splitlines() if line.startswith("| `/")]


async def test_the_commands_page_has_every_command_with_its_options_in_order(house: House) -> None:
    told = {
        name: OPTION.findall(cells[1])
        for cells in rows("docs/commands.md")
        for name in named(cells[0], offered(house))
    }
    assert told == offered(house)


async def test_the_readme_has_every_command(house: House) -> None:
    told = [name for cells in rows("README.md") for name in named(cells[0], offered(house))]
    assert sorted(told) == sorted(offered(house))


@pytest.mark.parametrize("document", ["docs/commands.md", "README.md"])
async def test_the_documents_have_every_entry_of_menus(house: House, document: str) -> None:
    menus = [
        menu.name for menu in house.client.tree.get_commands(type=discord.AppCommandType.message)
    ]
    assert menus
    text = (ROOT / document).read_text(encoding="utf-8")
    assert re.findall(r"^\| \*\*([^*]+)\*\*", text, re.MULTILINE) == menus
