# words of many languages look like others
import pytest

from bot.language.tongues import is_same_language, language_of, script_of

TEXTS = {
    "en": "The council said on Monday that it will pay for a second ship and that the ferry runs.",
    "de": "Der Rat hat am Montag gesagt, dass er ein zweites Schiff bezahlt und die Fähre fährt.",
    "fr": "Le conseil a dit lundi qu'il va payer un deuxième navire et que le ferry part.",
    "es": "El consejo dijo el lunes que pagará un segundo barco y que el ferry sale cada hora.",
    "it": "Il consiglio ha detto che paga una seconda nave e che il traghetto parte da lunedì.",
    "pt": "O conselho disse que vai pagar um segundo navio e que a balsa não vai parar.",
    "nl": "De raad zei maandag dat hij het tweede schip betaalt en dat de veerboot vaart.",
    "pl": "Rada powiedziała w poniedziałek, że zapłaci za drugi statek i że prom nie stoi.",
    "ru": "Совет сказал в понедельник, что он заплатит за второе судно и что паром не стоит.",
}
OTHERS = {
    "CJK": "市议会周二批准了新的渡轮计划。",
    "HANGUL": "시의회는 화요일에 새 배를 승인했다.",
    "ARABIC": "قال المجلس إن العبارة ستعمل كل ساعة.",
    "THAI": "สภาเมืองอนุมัติเรือใหม่",
    "DEVANAGARI": "परिषद ने सोमवार को कहा।",
}


@pytest.mark.parametrize("language", TEXTS)
def test_a_sentence_tells_its_language(language: str) -> None:
    assert language_of(TEXTS[language]) == language


@pytest.mark.parametrize("language", TEXTS)
def test_a_language_is_not_taken_for_another(language: str) -> None:
    for other, text in TEXTS.items():
        assert is_same_language(text, TEXTS[language]) == (other == language), other


@pytest.mark.parametrize("script", OTHERS)
def test_a_script_is_not_taken_for_another(script: str) -> None:
    assert script_of(OTHERS[script]) == script
    assert is_same_language(OTHERS[script], OTHERS[script])
    assert not is_same_language(TEXTS["en"], OTHERS[script])
    assert not is_same_language(OTHERS[script], TEXTS["en"])


def test_kana_and_han_are_one_script() -> None:
    assert is_same_language("フェリーは毎時運航する。", "市議会は新しいフェリー計画を承認した。")


def test_what_is_not_plain_is_not_held_against_a_text() -> None:
    assert language_of("Ferry 7: OK!") is None
    assert is_same_language("Ferry resumes Monday.", TEXTS["en"])
    assert is_same_language("Lund, Saltmarsh, Eastmarsh.", TEXTS["de"])
    assert script_of("1234 …") is None
