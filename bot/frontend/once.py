"""Requests that discord.py may make once only.

It makes a request that Discord answers with 500, 502, 504 or 524 up to five times over, without a
word. What the first of them posted is then posted again wherever Discord takes no nonce: by
webhooks and in forums. The outbox looks whether a post is there before it tries again, so there
the first failure has to reach it.
"""

from collections.abc import Iterator, Sequence
from typing import overload

import discord


class AnswerLost(discord.DiscordException):
    """Discord's answer told nothing; whether it did what was asked is not known."""

    def __init__(self) -> None:
        super().__init__("Discord did not say whether it took the post.")


class Once(Sequence[discord.File]):
    """Stands for the files of a request, holds none, and breaks off its second attempt.

    discord.py walks through the files before each attempt, to rewind them; both its client (2.7.1,
    ``HTTPClient.request``) and its webhooks (``AsyncWebhookAdapter.request``) do.
    """

    def __init__(self) -> None:
        self._walks = 0

    def __len__(self) -> int:
        return 1  # discord.py passes over files that are none

    @overload
    def __getitem__(self, index: int) -> discord.File: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[discord.File]: ...

    def __getitem__(self, index: int | slice) -> discord.File | Sequence[discord.File]:
        raise IndexError(index)

    def __iter__(self) -> Iterator[discord.File]:
        self._walks += 1
        if self._walks > 1:
            raise AnswerLost
        return iter(())
