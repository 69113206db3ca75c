"""Settings: the only reader of the environment.

Names are ``HERALD_<FIELD>`` in the environment or in ``.env`` of the working directory; the
environment wins. A secret may come from a file instead: ``HERALD_TOKEN_FILE`` names one. Unknown
``HERALD_`` names are refused, so that a typing error cannot silently leave a setting at its
default. Nothing is read at import.
"""

import os
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from bot.errors import ConfigError

PREFIX = "HERALD_"
DOTENV = Path(".env")
ALIASES = {"DISCORD_TOKEN": "HERALD_TOKEN"}  # the name that most bots' guides use
MASK = "********"

Network = IPv4Network | IPv6Network


class Settings(BaseSettings):
    """What an operator can set; descriptions go into .env.example and docs/settings.md."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", env_prefix=PREFIX)

    token: SecretStr | None = Field(
        default=None,
        description="The bot's token, from Discord's developer portal (Bot → Reset Token). Needed "
        "by `herald run`, `check` and `sync`. DISCORD_TOKEN is accepted too.",
    )
    data_dir: Path = Field(
        default=Path("data"),
        description="The folder of the database and its backups; made if it is not there.",
    )
    poll_interval_s: int | None = Field(
        default=None,
        ge=1,
        le=7 * 24 * 3600,
        description="Poll every feed so often, in seconds. Unset: each in its own rhythm, every 10 "
        "minutes to 6 hours, less often where it is silent or asks for that. What a server asks "
        "for is heeded anyway. What a channel chose with every: (/feed add, /feed edit) goes "
        "first for its feed. Below 300 is for tests and private networks: be kind to publishers.",
    )
    polls_per_s: int = Field(
        default=20,
        ge=1,
        le=50,
        description="The most feeds to start polling in a second, whatever has piled up.",
    )
    allowed_networks: Annotated[tuple[Network, ...], NoDecode] = Field(
        default=(),
        description="Networks that feeds may be fetched from beside the public internet, on any "
        "port: CIDRs separated by commas, such as 192.168.1.0/24,fd00::/8. For a feed server of "
        "your own.",
    )
    contact: str = Field(
        default="",
        max_length=200,
        description="How a publisher can reach you: a URL or an e-mail address, sent with every "
        "request in the User-Agent header.",
    )
    reads_pages: bool = Field(
        default=True,
        description="Fetch an article's page where the feed holds only a teaser, so that summary "
        "and search have its text.",
    )
    discord_api_base: str | None = Field(
        default=None,
        pattern=r"^https?://",
        description="The base of Discord's REST API, for a proxy or a test server. "
        "Unset: Discord's own.",
    )
    discord_gateway: str | None = Field(
        default=None,
        pattern=r"^wss?://",
        description="The address of Discord's gateway, for a proxy or a test server. "
        "Unset: Discord's own.",
    )
    discord_proxy: str | None = Field(
        default=None,
        pattern=r"^https?://",
        description="An HTTP proxy for the connections to Discord. Feeds are fetched without it.",
    )
    llm_url: str | None = Field(
        default=None,
        max_length=500,
        description="The base address of a language model that speaks OpenAI's protocol, such as "
        "http://127.0.0.1:11434/v1 for Ollama; with it goes HERALD_LLM_MODEL. Unset: summaries are "
        "made without a model. Articles are sent there, and only checked summaries are posted.",
    )
    llm_model: str | None = Field(
        default=None,
        max_length=200,
        description="The model to ask, by the name that HERALD_LLM_URL knows it under.",
    )
    llm_key: SecretStr | None = Field(
        default=None,
        description="The key for HERALD_LLM_URL. A server of your own often needs none.",
    )
    llm_timeout_s: float = Field(
        default=10,
        ge=0.1,
        le=30,
        description="How long a post may be late because of the model, in seconds, all tries and "
        "queues together. After that it is posted with the summary that needs no model.",
    )
    llm_context_tokens: int = Field(
        default=1900,
        ge=1000,
        le=200_000,
        description="The tokens that question and answer may take together. The default fits "
        "servers that cut what is over 2,048 without a word, as Ollama does; a model that thinks "
        "before it answers needs 8000.",
    )
    llm_requests_per_day: int = Field(
        default=1000,
        ge=0,
        description="The most requests to the model in a day (UTC).",
    )
    llm_tokens_per_day: int = Field(
        default=2_000_000,
        ge=0,
        description="The most tokens to spend on the model in a day (UTC), questions and answers "
        "together.",
    )
    log_format: Literal["auto", "pretty", "json"] = Field(
        default="auto",
        description="How log lines look. auto: pretty on a terminal, JSON otherwise.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info",
        description="The least important log lines to show.",
    )

    @field_validator("allowed_networks", mode="before")
    @classmethod
    def _split_networks(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return tuple(_network(part.strip()) for part in value.split(",") if part.strip())

    @field_validator(
        "token",
        "poll_interval_s",
        "discord_api_base",
        "discord_gateway",
        "discord_proxy",
        "llm_url",
        "llm_model",
        "llm_key",
        mode="before",
    )
    @classmethod
    def _empty_is_unset(cls, value: object) -> object:
        return None if value == "" else value

    @field_validator("token", mode="after")
    @classmethod
    def _strip_token(cls, value: SecretStr | None) -> SecretStr | None:
        """Drop what copying leaves: white space, and the "Bot " that some guides put before."""
        if value is None:
            return None
        bare = value.get_secret_value().strip().removeprefix("Bot ").strip()
        if len(bare.split()) > 1:
            raise ValueError("it has white space inside, which no token has; copy it again")
        return SecretStr(bare) if bare else None

    @field_validator("llm_url", mode="after")
    @classmethod
    def _check_llm_url(cls, value: str | None) -> str | None:
        """Drop what copying adds to the base; `openai` puts the rest of the path behind it."""
        if value is None:
            return None
        parts = urlsplit(value.strip())
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("it should be an address such as http://127.0.0.1:11434/v1")
        if parts.username or parts.password or parts.query or parts.fragment:
            raise ConfigError(  # without the value, which may be a secret
                "HERALD_LLM_URL is an address with a user name, a query or a fragment. Give the "
                "base address alone; a key goes in HERALD_LLM_KEY.",
                setting="HERALD_LLM_URL",
            )
        path = parts.path.rstrip("/").removesuffix("/chat/completions")
        return f"{parts.scheme}://{parts.netloc}{path}"

    @field_validator("llm_key", mode="after")
    @classmethod
    def _strip_key(cls, value: SecretStr | None) -> SecretStr | None:
        bare = value.get_secret_value().strip() if value else ""
        if not bare.isascii() or not bare.isprintable() or " " in bare:
            raise ValueError("it has characters that no key has; copy it again")
        return SecretStr(bare) if bare else None

    @model_validator(mode="after")
    def _is_llm_whole(self) -> Self:
        """Refuse half a model, which would be posts without one and nobody told why."""
        if self.llm_url is None and (self.llm_model is not None or self.llm_key is not None):
            given = "HERALD_LLM_KEY" if self.llm_model is None else "HERALD_LLM_MODEL"
            raise ConfigError(
                f"{given} is set and HERALD_LLM_URL is not. Set it to the base address of the "
                f"model's server, such as http://127.0.0.1:11434/v1, or unset {given}.",
                setting="HERALD_LLM_URL",
            )
        if self.llm_url is not None and self.llm_model is None:
            raise ConfigError(
                f"HERALD_LLM_URL is {self.llm_url!r} and HERALD_LLM_MODEL is not set. Set it to "
                "the name of a model there, or unset HERALD_LLM_URL.",
                setting="HERALD_LLM_MODEL",
            )
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003  # pydantic's signature
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003  # likewise
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003  # likewise
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003  # likewise
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take values from the constructor only: `load` has gathered them, with their origins."""
        return (init_settings,)

    @classmethod
    def load(cls, environ: Mapping[str, str] | None = None, dotenv: Path | None = DOTENV) -> Self:
        """Read the environment and ``.env``.

        Raises ConfigError that names the setting, what it got and what is allowed, a line a fault.
        """
        own = dict(os.environ if environ is None else environ)
        from_file = _read_dotenv(dotenv)
        values = {**_resolve(from_file), **_resolve(_named(own))}
        unknown = sorted(name for name in values if name not in cls._names())
        if unknown:
            raise ConfigError(_unknown(unknown, cls._names()), setting=unknown[0])
        fields = {name.removeprefix(PREFIX).lower(): value for name, value in values.items()}
        try:
            return cls(**fields)  # type: ignore[arg-type]  # strings, parsed by the fields
        except ValidationError as error:
            raise _config_error(error) from None

    @classmethod
    def _names(cls) -> list[str]:
        return [PREFIX + field.upper() for field in cls.model_fields]

    def secrets(self) -> list[str]:
        """Return what must never be logged."""
        values = (getattr(self, field) for field in type(self).model_fields)
        return [value.get_secret_value() for value in values if isinstance(value, SecretStr)]

    def shown(self) -> list[tuple[str, str]]:
        """Return (name, value) of every setting, secrets masked."""
        return [(PREFIX + f.upper(), _show(getattr(self, f))) for f in type(self).model_fields]


def secret_names() -> list[str]:
    """Return the names of the settings that may also come from a file."""
    return [
        PREFIX + name.upper()
        for name, field in Settings.model_fields.items()
        if "SecretStr" in str(field.annotation)
    ]


def env_example() -> str:
    """Return the text of ``.env.example``."""
    head = (
        "# Settings of Herald. Copy this file to .env and edit it; a name that is set in the\n"
        "# environment wins. Everything but the token has a default that works.\n"
        "# Generated from bot/settings.py by: uv run python -m bot.settings env > .env.example\n"
    )
    return head + "".join(_example(name) for name in Settings.model_fields)


def _example(field_name: str) -> str:
    field = Settings.model_fields[field_name]
    name = PREFIX + field_name.upper()
    text = field.description or ""
    default = "" if field.default in (None, ()) else _show(field.default)
    lines = [f"# {line}" for line in _wrap(text)]
    if name in secret_names():
        lines.append(f"# Or the path of a file that holds it: {name}_FILE=")
        return "\n" + "\n".join(lines) + f"\n{name}={default}\n"
    return "\n" + "\n".join(lines) + f"\n# {name}={default}\n"


def settings_page() -> str:
    """Return the text of ``docs/settings.md``."""
    head = (
        "# Settings\n\n"
        "Set in the environment, or in a file `.env` in the directory that Herald is started in;\n"
        "the environment wins. Unknown `HERALD_` names are refused. A secret may come from a file\n"
        "instead, named by `NAME_FILE`. `herald check` prints what is in force.\n\n"
        "Generated by `uv run python -m bot.settings docs > docs/settings.md`.\n\n"
        "| Setting | Default | What it does |\n| --- | --- | --- |\n"
    )
    return head + "".join(_row(name) for name in Settings.model_fields)


def _row(field_name: str) -> str:
    field = Settings.model_fields[field_name]
    name = PREFIX + field_name.upper()
    names = f"`{name}`" + (f", `{name}_FILE`" if name in secret_names() else "")
    default = "" if field.default in (None, (), "") else f"`{_show(field.default)}`"
    return f"| {names} | {default} | {field.description} |\n"


def _wrap(text: str, width: int = 98) -> list[str]:
    import textwrap  # noqa: PLC0415  # only when the file is generated

    return textwrap.wrap(text, width, break_on_hyphens=False)


def _show(value: object) -> str:
    match value:
        case None:
            return "(unset)"
        case float() if value.is_integer():
            return str(int(value))
        case SecretStr():
            return MASK
        case bool():
            return str(value).lower()
        case tuple():
            return ",".join(str(part) for part in value) or "(none)"
        case _:
            return str(value)


def _network(text: str) -> Network:
    try:
        return ip_network(text)
    except ValueError as error:
        raise ValueError(
            f"“{text}” is no network in CIDR notation, such as 192.168.1.0/24 ({error})"
        ) from None


def _read_dotenv(path: Path | None) -> dict[str, str]:
    if path is None or not path.is_file():
        return {}
    try:
        read = dotenv_values(path, interpolate=False)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{path} cannot be read: {error}. Save it as plain text in UTF-8."
        ) from error
    return _named({name: value for name, value in read.items() if value is not None})


def _named(values: Mapping[str, str]) -> dict[str, str]:
    """Return Herald's names out of *values*, aliases under their proper names."""
    out = {ALIASES[k]: v for k, v in values.items() if k in ALIASES}
    out |= {k.upper(): v for k, v in values.items() if k.upper().startswith(PREFIX)}
    return out


def _resolve(values: Mapping[str, str]) -> dict[str, str]:
    """Replace each ``NAME_FILE`` of a secret by the content of its file."""
    out = dict(values)
    for name in secret_names():
        path = out.pop(f"{name}_FILE", "")
        if not path:
            continue
        if out.get(name):
            raise ConfigError(
                f"{name} and {name}_FILE are both set; keep one of them.", setting=name
            )
        try:
            out[name] = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(
                f"{name}_FILE is {path!r}, which cannot be read: {error}. "
                "Give the path of a text file that holds only the secret.",
                setting=f"{name}_FILE",
            ) from error
    return out


def _unknown(unknown: list[str], names: list[str]) -> str:
    from difflib import get_close_matches  # noqa: PLC0415  # only on the way out

    lines = []
    for name in unknown:
        near = get_close_matches(name, names, n=1)
        hint = f" Did you mean {near[0]}?" if near else ""
        lines.append(f"{name} is no setting of Herald.{hint} See .env.example for all of them.")
    return "\n".join(lines)


def _config_error(error: ValidationError) -> ConfigError:
    lines, first = [], None
    for fault in error.errors():
        name = PREFIX + str(fault["loc"][0]).upper()
        first = first or name
        got = MASK if name in secret_names() else repr(fault["input"])
        what = (
            str(fault["msg"])
            .removeprefix("Value error, ")
            .replace("Input should be", "it should be")
        )
        lines.append(f"{name} is {got}: {what}.")
    return ConfigError("\n".join(lines), setting=first)


if __name__ == "__main__":
    import sys

    sys.stdout.write(settings_page() if sys.argv[1:] == ["docs"] else env_example())
