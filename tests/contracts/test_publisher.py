"""What every adapter of the ``Publisher`` port promises, and the fake with them."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from bot.errors import MessageGone
from bot.news.models import ChannelId, MessageId, Post
from bot.news.ports import Publisher
from tests.factories import CHANNEL, OTHER_CHANNEL
from tests.fakes import FakePublisher
from tests.frontend.house import open_house

POST = Post(
    title="Ferry resumes",
    url="https://courier.example.org/ferry",
    body="It sails.",
    source="The Courier",
)
OTHER = Post(title="Mill burns", url="https://courier.example.org/mill", body="", source="C")


@dataclass
class Stand:
    """A publisher with two channels, and what is to be seen there."""

    publisher: Publisher
    channel: ChannelId
    other: ChannelId
    titles: Callable[[ChannelId], list[str]]
    delete: Callable[[ChannelId, MessageId], None]


@asynccontextmanager
async def _fake(_path: Path) -> AsyncIterator[Stand]:
    fake = FakePublisher()
    yield Stand(
        publisher=fake,
        channel=CHANNEL,
        other=OTHER_CHANNEL,
        titles=lambda channel: [post.title for where, post in fake.posts if where == channel],
        delete=lambda _channel, message: fake.delete(message),
    )


@asynccontextmanager
async def _discord(path: Path) -> AsyncIterator[Stand]:
    async with open_house(path) as house:
        channels = {channel.id: channel for channel in (house.news, house.other)}
        yield Stand(
            publisher=house.publisher,
            channel=ChannelId(house.news.id),
            other=ChannelId(house.other.id),
            titles=lambda at: [post.embeds[0].title or "" for post in house.posts(channels[at])],
            delete=house.env.backend.delete_message,
        )


@pytest.fixture(params=[_fake, _discord], ids=["fake", "discord"])
async def stand(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Stand]:
    async with request.param(tmp_path) as stand:
        yield stand


async def test_posts_arrive_in_order_each_with_an_id_of_its_own(stand: Stand) -> None:
    first = await stand.publisher.publish(stand.channel, POST, "d1")
    second = await stand.publisher.publish(stand.channel, OTHER, "d2")
    assert first < second
    assert stand.titles(stand.channel) == ["Ferry resumes", "Mill burns"]
    assert stand.titles(stand.other) == []


async def test_an_edit_changes_the_message_and_may_be_made_twice(stand: Stand) -> None:
    message = await stand.publisher.publish(stand.channel, POST, "d1")
    for _ in range(2):
        await stand.publisher.edit(stand.channel, message, replace(POST, title="Ferry sinks"))
    assert stand.titles(stand.channel) == ["Ferry sinks"]


async def test_a_deleted_message_cannot_be_edited(stand: Stand) -> None:
    message = await stand.publisher.publish(stand.channel, POST, "d1")
    stand.delete(stand.channel, message)
    with pytest.raises(MessageGone) as caught:
        await stand.publisher.edit(stand.channel, message, OTHER)
    assert caught.value.channel_id == stand.channel
    assert stand.titles(stand.channel) == []


@pytest.mark.parametrize(
    ("sought", "is_found"),
    [
        (POST, True),
        (replace(POST, title="Ferry resumes, corrected"), True),
        (replace(POST, url="https://courier.example.org/ferry-2"), True),
        (OTHER, False),
        (replace(OTHER, url=None), False),
    ],
    ids=["the same", "same link", "same title", "another", "another without a link"],
)
async def test_a_post_is_found_by_its_link_or_title(
    stand: Stand, sought: Post, *, is_found: bool
) -> None:
    earlier = await stand.publisher.publish(stand.channel, OTHER, "d1")
    message = await stand.publisher.publish(stand.channel, POST, "d2")
    found = await stand.publisher.find(stand.channel, sought, earlier)
    assert found == (message if is_found else None)


async def test_only_what_came_later_is_found_and_only_in_that_channel(stand: Stand) -> None:
    message = await stand.publisher.publish(stand.channel, POST, "d1")
    assert await stand.publisher.find(stand.channel, POST, None) == message
    assert await stand.publisher.find(stand.channel, POST, message) is None
    assert await stand.publisher.find(stand.other, POST, None) is None
