from typing import Any

import discord
import pytest

from bot.frontend.limits import broken_in_components, broken_limits


def embed(**parts: Any) -> discord.Embed:  # noqa: ANN401  # discord.Embed's own arguments
    return discord.Embed(**{"title": "x", **parts})


@pytest.mark.parametrize(
    ("content", "embeds"),
    [
        ("x" * 2001, []),
        ("", []),
        (None, [discord.Embed(colour=1)]),
        (None, [embed()] * 11),
        (None, [embed(title="x" * 257)]),
        (None, [embed(description="x" * 4097)]),
        (None, [embed(description="x" * 4096), embed(description="x" * 1904)]),
        (None, [embed().set_author(name="x" * 257)]),
        (None, [embed().set_author(name="", url="https://example.org/")]),
        (None, [embed().set_footer(text="x" * 2049)]),
        (None, [embed().add_field(name="x" * 257, value="x")]),
        (None, [embed().add_field(name="x", value="x" * 1025)]),
        (None, [embed().add_field(name="x", value="")]),
        (None, [embed(url="javascript:alert(1)")]),
        (None, [embed(url="https://example.org/" + "x" * 2048)]),
        (None, [embed().set_image(url="ftp://example.org/x.png")]),
    ],
)
def test_what_discord_would_refuse_is_found(
    content: str | None, embeds: list[discord.Embed]
) -> None:
    assert broken_limits(content, embeds)


def test_what_discord_takes_passes() -> None:
    assert (
        broken_limits("x" * 2000, [embed(description="x" * 4096), embed(description="x" * 1902)])
        == []
    )
    fields = embed()
    for _ in range(25):
        fields.add_field(name="x", value="x")
    assert broken_limits(None, [fields]) == []
    assert broken_limits(None, [fields.add_field(name="x", value="x")]) == ["26 fields"]


@pytest.mark.parametrize(
    "items",
    [
        [{"label": "x" * 81, "custom_id": "a"}],
        [{"label": "x", "custom_id": "a" * 101}],
        [{"label": "x", "custom_id": "a"}, {"label": "y", "custom_id": "a"}],
        [{"custom_id": "a", "options": [{"label": "x", "value": "x"}] * 26}],
        [{"custom_id": "a", "options": [{"label": "x" * 101, "value": "x"}]}],
        [{"custom_id": "a", "options": [{"label": "x", "value": ""}]}],
    ],
)
def test_buttons_and_menus_that_discord_would_refuse_are_found(
    items: list[dict[str, object]],
) -> None:
    assert broken_in_components([{"components": items}])
    assert broken_in_components([{"components": [{"label": "x" * 80, "custom_id": "a"}]}]) == []
