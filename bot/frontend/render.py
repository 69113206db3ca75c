"""Render posts: one function for what is previewed, tested and posted."""

from datetime import UTC, datetime

import discord

from bot.frontend import limits
from bot.frontend.markdown import block, inline, plain
from bot.news.models import Post
from bot.news.text import http_url

# Title, author, footer and body together stay under limits.EMBED_TOTAL_MAX at these.
BODY_MAX = limits.EMBED_DESCRIPTION_MAX
FOOTER_MAX = 256

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)  # what is dated before is a feed's mistake


def post_embed(post: Post) -> discord.Embed:
    """Return the embed of a post: hostile text made harmless, cut to Discord's limits."""
    embed = discord.Embed(
        title=inline(post.title) or "(untitled)",
        url=safe_url(post.url),
        description=block(post.body, BODY_MAX) or None,
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


def safe_url(url: str | None) -> str | None:
    """Return *url* if Discord takes it in an embed: http(s) and not too long."""
    shown = http_url(url) if url else None
    return shown if shown and len(shown) <= limits.EMBED_URL_MAX else None
