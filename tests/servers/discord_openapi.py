"""Checks requests against Discord's own OpenAPI document, where a test machine has it.

The document is discord/discord-api-spec's openapi_preview.json (MIT). It is not in this
repository: HERALD_TEST_DISCORD_OPENAPI names the file, else ../shared/data beside the checkout is
tried.
"""

import json
import os
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from tests.servers.discord_wire import Json

_VARIABLE = "HERALD_TEST_DISCORD_OPENAPI"
_ROOT = Path(__file__).resolve().parents[2]
_BESIDE = _ROOT.parent / "shared" / "data" / "discord-openapi-preview.json"
_URI = "urn:discord"


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """A request that Discord's document does not describe."""

    method: str
    path: str
    reason: str


def document_path() -> Path | None:
    """Return where the document is, or None where this machine has none."""
    path = Path(os.environ.get(_VARIABLE) or _BESIDE)  # noqa: TID251  # a test's own switch
    return path if path.is_file() else None


class OpenApi:
    """Discord's document, ready to check request bodies with."""

    def __init__(self, document: Json) -> None:
        snowflake = document["components"]["schemas"]["SnowflakeType"]
        snowflake["type"] = ["string", "integer"]  # discord.py sends both, and Discord takes both
        self._paths: list[tuple[re.Pattern[str], Json]] = [
            (re.compile(re.sub(r"\{\w+\}", "[^/]+", path)), operations)
            for path, operations in document["paths"].items()
        ]
        # Literal paths first, so that @me and @original are not taken for ids.
        self._paths.sort(key=lambda entry: entry[0].pattern.count("[^/]+"))
        resource = Resource.from_contents(document, default_specification=DRAFT202012)
        self._registry: Registry[object] = Registry().with_resource(_URI, resource)

    def check(self, method: str, path: str, body: object) -> str | None:
        """Return what is wrong with a request, or None."""
        operation = self._operation(method, path)
        if operation is None:
            return "no such operation"
        wanted = operation.get("requestBody")
        if body is None:
            return "a body is required" if wanted and wanted.get("required") else None
        schema = (wanted or {}).get("content", {}).get("application/json", {}).get("schema")
        if schema is None:
            return "no body is described"
        validator = Draft202012Validator(_absolute(schema), registry=self._registry)
        error = best_match(validator.iter_errors(body))
        return f"{error.json_path}: {error.message[:500]}" if error else None

    def _operation(self, method: str, path: str) -> Json | None:
        for pattern, operations in self._paths:
            if pattern.fullmatch(path) and method.lower() in operations:
                found: Json = operations[method.lower()]
                return found
        return None


def _absolute(schema: Json) -> Json:
    """Point the references at the whole document."""
    text = json.dumps(schema).replace('"#/', f'"{_URI}#/')
    absolute: Json = json.loads(text)
    return absolute


@lru_cache(maxsize=1)
def open_api() -> OpenApi | None:
    """Return the document, or None where this machine has none."""
    path = document_path()
    return OpenApi(json.loads(path.read_text())) if path else None
