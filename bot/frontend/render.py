"""Render posts: one function for what is previewed, tested and posted."""

from datetime import UTC, datetime

import discord

from bot.frontend import limits
from bot.frontend.markdown import block, escape_block, inline, label, link, plain
from bot.news.models import Headline, Post
from bot.news.text import http_url

# Title, author, footer and body together stay under limits.EMBED_TOTAL_MAX at these.
BODY_MAX = limits.EMBED_DESCRIPTION_MAX
FOOTER_MAX = 256
_SOURCE_MAX = 100  # characters, of who is behind a line

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)  # what is dated before is a feed's mistake


def post_embed(post: Post) -> discord.Embed:
    """Return the embed of a post: hostile text made harmless, cut to Discord's limits."""
    embed = discord.Embed(
        title=inline(post.title) or "(untitled)",
        url=safe_url(post.url),
        description=_description(post) or None,
        colour=discord.Colour(post.colour & 0xFFFFFF),
        timestamp=post.published_at if post.published_at and post.published_at > _EPOCH else None,
    )
    if source := plain(post.source, limits.EMBED_AUTHOR_MAX):
        embed.set_author(
            name=source, url=safe_url(post.source_url), icon_url=safe_url(post.icon_url)
        )
    if image_url := safe_url(post.image_url):
        embed.set_image(url=image_url)
    if post.footer and (footer := plain(post.footer, FOOTER_MAX)):
        embed.set_footer(text=footer)
    return embed


def post_embeds(post: Post) -> list[discord.Embed]:
    """Return the embeds of a message: of a post and of those that are bundled with it.

    Bodies are cut where all together are over Discord's limit.
    """
    posts = [post, *post.bundled]
    embeds = [post_embed(each) for each in posts]
    over = sum(map(limits.embed_length, embeds)) - limits.EMBED_TOTAL_MAX
    while over > 0:
        longest = max(embeds, key=lambda embed: len(embed.description or ""))
        length = len(longest.description or "")
        if not length:
            break
        body = posts[embeds.index(longest)].body
        longest.description = block(body, max(length - max(over // len(posts), 32), 0)) or None
        over = sum(map(limits.embed_length, embeds)) - limits.EMBED_TOTAL_MAX
    return embeds


def fitting_in_one(post: Post) -> int:
    """Return how many of the posts of a bundle fit into one message uncut; at least one."""
    room, fitting = limits.EMBED_TOTAL_MAX, 0
    for each in [post, *post.bundled][: limits.EMBEDS_MAX]:
        room -= limits.embed_length(post_embed(each))
        if room < 0:
            break
        fitting += 1
    return max(fitting, 1)


def _description(post: Post) -> str:
    """Return body and headlines; a headline is shown whole, or counted where there is no room."""
    if not post.headlines:
        return block(post.body, BODY_MAX)
    body = block(post.body, BODY_MAX // 2)
    lines = [body, ""] if body else []
    room = BODY_MAX - sum(len(line) + 1 for line in lines)
    shown = [_headline(headline) for headline in post.headlines]
    total = len(shown) + post.unlisted
    fitting = _fitting(shown, room)
    if len(fitting) < total:
        fitting = _fitting(shown, room - len(_rest(total)) - 1)
        fitting.append(_rest(total - len(fitting)))
    return "\n".join([*lines, *fitting])


def _fitting(lines: list[str], room: int) -> list[str]:
    """Return the lines that fit into *room*, in their order; one that is far too long is left."""
    kept: list[str] = []
    for line in lines:
        if len(line) + 1 <= room:
            kept.append(line)
            room -= len(line) + 1
    return kept


def _headline(headline: Headline) -> str:
    # The bullet is a character and no list of Discord's, so that what follows starts no line.
    title = plain(headline.title)
    source = escape_block(plain(headline.source, _SOURCE_MAX))
    by = f" · {source}" if source else ""
    if (url := safe_url(headline.url)) and (shown := label(title)):
        return f"• {link(shown, url)}{by}"
    return f"• {escape_block(title)}{by}"


def _rest(count: int) -> str:
    return f"… and {count} more, with `/news latest`"


def safe_url(url: str | None) -> str | None:
    """Return *url* if Discord takes it in an embed: http(s) and not too long."""
    shown = http_url(url) if url else None
    return shown if shown and len(shown) <= limits.EMBED_URL_MAX else None
