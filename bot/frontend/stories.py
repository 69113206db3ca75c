"""Render stories: the timeline, what the sources say, what they say differently."""

from collections.abc import Iterable, Iterator, Sequence

import discord

from bot.frontend import limits
from bot.frontend.listings import COLOUR, count, jump_url
from bot.frontend.markdown import escape_block, inline, label, link, plain, when
from bot.frontend.render import safe_url
from bot.news.models import Difference, KeySentence, PostRef, Telling, ToldStory
from bot.news.posts import UNTITLED
from bot.services.narrate import Narration

_SHOWN_FIRST = 3  # entries of a long story: the first …
_SHOWN_LAST = 9  # … and the latest
_POSTS_MAX = 4
_TITLE_CUT = 110
_SOURCE_CUT = 50
_FIGURE_CUT = 40

# Characters of the description that each part may take; all of them and the rest together fit.
_TIMELINE_MAX = 1_700
_SENTENCES_MAX = 1_150
_DIFFERENCES_MAX = 350


def story_embed(narration: Narration) -> discord.Embed:
    """Return a story, its entries numbered in the order they came."""
    story = narration.story
    first = story.tellings[0].entry
    parts = [
        _head(story),
        f"**Timeline**\n{_timeline(story)}",
        _section("What they say", _sentences(story, narration.comparison.sentences)),
        _section("Figures that differ", _differences(story, narration.comparison.differences)),
    ]
    return discord.Embed(
        title=inline(first.title) or UNTITLED,
        url=safe_url(first.url),
        description="\n\n".join(part for part in parts if part),
        colour=COLOUR,
    )


def telling_title(telling: Telling) -> str:
    """Return what an entry is called, on one line, without markdown."""
    return plain(telling.entry.title, _TITLE_CUT) or UNTITLED


def posts_told(posts: Iterable[PostRef]) -> str:
    """Return where messages are, each with a link that leads there."""
    distinct = list(dict.fromkeys(posts))
    told = [f"<#{post.channel_id}> {link('post', jump_url(post))}" for post in distinct]
    more = [f"and {len(told) - _POSTS_MAX} more"] if len(told) > _POSTS_MAX else []
    return ", ".join([*told[:_POSTS_MAX], *more])


def _head(story: ToldStory) -> str:
    sources = len({telling.entry.feed_id for telling in story.tellings})
    seen = [telling.entry.first_seen_at for telling in story.tellings]
    facts = [count(sources, "source"), count(len(seen), "report"), f"since {when(seen[0])}"]
    if len(seen) > 1:
        facts.append(f"last {when(seen[-1])}")
    posts = sorted(
        (post for telling in story.tellings for post in telling.posts),
        key=lambda post: post.message_id,
    )
    return f"{' · '.join(facts)}\nIn {posts_told(posts)}"


def _section(title: str, lines: Sequence[str]) -> str:
    return "\n".join([f"**{title}**", *lines]) if lines else ""


def _timeline(story: ToldStory) -> str:
    tellings = list(enumerate(story.tellings))
    left = len(tellings) - _SHOWN_FIRST - _SHOWN_LAST
    if left > 1:
        first, last = tellings[:_SHOWN_FIRST], tellings[-_SHOWN_LAST:]
    else:
        first, last, left = tellings, [], 0
    shown = _fitted([list(_entry(number, telling)) for number, telling in (*first, *last)])
    if left:
        shown.insert(len(first), f"… {left} more …")
    return "\n".join(shown)


def _fitted(lines: Sequence[list[str]]) -> list[str]:
    """Return the first variant of each line, or where there is no room, of the longest the next."""
    while sum(len(variants[0]) + 1 for variants in lines) > _TIMELINE_MAX:
        shorter = [variants for variants in lines if len(variants) > 1]
        if not shorter:
            break
        del max(shorter, key=lambda variants: len(variants[0]))[0]
    return [variants[0] for variants in lines]


def _entry(number: int, telling: Telling) -> Iterator[str]:
    """Yield a line of the timeline in ever fewer characters; the last is under 100."""
    entry = telling.entry
    url = safe_url(entry.url)
    head = f"{_number(number)} {when(entry.dated_at)}"
    tail = " · first" if number == 0 else ""
    for source_cut, title_cut, target in (
        (_SOURCE_CUT, _TITLE_CUT, url),
        (_SOURCE_CUT, _TITLE_CUT // 2, url),
        (_SOURCE_CUT, _TITLE_CUT // 2, None),
        (_SOURCE_CUT // 2, _TITLE_CUT // 5, None),
    ):
        source = escape_block(plain(telling.source_name, source_cut))
        title = label(plain(entry.title, title_cut)) or UNTITLED
        yield f"{head} · {source} · {link(title, target)}{tail}"
    yield f"{head} · {escape_block(plain(telling.source_name, _SOURCE_CUT // 3))}{tail}"


def _number(number: int, url: str | None = None) -> str:
    """Return "[1]" for the first, as it stands in a description or as a link."""
    return f"[[{number + 1}]]({url})" if url else f"\\[{number + 1}\\]"


def _sentences(story: ToldStory, sentences: Sequence[KeySentence]) -> list[str]:
    """Return the quoted sentences for which there is room; none is cut."""
    lines: list[str] = []
    room = _SENTENCES_MAX
    for sentence in sentences:
        url = safe_url(story.tellings[sentence.report].entry.url)
        quoted = f"> {escape_block(plain(sentence.text))} "
        for line in (
            quoted + link(f"[{sentence.report + 1}]", url) if url else "",
            quoted + _number(sentence.report),
        ):
            if line and len(line) < room:
                lines.append(line)
                room -= len(line) + 1
                break
    return lines


def _differences(story: ToldStory, differences: Sequence[Difference]) -> list[str]:
    lines: list[str] = []
    room = _DIFFERENCES_MAX
    for difference in differences:
        said = ", ".join(
            f"{escape_block(plain(story.tellings[report].source_name, _SOURCE_CUT))}: "
            f"{escape_block(plain(written, _FIGURE_CUT))} {_number(report)}"
            for report, written in difference.said
        )
        line = f"{escape_block(plain(difference.subject, _FIGURE_CUT))} · {said}"
        if len(line) < room:
            lines.append(line)
            room -= len(line) + 1
    return lines


def entry_options(story: ToldStory) -> list[discord.SelectOption]:
    """Return a menu's options for the entries of a story, the latest where there are too many."""
    return [
        discord.SelectOption(
            label=plain(f"{number}. {telling_title(telling)}", limits.CHOICE_NAME_MAX),
            value=str(telling.entry.id),
            description=plain(telling.source_name, limits.CHOICE_NAME_MAX) or None,
        )
        for number, telling in list(enumerate(story.tellings, start=1))[-limits.CHOICES_MAX :]
    ]
