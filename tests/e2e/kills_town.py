"""A town with newspapers and channels, for the kill test: what was printed, and what was told.

Each piece has a link of its own and words that no other has, so that a story is known wherever it
is told, however the message looks; a few are printed by two newspapers in nearly the same words,
and are one story to a channel that follows both.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import compress, count
from random import Random

from tests.e2e.kills_lives import FORUM_LOOK, LOOK
from tests.e2e.kills_papers import Paper, Piece, Story, invented, page
from tests.e2e.kills_sites import (
    SITES,
    can_be_edited,
    has_thread,
    is_published,
    let_sleep,
    messages_in,
    names_of_posts,
    take_away,
)
from tests.servers.discord_objects import Message
from tests.servers.discord_server import DiscordServer
from tests.servers.discord_state import Channel, Thread
from tests.servers.discord_wire import ChannelType, Permission
from tests.servers.feed_server import FeedItem, FeedServer

SHOWN = 30  # pieces that a feed shows
UNSEEN_MAX = 8  # new pieces at most of a feed at once: from eleven on they are told in a roundup
_LATELY = 100  # messages of a channel, more than come between two looks
ERRANDS_FOR = timedelta(hours=20)  # Herald gives up those that wait for a day
EDITS_MAX = 2  # of a piece; from the sixth on, Herald does not follow

PAPERS = ("gazette", "wire", "herring", "pages")  # the last one prints teasers, and has pages
_RIGHTS = Permission.MANAGE_WEBHOOKS | Permission.CREATE_PUBLIC_THREADS  # of the bot, as a member


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What is wrong, in words; all empty where nothing is."""

    lost: list[str]
    doubled: list[str]
    disordered: list[str]
    wrong: list[str]

    @property
    def is_clean(self) -> bool:
        """Whether every story is told once, in order and as it was printed."""
        return not (self.lost or self.doubled or self.disordered or self.wrong)


class Town:
    """One guild, its channels and newspapers."""

    def __init__(self, server: DiscordServer, feeds: FeedServer, random: Random) -> None:
        self._server = server
        self._feeds = feeds
        self._random = random
        self._stories = count(1)
        self._words = invented(random)
        self._by_link: dict[str, Piece] = {}
        self._heard: set[Story] = set()
        self._deleted: defaultdict[int, list[Message]] = defaultdict(list)
        self._former_homes: dict[int, Channel] = {}  # of webhooks that were deleted
        self.guild = server.add_guild("Saltmarsh", bot=_RIGHTS)
        self.editor = self.guild.add_member("ada", Permission.MANAGE_GUILD)
        self.channels = {
            name: self.guild.add_channel(name, type=site.type) for name, site in SITES.items()
        }
        self.papers = {name: Paper(name=name, has_pages=name == "pages") for name in PAPERS}
        for channel, site in SITES.items():
            for name in site.follows:
                self.papers[name].channels.append(self.channels[channel])
        self._last_at = server.clock.now().replace(microsecond=0) - timedelta(hours=1)
        for paper in self.papers.values():
            self._serve(paper)

    # Printing

    def print_some(self, number: int, kind: str = "") -> None:
        """Let papers print *number* stories, one in five of them in two papers.

        With *kind* only those whose stories may come to such a place.
        """
        for _ in range(number):
            free = [paper for paper in self._papers_for(kind) if self.unseen(paper) < UNSEEN_MAX]
            if not free:
                return
            both = len(free) > 1 and self._random.random() < 0.2
            self._print(self._random.sample(free, 2 if both else 1))

    def print_everywhere(self) -> None:
        """Let each paper print two stories, so that every channel is owed some."""
        for paper in [*self.papers.values()] * 2:
            self._print([paper])

    def _papers_for(self, kind: str) -> list[Paper]:
        wanted = {name for site in SITES.values() if site.meets(kind) for name in site.follows}
        return [
            paper
            for paper in self.papers.values()
            if paper.name in wanted and (paper.has_pages or kind != "page")
        ]

    def _print(self, papers: Sequence[Paper]) -> None:
        story = next(self._stories)
        words = [next(self._words) for _ in range(14)]
        for paper in papers:
            number = len(self._by_link) + 1
            link = f"https://{paper.name}.example.org/piece-{number}"
            if paper.has_pages:
                link = self._feeds.url(f"/{paper.name}/piece-{number}")
            head = f"{words[0].title()} {words[1]} {words[2]} {words[3].title()} {words[4]}"
            body = f"The {' '.join(words[:8])} in {words[8].title()}. It {' '.join(words[9:])}."
            self._last_at = max(
                self._last_at + timedelta(seconds=1),
                self._server.clock.now().replace(microsecond=0),
            )
            piece = Piece(
                number=number,
                paper=paper,
                story=story,
                link=link,
                titles=[head],
                body=body,
                printed_at=self._last_at,
            )
            paper.pieces.append(piece)
            self._by_link[link] = piece
            if paper.has_pages:
                self._feeds.put(f"/{paper.name}/piece-{number}", page(piece))
        for paper in papers:
            self._serve(paper)

    def correct_one(self, kind: str = "") -> bool:
        """Let a paper give a recent piece of its own another title; return whether it did.

        *kind*: as in `print_some`.
        """
        told_in = Counter(piece.story for piece in self._by_link.values())
        fit = [
            piece
            for paper in self._papers_for(kind)
            for piece in paper.pieces[-6:]
            if told_in[piece.story] == 1 and len(piece.titles) <= EDITS_MAX
        ]
        if not fit:
            return False
        piece = self._random.choice(fit)
        piece.titles.append(f"{piece.titles[0]} {'again' * (len(piece.titles) - 1)}corrected")
        self._serve(piece.paper)
        return True

    def _serve(self, paper: Paper) -> None:
        items = [
            FeedItem(
                title=piece.title,
                link=piece.link,
                description=piece.body,
                content="" if paper.has_pages else f"<p>{piece.body}</p>",
                published_at=piece.printed_at,
            )
            for piece in reversed(paper.pieces[-SHOWN:])
        ]
        self._feeds.feed(paper.path, *items, title=paper.name.title())

    def unseen(self, paper: Paper) -> int:
        """Return how many pieces are in no channel yet, so that it may be that no poll had them."""
        self._listen()
        return sum(piece.story not in self._heard for piece in paper.pieces)

    def _listen(self) -> None:
        """Note the stories that were told lately."""
        for channel in self.channels.values():
            for message in messages_in(channel)[-_LATELY:]:
                self._heard |= {piece.story for piece in self._pieces_in(message)}

    # Reading

    def _pieces_in(self, message: Message) -> list[Piece]:
        """Return what a message tells: as its embeds' links, or by a link in a text."""
        linked = [embed["url"] for embed in message.embeds if embed.get("url")]
        texts = [message.content, *(embed.get("description") or "" for embed in message.embeds)]
        for text in texts:
            linked += [part.split(")")[0] for part in text.split("](")[1:]]
        return [self._by_link[link] for link in linked if link in self._by_link]

    def all_in(self, channel: Channel) -> list[Message]:
        """Return the bot's messages of a channel, deleted ones too, in the order they came."""
        every = [*messages_in(channel), *self._deleted[channel.id]]
        bots = [message for message in every if message.author.is_bot]
        return sorted(bots, key=lambda message: message.id)

    def delete_one(self) -> bool:
        """Let a moderator delete a message that Herald must know of by now; return whether so.

        Herald takes a channel's stories one after the other: what others follow is marked.
        """
        self._listen()
        channel = self._random.choice(list(self.channels.values()))
        known = [message for message in messages_in(channel) if message.author.is_bot][:-3]
        if not known:
            return False
        message = self._random.choice(known)
        self._deleted[channel.id].append(message)
        take_away(message, with_thread=self._random.random() < 0.7)
        return True

    def delete_webhook(self) -> bool:
        """Let a moderator delete a webhook; return whether there was one."""
        found = [channel for channel in self.channels.values() if channel.webhooks]
        if found:
            home = self._random.choice(found)
            self._former_homes.update((webhook.id, home) for webhook in home.webhooks)
            home.webhooks.clear()
        return bool(found)

    def let_sleep(self) -> None:
        """Archive the posts in forums."""
        for channel in self.channels.values():
            let_sleep(channel)

    def chat(self) -> None:
        """Let a member write into a channel, between the bot's posts; in a forum, a post."""
        channel = self._random.choice(list(self.channels.values()))
        if channel.type is ChannelType.FORUM:
            channel = channel.add_thread("Umbrellas", owner=self.editor.user)
        self.editor.say(channel, "Has anybody seen my umbrella?")

    def looked_for_as(self, path: str) -> str:
        """Return the kind of place where a post is looked for that came by a request to *path*."""
        if path.startswith("/webhooks/"):
            webhook_id = int(path.split("/")[2])
            homes = self._former_homes | {
                webhook.id: channel
                for channel in self.channels.values()
                for webhook in channel.webhooks
            }
            return FORUM_LOOK if homes[webhook_id].type is ChannelType.FORUM else LOOK
        return FORUM_LOOK if path.endswith("/threads") else LOOK

    # Judging

    def owed(self) -> Iterator[tuple[Channel, Story, list[Piece]]]:
        """Yield every story that a channel should have been told, with the pieces that tell it."""
        for channel in self.channels.values():
            stories: defaultdict[Story, list[Piece]] = defaultdict(list)
            for paper in self.papers.values():
                if channel in paper.channels:
                    for piece in paper.pieces:
                        stories[piece.story].append(piece)
            for story, pieces in stories.items():
                yield channel, story, pieces

    def told(self) -> Counter[tuple[int, Story]]:
        """Return how many messages tell each story in each channel, deleted ones too."""
        found: Counter[tuple[int, Story]] = Counter()
        for channel in self.channels.values():
            for message in self.all_in(channel):
                pieces = {piece.number: piece for piece in self._pieces_in(message)}
                found.update((channel.id, piece.story) for piece in pieces.values())
        return found

    def missing(self) -> int:
        """Return how many stories are still to be told, and corrections to be made."""
        told = self.told()
        late = sum(
            piece.title != title
            for channel in self.channels.values()
            for message in messages_in(channel)
            if can_be_edited(message)
            for piece, title in self._shown(message)
        )
        return late + sum(not told[channel.id, story] for channel, story, _ in self.owed())

    def judge(self) -> Verdict:
        """Compare what was printed with what the channels were told."""
        told = self.told()
        lost, doubled = [], []
        for channel, story, pieces in self.owed():
            name = f"#{channel.name}: story {story} ({', '.join(p.link for p in pieces)})"
            if (times := told[channel.id, story]) == 0:
                lost.append(name)
            elif times > 1:
                doubled.append(f"{name}, {times} times")
        return Verdict(
            lost=lost,
            doubled=doubled,
            disordered=list(self._disorders()),
            wrong=list(self._wrongs()),
        )

    def _disorders(self) -> Iterator[str]:
        for channel in self.channels.values():
            last: dict[str, int] = {}
            for message in self.all_in(channel):
                for piece, _ in self._shown(message):
                    if piece.number < last.get(piece.paper.name, 0):
                        yield f"#{channel.name}: {piece.link} after piece {last[piece.paper.name]}"
                    last[piece.paper.name] = piece.number

    def _wrongs(self) -> Iterator[str]:
        for channel in self.channels.values():
            for message in self.all_in(channel):
                for piece in self._pieces_in(message):
                    if channel not in piece.paper.channels:
                        yield f"#{channel.name} does not follow {piece.paper.name}: {piece.link}"
                for piece, title in self._shown(message):
                    if title not in piece.titles:
                        yield f"#{channel.name}: {piece.link} is called {title!r}"
                    elif title != piece.title and not message.is_deleted and can_be_edited(message):
                        yield f"#{channel.name}: {piece.link} is still called {title!r}"
                yield from self._misattributed(channel, message)
        yield from self._misnamed()

    def unfinished(self, waiting: Collection[tuple[str, int]]) -> Iterator[str]:
        """Yield posts that were to be published or to get a thread, and neither have nor wait.

        *waiting*: kinds and messages of what is still to be done; after a day it is given up.
        """
        since = self._server.clock.now() - ERRANDS_FOR
        for name, site in SITES.items():
            for message in messages_in(self.channels[name]) if site.is_published else ():
                done = {"publish": is_published(message), "thread": has_thread(message)}
                for kind, is_done in done.items():
                    is_late = message.author.is_bot and message.sent_at > since
                    if is_late and not is_done and (kind, message.id) not in waiting:
                        yield f"#{name}: {message.text!r} has no {kind}"

    def finished(self) -> tuple[int, int]:
        """Return how many posts were published, and how many have a thread."""
        said = [m for channel in self.channels.values() for m in messages_in(channel)]
        is_post = [not isinstance(message.channel, Thread) for message in said]
        return sum(map(is_published, said)), sum(map(has_thread, compress(said, is_post)))

    def _misattributed(self, channel: Channel, message: Message) -> Iterator[str]:
        """Yield what came by a webhook and should not have, or under another's name."""
        is_by_source = SITES[channel.name].is_by_source
        if (message.webhook_id is not None) is not is_by_source:
            yield f"#{channel.name}: message {message.id} was said by {message.author.name}"
        elif is_by_source:
            names = {piece.paper.name.title() for piece in self._pieces_in(message)}
            if names and message.author.name not in names:
                yield f"#{channel.name}: {names} came under the name of {message.author.name}"

    def _misnamed(self) -> Iterator[str]:
        """Yield posts in forums that are called otherwise than their story ever was, or empty."""
        for thread, message in names_of_posts(self.guild):
            if message is None:
                if thread.id not in {each.id for each in self._deleted[thread.parent.id]}:
                    yield f"#{thread.parent.name}: the post {thread.name!r} is empty"
                continue
            titles = {title for piece, _ in self._shown(message) for title in piece.titles}
            if titles and thread.name not in titles:
                yield f"#{thread.parent.name}: {titles} are in a post called {thread.name!r}"

    def _shown(self, message: Message) -> Iterator[tuple[Piece, str]]:
        """Yield the pieces that a message is about, with their titles there; none of a roundup."""
        for embed in message.embeds:
            if piece := self._by_link.get(embed.get("url") or ""):
                yield piece, embed.get("title", "")
