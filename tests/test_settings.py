from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path

import pytest

from bot.errors import ConfigError
from bot.settings import MASK, Settings, env_example, settings_page

ROOT = Path(__file__).parent.parent


def load(environ: Mapping[str, str], dotenv: Path | None = None) -> Settings:
    return Settings.load(environ, dotenv)


def test_everything_but_the_token_has_a_default() -> None:
    settings = load({})
    assert settings.token is None
    assert settings.data_dir == Path("data")
    assert settings.poll_interval_s is None
    assert settings.allowed_networks == ()


def test_values_are_read_from_the_environment() -> None:
    settings = load(
        {
            "HERALD_DATA_DIR": "/var/lib/herald",
            "HERALD_POLL_INTERVAL_S": "1",
            "HERALD_ALLOWED_NETWORKS": "10.0.0.0/8, fd00::/8",
            "HERALD_LOG_FORMAT": "json",
        }
    )
    assert settings.data_dir == Path("/var/lib/herald")
    assert settings.poll_interval_s == 1
    assert settings.allowed_networks == (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))
    assert settings.log_format == "json"


def test_an_empty_value_means_unset() -> None:
    settings = load({"HERALD_TOKEN": "", "HERALD_POLL_INTERVAL_S": "", "HERALD_DISCORD_PROXY": ""})
    assert settings.token is None
    assert settings.poll_interval_s is None
    assert settings.discord_proxy is None


@pytest.mark.parametrize("name", ["HERALD_TOKEN", "DISCORD_TOKEN"])
@pytest.mark.parametrize("value", ["a.b.c", " a.b.c\n", "Bot a.b.c"])
def test_the_token_is_cleaned_of_what_copying_leaves(name: str, value: str) -> None:
    token = load({name: value}).token
    assert token is not None
    assert token.get_secret_value() == "a.b.c"


def test_a_token_in_pieces_is_refused_without_showing_it() -> None:
    with pytest.raises(ConfigError, match=r"HERALD_TOKEN is .* white space inside") as caught:
        load({"HERALD_TOKEN": "secret\npiece"})
    assert "secret" not in str(caught.value)


def test_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("a.b.c\n")
    token = load({"HERALD_TOKEN_FILE": str(file)}).token
    assert token is not None
    assert token.get_secret_value() == "a.b.c"


def test_a_secret_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"HERALD_TOKEN_FILE is .*nowhere.*cannot be read"):
        load({"HERALD_TOKEN_FILE": str(tmp_path / "nowhere")})


def test_a_secret_and_its_file_together_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="HERALD_TOKEN and HERALD_TOKEN_FILE are both set"):
        load({"HERALD_TOKEN": "x", "HERALD_TOKEN_FILE": str(tmp_path)})


def test_the_environment_wins_over_dotenv(tmp_path: Path) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_text("HERALD_LOG_LEVEL=error\nHERALD_CONTACT='mailto:a@example.org'\nOTHER=1\n")
    settings = load({"HERALD_LOG_LEVEL": "debug"}, dotenv)
    assert settings.log_level == "debug"
    assert settings.contact == "mailto:a@example.org"


def test_a_token_file_in_the_environment_wins_over_a_token_in_dotenv(tmp_path: Path) -> None:
    dotenv, file = tmp_path / ".env", tmp_path / "token"
    dotenv.write_text("HERALD_TOKEN=old\n")
    file.write_text("new")
    token = load({"HERALD_TOKEN_FILE": str(file)}, dotenv).token
    assert token is not None
    assert token.get_secret_value() == "new"


def test_a_dotenv_that_is_no_text_is_told(tmp_path: Path) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_bytes("HERALD_CONTACT=J\u00fcrgen".encode("latin-1"))
    with pytest.raises(ConfigError, match="Save it as plain text in UTF-8"):
        load({}, dotenv)


@pytest.mark.parametrize("in_file", [True, False])
def test_an_unknown_name_is_refused_with_the_nearest_one(tmp_path: Path, *, in_file: bool) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_text("HERALD_TOKN=x\n" if in_file else "")
    environ = {} if in_file else {"HERALD_TOKN": "x"}
    with pytest.raises(ConfigError, match=r"HERALD_TOKN is no setting.*mean HERALD_TOKEN\?"):
        load(environ, dotenv)


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("HERALD_POLL_INTERVAL_S", "0", "greater than or equal to 1"),
        ("HERALD_POLL_INTERVAL_S", "soon", "valid integer"),
        ("HERALD_ALLOWED_NETWORKS", "10.0.0.1/8", "no network in CIDR notation"),
        ("HERALD_LOG_FORMAT", "xml", "'auto', 'pretty' or 'json'"),
        ("HERALD_DISCORD_API_BASE", "discord.com", "pattern"),
    ],
)
def test_a_wrong_value_is_told_with_its_name_and_what_is_allowed(
    name: str, value: str, allowed: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        load({name: value})
    assert name in str(caught.value)
    assert value in str(caught.value)
    assert allowed in str(caught.value)
    assert caught.value.setting == name


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        load({"HERALD_POLL_INTERVAL_S": "x", "HERALD_LOG_LEVEL": "loud"})
    assert len(str(caught.value).splitlines()) == 2


def test_shown_settings_hide_the_token() -> None:
    settings = load({"HERALD_TOKEN": "very.secret.token"})
    assert dict(settings.shown())["HERALD_TOKEN"] == MASK
    assert "very.secret" not in repr(settings)


def test_the_example_file_is_generated_from_the_settings() -> None:
    assert (ROOT / ".env.example").read_text(encoding="utf-8") == env_example()


def test_the_settings_page_is_generated_from_the_settings() -> None:
    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    assert page == settings_page()


def test_the_example_file_is_valid_as_it_is(tmp_path: Path) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_text(env_example(), encoding="utf-8")
    assert load({}, dotenv) == load({})


def test_every_setting_is_documented() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description, name
        assert field.description.endswith("."), name


def test_a_model_is_an_address_and_a_name() -> None:
    settings = load(
        {
            "HERALD_LLM_URL": " http://127.0.0.1:11434/v1/chat/completions ",
            "HERALD_LLM_MODEL": "small",
            "HERALD_LLM_KEY": " k-123\n",
        }
    )
    assert settings.llm_url == "http://127.0.0.1:11434/v1"
    assert settings.llm_model == "small"
    assert settings.secrets() == ["k-123"]
    assert dict(settings.shown())["HERALD_LLM_KEY"] == MASK


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({"HERALD_LLM_URL": "http://127.0.0.1:1/v1"}, "HERALD_LLM_MODEL"),
        ({"HERALD_LLM_MODEL": "small"}, "HERALD_LLM_URL"),
        ({"HERALD_LLM_KEY": "k-123"}, "HERALD_LLM_URL"),
        ({"HERALD_LLM_MODEL": "small", "HERALD_LLM_KEY": "k-123"}, "HERALD_LLM_URL"),
    ],
)
def test_half_a_model_is_refused_with_what_is_missing(given: dict[str, str], missing: str) -> None:
    with pytest.raises(ConfigError, match=missing) as caught:
        load(given)
    assert caught.value.setting == missing
    assert "k-123" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("127.0.0.1:11434/v1", "http://127.0.0.1:11434/v1"),
        ("ftp://models.example.org/v1", "http://127.0.0.1:11434/v1"),
        ("https://ada:k-123@models.example.org/v1", "HERALD_LLM_KEY"),
        ("https://models.example.org/v1?key=k-123", "HERALD_LLM_KEY"),
    ],
)
def test_a_models_address_is_checked_and_holds_no_key(url: str, said: str) -> None:
    with pytest.raises(ConfigError, match="HERALD_LLM_URL is ") as caught:
        load({"HERALD_LLM_URL": url, "HERALD_LLM_MODEL": "small"})
    assert said in str(caught.value)
    assert "k-123" not in str(caught.value)


def test_a_key_that_no_header_can_carry_is_refused_without_showing_it() -> None:
    with pytest.raises(ConfigError, match="copy it again") as caught:
        load({"HERALD_LLM_URL": "http://a/v1", "HERALD_LLM_MODEL": "m", "HERALD_LLM_KEY": "k\n1"})
    assert "k\n1" not in str(caught.value)


def test_a_models_key_may_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("k-123\n")
    settings = load(
        {
            "HERALD_LLM_URL": "http://a/v1",
            "HERALD_LLM_MODEL": "m",
            "HERALD_LLM_KEY_FILE": str(file),
        }
    )
    assert settings.secrets() == ["k-123"]
