# ruff: noqa: RUF001  # phrases in many scripts
import pytest

from bot.feeds.cutoff import is_cut_off
from bot.feeds.markup import cut
from bot.feeds.values import TEXT_MAX

WHOLE = "The night ferry to Skarn runs again from Monday. It was off for nine years."


@pytest.mark.parametrize(
    "ending",
    [
        "…", "...", " […]", " [...]", " [&hellip;]", " (…)", "… Read more", "\n\nRead more »",
        " Continue reading →", "\n\nContinue reading Night ferry returns", " [...] Read More »",
        "\nRead the rest of this entry »", "\nRead the full story", " Weiterlesen …",
        "\nMehr lesen", "… Lire la suite", " Leer más »", "\nSeguir leyendo",
        " Leggi tutto", " Continua a leggere",
        " Leia mais", " Lees verder", " Läs mer", " Les mer", " Læs mere", " Czytaj dalej",
        " Devamını oku", " Baca selengkapnya", " Читать далее", "… Подробнее", "\n続きを読む",
        "\n阅读全文", "\n閱讀更多", " 더 보기", " اقرأ المزيد",
        " […]\n\nThe post Night ferry returns appeared first on Harbour Gazette.",
    ],
)  # fmt: skip
def test_a_text_that_breaks_off_is_told(ending: str) -> None:
    assert is_cut_off(WHOLE + ending)


@pytest.mark.parametrize(
    "text",
    [
        WHOLE,
        f"{WHOLE} “Read more,” said the teacher.",
        f"{WHOLE}\n\nRead more: Night ferry sinks in Skarn",
        f"{WHOLE} She wanted … nothing at all.",
        f"{WHOLE} There is not much more.",
        f"{WHOLE} “I had hoped…”",
        f"{WHOLE}\n\nThe post Night ferry returns appeared first on Harbour Gazette.",
        "",
    ],
)
def test_a_whole_text_is_whole(text: str) -> None:
    assert not is_cut_off(text)


def test_what_herald_cut_itself_is_no_teaser() -> None:
    assert not is_cut_off(cut(WHOLE * 1_000, TEXT_MAX))
