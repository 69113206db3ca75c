"""The arguments of `herald`, with help that a newcomer can follow."""

import argparse
from collections.abc import Callable
from importlib.metadata import version
from typing import TypeAlias

from bot.cli import archive, asking, daemon, feeds, importing, lists, reading, show, stories
from bot.news.models import SUMMARY_WORDS

EPILOG = """\
Settings come from the environment and from .env in this folder; see .env.example.

Try it without a Discord account:   herald demo
See what a feed would look like:    herald preview https://example.org/feed.xml
Check what is set up:               herald check
"""

# What add_subparsers() returns has no public name.
Subparsers: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    parser = argparse.ArgumentParser(
        prog="herald",
        description="A self-hosted Discord news bot: polls feeds, posts their news, searches them.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--version", action="version", version=f"herald {version('herald-newsbot')}"
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_daemon(commands)
    _add_looking(commands)
    _add_archive(commands)
    _add_feeds(commands)
    return parser


def _command(
    commands: Subparsers,
    name: str,
    work: Callable[..., object],
    summary: str,
    description: str = "",
    *,
    logs: bool = False,
) -> argparse.ArgumentParser:
    """Add a command; *logs* says whether it writes log lines at the level that is set."""
    parser = commands.add_parser(
        name,
        help=summary,
        description=f"{summary[0].upper()}{summary[1:]}. {description}".strip(),
    )
    parser.set_defaults(work=work, logs=logs)
    return parser


def _add_json(parser: argparse.ArgumentParser, what: str) -> None:
    parser.add_argument("--json", action="store_true", help=f"print {what} as JSON")


def _add_daemon(commands: Subparsers) -> None:
    _command(
        commands,
        "run",
        daemon.run,
        "run the bot until it is stopped",
        "Logs in to Discord with HERALD_TOKEN, uploads the slash commands if they have changed, "
        "polls feeds and posts their news. SIGTERM or Ctrl-C ends it cleanly.",
        logs=True,
    )
    demo = _command(
        commands,
        "demo",
        daemon.demo,
        "show the bot at work on this machine, without Discord, account or token",
        "Starts the same bot on a local stand-in for Discord with made-up news, and prints the "
        "address of a page where you can read the posts and use the slash commands.",
    )
    demo.add_argument(
        "--feed", metavar="URL", action="append", default=[], help="also follow this real feed"
    )
    demo.add_argument(
        "--once", action="store_true", help="post what there is, search once, print both, and end"
    )
    _command(
        commands,
        "check",
        daemon.check,
        "check settings, database, token and model",
        "Prints the settings (secrets masked), opens the database, asks Discord who the bot is and "
        "the language model, if one is set, about an article made for that. Ends with 1 and one "
        "line for each thing that is wrong.",
    )
    _command(
        commands,
        "sync",
        daemon.sync,
        "upload the slash commands to Discord now",
        "`herald run` does so when they have changed; this is for when Discord lost them.",
    )
    _command(
        commands,
        "migrate",
        daemon.migrate,
        "bring the database to this version's schema",
        "Every command does so by itself; this does nothing else. A backup is written first.",
    )


def _add_looking(commands: Subparsers) -> None:
    preview = _command(
        commands,
        "preview",
        show.preview,
        "show the post that a feed's newest entry would become",
        "Finds the feed, fetches and reads it, reads the article, makes the summary and the post. "
        "Of a page without a feed the article. Stores nothing and posts nothing.",
    )
    preview.add_argument("target", metavar="URL|FILE", help="a feed, a site, a page, or a file")
    _add_json(preview, "all that was found")
    summarise = _command(
        commands,
        "summarise",
        reading.summarise,
        "summarise articles, a line each",
        'Reads JSON Lines with "title" and "text", perhaps a feed\'s own "teaser", and writes '
        '"summary" and "method" for each, in their order. A line that cannot be read gets a null '
        "and an error; then it ends with 1.",
    )
    summarise.add_argument("file", metavar="FILE|-", help="JSON Lines; - reads stdin")
    summarise.add_argument(
        "--words",
        type=int,
        default=SUMMARY_WORDS,
        metavar="N",
        help=f"how long a summary may be (default: {SUMMARY_WORDS} words)",
    )


def _add_now(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--now",
        metavar="TIME",
        help="as of then, such as 2026-11-02 or 2026-11-02T09:30Z (default: now); what came "
        "out later is not looked for",
    )


def _add_archive(commands: Subparsers) -> None:
    poll = _command(
        commands,
        "poll",
        archive.poll,
        "poll the feeds that are due, without Discord",
        "What they bring is stored and queued; `herald run` posts it.",
    )
    poll.add_argument(
        "--once", action="store_true", required=True, help="poll what is due now, then end"
    )
    _add_json(poll, "counts and times")
    search = _command(
        commands,
        "search",
        archive.search,
        "search all articles in the archive",
        'Any of the words may occur; "quoted phrases" must, and what follows a minus must not.',
    )
    search.add_argument(
        "query", metavar="QUERY|-", help="what to look for; - reads a query a line from stdin"
    )
    search.add_argument("--limit", type=int, default=10, metavar="N", help="results (default: 10)")
    search.add_argument(
        "--newest", action="store_true", help="the newest first, instead of the best"
    )
    _add_now(search)
    _add_json(search, "the results")
    ask = _command(
        commands,
        "ask",
        asking.ask,
        "answer a question in quotes from the archive",
        "Quotes the sentences that answer it, each with its article, or says that the archive does "
        'not. With -, each line of stdin is a question, or an object with "question" and its own '
        '"now", and gets an object a line; where found is false, its quotes are the closest '
        "sentences and no answer.",
    )
    ask.add_argument(
        "question",
        metavar="QUESTION|-",
        help="what to answer; - reads a question a line from stdin",
    )
    ask.add_argument(
        "--since", metavar="TIME", help="only what is newer: 24h, 7d, 12w, or a date: 2026-11-02"
    )
    _add_now(ask)
    _add_json(ask, "the answer")
    group = commands.add_parser(
        "archive",
        help="put articles into the archive",
        description="Manage the archive that `herald search` and /news search look through.",
    )
    actions = group.add_subparsers(title="actions", metavar="ACTION", required=True)
    imported = _command(
        actions,
        "import",
        importing.import_articles,
        "store the articles of a file, without posting them",
        'Reads JSON Lines with "url", "title", "text", "published" and "feed" (an address or any '
        "name). `herald search` finds them; members find only what was posted in their channels. "
        "An article whose url is stored for its feed already is left as it is, so doing it again "
        "changes nothing. Faulty lines are told and left out; then it ends with 1.",
    )
    imported.add_argument("file", metavar="FILE|-", help="JSON Lines; - reads stdin")
    _add_json(imported, "the counts")
    told = _command(
        commands,
        "stories",
        stories.show,
        "show which articles in the archive tell one story",
        "An article is put into its story a moment after it is stored.",
    )
    told.add_argument(
        "--json", action="store_true", help="print every story as JSON, one a line, with its URLs"
    )


def _add_feeds(commands: Subparsers) -> None:
    group = commands.add_parser(
        "feeds",
        help="list, show, add, remove, import and export feeds",
        description="Manage feeds without Discord. In Discord, /feed does the same.",
    )
    actions = group.add_subparsers(title="actions", metavar="ACTION", required=True)
    listed = _command(actions, "list", feeds.show_all, "list every feed with its health")
    _add_json(listed, "the list")
    shown = _command(
        actions,
        "show",
        feeds.show_one,
        "show one feed, who follows it, and its last checks",
    )
    shown.add_argument("feed", metavar="URL|ID", help="as `herald feeds list` shows it")
    _add_json(shown, "all of it")
    add = _command(
        actions,
        "add",
        feeds.add,
        "add a feed",
        "Without --channel it is polled for the archive only; entries that it holds already are "
        "marked seen and never posted.",
    )
    add.add_argument("url", metavar="URL", help="a feed or a site")
    _add_channel(add)
    add.add_argument("--name", help="what to call it (default: its own title)")
    add.add_argument(
        "--every",
        metavar="LENGTH",
        help="how often the channel wants it checked, 5m to 24h (default: in its own rhythm)",
    )
    remove = _command(
        actions,
        "remove",
        feeds.remove,
        "stop polling a feed",
        "Its articles stay in the archive.",
    )
    remove.add_argument("feed", metavar="URL|ID", help="as `herald feeds list` shows it")
    imported = _command(
        actions,
        "import",
        lists.read_file,
        "add the feeds of an OPML file or of a list of URLs",
        "Each feed is fetched once to see that it lives. Nothing old is posted.",
    )
    imported.add_argument(
        "file",
        metavar="FILE",
        help="OPML, a URL a line, or FeedCord's appsettings.json; - reads stdin",
    )
    _add_channel(imported)
    imported.add_argument(
        "--folder",
        metavar="NAME=LINK",
        action="append",
        default=[],
        help="post what is in this folder of the list to that channel; may be given again. A "
        "folder that is named by a channel's link, as export writes them, goes there by itself",
    )
    imported.add_argument("--dry-run", action="store_true", help="only say what would be added")
    _add_json(imported, "what became of each")
    exported = _command(
        actions,
        "export",
        lists.write_file,
        "write every feed as OPML",
        "With a folder for each channel; what is read for the archive only lies in none.",
    )
    exported.add_argument(
        "file", metavar="FILE", nargs="?", default="-", help="where to (default: stdout)"
    )


def _add_channel(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--channel",
        metavar="LINK",
        help="post it there: the channel's link from Discord (right-click it, Copy Link), "
        "https://discord.com/channels/SERVER/CHANNEL",
    )
