"""`herald` as an operator meets it: real settings, database, worker process and loopback web."""

import asyncio
import io
import json
import logging
import os
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import structlog

from bot.cli import main
from bot.cli.parser import build_parser
from bot.storage.sqlite.migrate import migrations
from tests.noisy import NoisyPage, noisy_pages
from tests.servers.feed_server import FeedItem, FeedServer

ROOT = Path(__file__).parents[2]
PROSE = (
    "The Tamsel bridge carried traffic again on Sunday after eight months of repairs. "
    "Engineers replaced 40 steel girders. The mayor said the work had cost 12 million crowns."
)


class ThreadedServer:
    """The feed server on a thread of its own, because every command runs its own event loop."""

    def __init__(self) -> None:
        self.server = FeedServer()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)

    def __enter__(self) -> FeedServer:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self.server.__aenter__(), self._loop).result()
        return self.server

    def __exit__(self, *_error: object) -> None:
        asyncio.run_coroutine_threadsafe(
            self.server.__aexit__(None, None, None), self._loop
        ).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@pytest.fixture
def web() -> Iterator[FeedServer]:
    with ThreadedServer() as server:
        yield server


@pytest.fixture
def feed_url(web: FeedServer) -> str:
    return web.feed(
        "/feed.xml",
        FeedItem(title="Bridge reopens", description=PROSE),
        FeedItem(title="Ferry stays", description="The old ferry will go on running at night."),
        title="Harbour Times",
    )


@dataclass
class Herald:
    """Runs commands; ``code`` is the last one's exit code."""

    capsys: pytest.CaptureFixture[str]
    data_dir: Path
    code: int = 0
    err: str = ""

    def __call__(self, *arguments: str) -> str:
        """Run a command and return what it printed."""
        self.code = main(arguments)
        got = self.capsys.readouterr()
        self.err = got.err
        return got.out

    def json(self, *arguments: str) -> Any:  # noqa: ANN401  # whatever the command prints
        """Run a command with --json and return what it said."""
        return json.loads(self(*arguments, "--json"))


@pytest.fixture
def herald(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Herald]:
    for name in ("HERALD_TOKEN", "DISCORD_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HERALD_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("HERALD_ALLOWED_NETWORKS", "127.0.0.0/8")
    monkeypatch.setenv("HERALD_READS_PAGES", "false")
    monkeypatch.chdir(tmp_path)
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield Herald(capsys, tmp_path / "data")
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def every_help() -> list[list[str]]:
    commands = ["run", "demo", "check", "sync", "migrate", "preview", "poll", "search", "summarise"]
    commands += ["stories", "ask"]
    actions = ["list", "add", "remove", "import", "export"]
    feeds = [["feeds"], *(["feeds", a] for a in actions)]
    return [[], *([c] for c in commands), *feeds, ["archive"], ["archive", "import"]]


@pytest.mark.parametrize("command", every_help(), ids=" ".join)
def test_every_command_explains_itself(
    command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        build_parser().parse_args([*command, "--help"])
    assert ended.value.code == 0
    assert len(capsys.readouterr().out.splitlines()) >= 4


def test_preview_shows_the_post_of_a_feed(herald: Herald, feed_url: str) -> None:
    out = herald("preview", feed_url)
    assert herald.code == 0
    assert "Harbour Times" in out
    assert "Bridge reopens" in out
    assert "Engineers replaced 40 steel girders." in out
    assert not herald.data_dir.exists(), "a preview stores nothing"


def test_preview_as_json_has_feed_article_summary_and_post(herald: Herald, feed_url: str) -> None:
    told = herald.json("preview", feed_url)
    assert told["feed"]["entries"] == 2
    assert told["article"]["method"] == "teaser"
    assert told["summary"]["text"] == PROSE
    assert told["post"]["title"] == "Bridge reopens"
    assert told["post"]["body"] == PROSE


def test_preview_reads_a_file(herald: Herald, tmp_path: Path) -> None:
    path = tmp_path / "saved.xml"
    path.write_text(
        "<rss version='2.0'><channel><title>Saved</title><item><title>From disk</title>"
        "<link>https://example.org/1</link></item></channel></rss>"
    )
    assert herald.json("preview", str(path))["post"]["title"] == "From disk"
    path.write_text("no feed at all")
    herald("preview", str(path))
    assert herald.code == 1
    assert "no feed" in herald.err


def test_preview_reads_the_article_where_the_feed_has_a_teaser(
    herald: Herald, web: FeedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HERALD_READS_PAGES", "true")
    paragraphs = "".join(f"<p>{PROSE} Paragraph {n} says more of it.</p>" for n in range(6))
    page = web.put(
        "/bridge",
        f"<html><head><title>Bridge</title></head><body><nav>Home News Sport</nav>"
        f"<article><h1>Bridge reopens</h1>{paragraphs}</article></body></html>",
        content_type="text/html",
    )
    url = web.feed("/short.xml", FeedItem(title="Bridge reopens", link=page, description="Soon…"))
    told = herald.json("preview", url)
    assert told["article"]["method"] == "page"
    assert told["article"]["characters"] > 800
    assert told["summary"]["method"] == "extractive"


@pytest.mark.parametrize("page", noisy_pages(), ids=lambda page: page.name)
def test_preview_of_a_noisy_page_prints_no_noise(
    herald: Herald, web: FeedServer, monkeypatch: pytest.MonkeyPatch, page: NoisyPage
) -> None:
    monkeypatch.setenv("HERALD_READS_PAGES", "true")
    link = web.put("/article", page.body)
    item = FeedItem(title=page.title, link=link, description=page.cut_teaser)
    out = herald("preview", web.feed("/noisy.xml", item))
    post = out.partition("┌")[2]
    assert page.title in " ".join(post.replace("│", "").split())
    assert page.wall is not None or page.noise_in(post) == []
    assert page.wall is None or page.wall in out
    assert "only the feed's teaser" in out if page.wall else "from its page" in out


@pytest.mark.parametrize(
    "page", [page for page in noisy_pages() if page.wall is None][::6], ids=lambda page: page.name
)
def test_preview_of_a_page_without_a_feed_shows_its_article_and_no_noise(
    herald: Herald,
    web: FeedServer,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    page: NoisyPage,
) -> None:
    monkeypatch.setenv("HERALD_READS_PAGES", "true")
    path = tmp_path / "saved.html"
    path.write_bytes(page.body)
    for target in (web.put("/article", page.body), str(path)):
        told = herald.json("preview", target)
        assert herald.code == 0
        assert told["post"]["title"] == page.title
        assert told["summary"]["method"] == "extractive"
        assert told["post"]["body"]
        assert page.noise_in(told["post"]["title"] + told["post"]["body"]) == []
        assert herald("preview", target).startswith("feed      none: this is a web page\n")


def test_feeds_are_added_polled_searched_exported_and_removed(
    herald: Herald, feed_url: str, web: FeedServer
) -> None:
    assert "Harbour Times" in herald("feeds", "add", feed_url)
    (row,) = herald.json("feeds", "list")
    assert (row["title"], row["entries"], row["state"]) == ("Harbour Times", 2, "ok")
    assert herald.json("poll", "--once")["polled"] == 0, "it was read a moment ago"
    found = herald.json("search", "girders")
    assert [hit["title"] for hit in found["hits"]] == ["Bridge reopens"]
    assert "*girders*" in herald("search", "girders")
    opml = herald("feeds", "export")
    assert feed_url in opml
    assert "Removed" in herald("feeds", "remove", feed_url)
    assert "not polled" in herald("feeds", "list")
    assert feed_url not in herald("feeds", "export")
    assert herald.json("search", "girders")["total"] == 1, "the archive stays"
    assert web.hits("/feed.xml") == 1


def test_a_feed_that_is_here_is_not_added_again(herald: Herald, feed_url: str) -> None:
    herald("feeds", "add", feed_url)
    assert "“Harbour Times”" in (again := herald("feeds", "add", feed_url))
    assert "here already; nothing is changed" in again
    assert len(herald.json("feeds", "list")) == 1
    herald("feeds", "remove", feed_url)
    assert "Added" in herald("feeds", "add", feed_url)


def test_a_sites_other_feeds_are_told_when_one_is_added(herald: Herald, web: FeedServer) -> None:
    links = "".join(f'<link rel="alternate" type="text/xml" href="/{x}.xml">' for x in "ab")
    site = web.put("/site", f"<html><head>{links}</head></html>", content_type="text/html")
    first, second = (web.feed(f"/{x}.xml", FeedItem(title=x), title=f"Log {x}") for x in "ab")
    told = herald("feeds", "add", site)
    assert f"({first})" in told
    assert f"{second}  Log b" in told


def test_no_password_of_an_address_is_printed(
    herald: Herald, feed_url: str, tmp_path: Path
) -> None:
    url = feed_url.replace("http://", "http://ada:hunter2@")
    path = tmp_path / "feeds.txt"
    path.write_text(f"{url}\n{url}.none\n")
    told = herald("preview", url) + herald("feeds", "import", str(path), "--dry-run")
    told += herald("feeds", "add", url) + herald("feeds", "list")
    assert "Harbour Times" in told
    assert "hunter2" not in told + herald.err
    assert "hunter2" in herald("feeds", "export"), "which is to be read in again"


def test_what_is_no_web_address_in_a_list_is_told(
    herald: Herald, feed_url: str, tmp_path: Path
) -> None:
    path = tmp_path / "feeds.opml"
    path.write_text(
        f'<opml><body><outline xmlUrl="{feed_url.replace("http:", "feed:")}"/>'
        '<outline text="Old" xmlUrl="ftp://example.org/feed.xml"/></body></opml>'
    )
    rows = herald.json("feeds", "import", str(path), "--dry-run")
    assert [row["fate"] for row in rows] == ["new", "dead"]
    assert rows[1]["reason"] == "ftp://example.org/feed.xml is not a web address."


def test_poll_reports_counts_and_times(
    herald: Herald, feed_url: str, web: FeedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HERALD_POLL_INTERVAL_S", "1")
    herald("feeds", "add", feed_url)
    dead = web.put("/dead.xml", "gone", status=500)
    herald("feeds", "add", dead)
    assert herald.code == 1
    web.feed("/feed.xml", FeedItem(title="Third"), FeedItem(title="Fourth"), title="Harbour Times")
    make_due(herald)
    report = herald.json("poll", "--once")
    assert (report["polled"], report["fetched"], report["new_entries"]) == (1, 1, 2)
    assert report["feeds"][0]["took_ms"] >= 0
    make_due(herald)
    assert "1 unchanged" in herald("poll", "--once")
    web.put("/feed.xml", "gone", status=500)
    make_due(herald)
    report = herald.json("poll", "--once")
    assert report["failed"] == 1
    assert "500" in report["feeds"][0]["error"]


def make_due(herald: Herald) -> None:
    with sqlite3.connect(herald.data_dir / "herald.db") as db:
        db.execute("UPDATE feeds SET next_poll_at = 0")
    db.close()


def test_search_answers_a_query_a_line(
    herald: Herald, feed_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    herald("feeds", "add", feed_url)
    asked = ["bridge", "-a", "it's", "C++", '"unbalanced', "🌊", "x" * 6000, ""]
    monkeypatch.setattr("sys.stdin", io.StringIO("\n".join(asked) + "\n"))
    answers = [json.loads(line) for line in herald("search", "-").splitlines()]
    assert herald.code == 0
    assert [answer["query"] for answer in answers] == asked
    assert answers[0]["hits"][0]["title"] == "Bridge reopens"
    assert [answer.get("line", 0) for answer in answers if "error" in answer] == [
        number for number, answer in enumerate(answers, 1) if "error" in answer
    ]
    assert ["error" in answer for answer in answers] == [i in {1, 6, 7} for i in range(8)]


def test_what_was_mended_in_a_search_and_the_nearest_spelling_are_said(
    herald: Herald, feed_url: str
) -> None:
    herald("feeds", "add", feed_url)
    told = herald("search", "(girders since:soon")
    assert "*girders*" in told
    assert "A parenthesis was never closed" in told
    assert "soon" in told.split("\n", 1)[1]
    assert len(herald.json("search", "(girders since:soon")["repairs"]) == 2
    assert "Did you mean “girders”?" in herald("search", "gidrers")
    assert herald.json("search", "gidrers")["suggestion"] == "girders"
    assert herald.json("search", "girders")["repairs"] == []


def test_stories_are_told_a_line_each_with_their_links(herald: Herald, feed_url: str) -> None:
    herald("feeds", "add", feed_url)
    stories = [json.loads(line) for line in herald("stories", "--json").splitlines()]
    assert herald.code == 0
    bridge = next(story for story in stories if story["title"] == "Bridge reopens")
    assert bridge["urls"] == [entry["url"] for entry in bridge["entries"] if entry["url"]]
    assert bridge["entries"][0]["source"] == "Harbour Times"
    assert f"{len(stories)} stor" in herald("stories")


def test_who_reads_only_the_first_line_gets_no_traceback(herald: Herald, feed_url: str) -> None:
    herald("feeds", "add", feed_url)
    queries = "bridge\n" * 200
    done = subprocess.run(  # noqa: S602  # a pipe, as an operator types it
        f"{sys.executable} -m bot search - | head -n 1",
        shell=True,
        input=queries,
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "ascii"},  # noqa: TID251
    )
    assert done.stderr == ""
    assert json.loads(done.stdout)["total"] == 1


@pytest.mark.parametrize("query", ["", "-a", "x" * 6000])
def test_a_query_that_cannot_be_run_is_told_in_a_line(herald: Herald, query: str) -> None:
    herald("search", "--", query)
    assert herald.code == 1
    assert herald.err.startswith("herald: ")
    assert len(herald.err.splitlines()) == 1


def test_one_feed_is_shown_with_who_follows_it_how_often_and_its_checks(
    herald: Herald, feed_url: str
) -> None:
    channel = "https://discord.com/channels/11/22"
    herald("feeds", "add", feed_url, "--channel", channel, "--every", "2 hours")
    assert "chosen: every 2 hours" in herald("feeds", "list")
    told = herald("feeds", "show", feed_url)
    assert "channel 22 as “Harbour Times”; every 2 hours" in told
    assert "(every 2 hours, as chosen)" in told or "(chosen: every 2 hours)" in told
    assert "2 new entries" in told
    shown = herald.json("feeds", "show", "1")
    assert (shown["chosen_every_s"], shown["url"]) == (7200, feed_url)
    assert [(row["channel"], row["every_s"]) for row in shown["followers"]] == [(22, 7200)]
    assert [check["status"] for check in shown["checks"]] == [200]
    with closing(sqlite3.connect(herald.data_dir / "herald.db")) as database, database:
        database.execute(
            "UPDATE subscriptions SET paused_at = 1, paused_until = 1700000000000, posts_old = 1"
        )
    told = herald("feeds", "show", "1")
    assert "old entries posted too; paused until 2023-11-14 22:13 UTC" in told


def test_an_opml_file_is_imported_into_a_channel(
    herald: Herald, feed_url: str, tmp_path: Path
) -> None:
    path = tmp_path / "feeds.opml"
    path.write_text(
        f'<opml version="2.0"><body><outline text="News"><outline text="Mine" xmlUrl="{feed_url}"/>'
        f'<outline text="Mine again" xmlUrl="{feed_url}"/></outline></body></opml>'
    )
    channel = "https://discord.com/channels/11/22"
    fates = [row["fate"] for row in herald.json("feeds", "import", str(path), "--dry-run")]
    assert fates == ["new", "duplicate"]
    assert herald.json("feeds", "list") == []
    assert "1 new" in herald("feeds", "import", str(path), "--channel", channel)
    (row,) = herald.json("feeds", "list")
    assert row["subscriptions"] == 1
    assert 'title="Mine"' in herald("feeds", "export"), "under the name that its channel knows"
    assert "already here" in herald("feeds", "import", str(path), "--channel", channel)


def test_folders_of_a_list_go_to_the_channels_that_are_told(
    herald: Herald, feed_url: str, tmp_path: Path
) -> None:
    path = tmp_path / "feeds.opml"
    path.write_text(
        f'<opml version="2.0"><body><outline text="Coast"><outline text="Sea">'
        f'<outline text="Mine" xmlUrl="{feed_url}"/></outline></outline>'
        f'<outline text="Theirs" xmlUrl="{feed_url}"/></body></opml>'
    )
    where = ("--folder", "Sea=https://discord.com/channels/11/22", "--channel", "33/44")
    told = herald("feeds", "import", str(path), *where)
    assert "2 new" in told
    rows = herald.json("feeds", "import", str(path), *where)
    assert [(row["folder"], row["channel"], row["fate"]) for row in rows] == [
        ("Coast / Sea", 22, "already here"),
        (None, 44, "already here"),
    ]
    herald("feeds", "import", str(path), "--folder", "Lakes=11/22")
    assert "The list has no folder “Lakes”. It has: Coast / Sea." in herald.err
    herald("feeds", "import", str(path), "--folder", "Sea")
    assert 'Write it as --folder "Sea news=' in herald.err


def test_what_is_exported_is_imported_into_the_same_channels(
    herald: Herald, feed_url: str, tmp_path: Path
) -> None:
    for number, channel in enumerate(("11/22", "11/23", "33/44")):
        herald("feeds", "add", feed_url, "--channel", channel, "--name", f"Name {number}")
    path = tmp_path / "feeds.opml"
    assert "1 feed written" in herald("feeds", "export", str(path))
    herald("feeds", "remove", "1")
    told = herald("feeds", "import", str(path))
    assert "“https://discord.com/channels/33/44” goes to channel 44." in told
    assert "3 feeds: 3 new." in told
    followers = herald.json("feeds", "show", feed_url)["followers"]
    assert [(each["guild"], each["channel"], each["name"]) for each in followers] == [
        (11, 22, "Name 0"),
        (11, 23, "Name 1"),
        (33, 44, "Name 2"),
    ]


def test_addresses_and_feedcords_settings_are_imported_too(
    herald: Herald, feed_url: str, tmp_path: Path
) -> None:
    settings = tmp_path / "appsettings.json"
    settings.write_text(json.dumps({"Instances": [{"Id": "Harbour", "RssUrls": [feed_url]}]}))
    assert "1 new" in herald("feeds", "import", str(settings))
    groups = {"Instances": [{"Id": name, "RssUrls": [feed_url]} for name in ("Sea", "Land")]}
    settings.write_text(json.dumps(groups))
    told = herald("feeds", "import", str(settings), "--dry-run", "--channel", "11/22")
    assert "2 groups of the list, all to channel 22." in told
    addresses = tmp_path / "feeds.txt"
    addresses.write_text(f"# mine\n{feed_url}\n")
    assert "1 already here" in herald("feeds", "import", str(addresses))


def test_the_list_tells_states_in_words_with_moves_and_what_a_site_offers(
    herald: Herald, feed_url: str
) -> None:
    herald("feeds", "add", feed_url)
    (row,) = herald.json("feeds", "list")
    assert (row["state"], row["state_in_words"]) == ("ok", "all well")
    with closing(sqlite3.connect(herald.data_dir / "herald.db")) as database, database:
        database.execute(
            "UPDATE feeds SET state = 'failing', failures = 9, failing_since = 1700000000000"
        )
        database.execute(
            "INSERT INTO repairs (feed_id, url, title, moved_from, moved_at) VALUES"
            " (1, 'https://new.example.org/', 'New', 'https://old.example.org/', 1700000000000)"
        )
    told = herald("feeds", "list")
    assert "failing, 9 times in a row since 2023-11-14 22:13 UTC" in told
    assert "moved from https://old.example.org/ for good, 2023-11-14 22:13 UTC" in told
    assert "its site offers https://new.example.org/ instead" in told
    (row,) = herald.json("feeds", "list")
    assert row["moved_from"] == "https://old.example.org/"
    assert row["offered_instead"] == "https://new.example.org/"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("feeds", "add", "nonsense"), "is not a web address"),
        (("feeds", "add", "http://10.0.0.1/feed"), "not on the public internet"),
        (("feeds", "remove", "77"), "There is no feed 77"),
        (("feeds", "show", "https://no.example.org/"), "There is no feed https://no.example.org/"),
        (("feeds", "add", "https://example.org/", "--every", "1m"), "“1m” is too often"),
        (("feeds", "add", "https://example.org/", "--every", "1h"), "name the channel with"),
        (("feeds", "import", "nowhere.opml"), "cannot be read"),
        (("feeds", "add", "https://example.org/", "--channel", "x"), "is no link of a channel"),
        (("preview", "nowhere.xml"), "There is no file nowhere.xml"),
        (("feeds", "export", "no/such/folder.opml"), "cannot be written"),
    ],
)
def test_bad_input_ends_with_one_clear_line(
    herald: Herald, arguments: tuple[str, ...], said: str
) -> None:
    herald(*arguments)
    assert herald.code == 1
    assert said in herald.err
    assert "Traceback" not in herald.err


def test_a_page_without_a_feed_is_told_with_what_was_tried(herald: Herald, web: FeedServer) -> None:
    url = web.put("/", "<html><body>hello</body></html>", content_type="text/html")
    herald("feeds", "add", url)
    assert herald.code == 1
    assert "offers no feed" in herald.err


def test_check_tells_settings_and_database_and_each_fault(herald: Herald) -> None:
    out = herald("check")
    assert herald.code == 1
    assert "HERALD_ALLOWED_NETWORKS=127.0.0.0/8" in out
    assert f"schema {len(migrations())}" in out
    (fault,) = herald.err.splitlines()
    assert fault.startswith("herald: HERALD_TOKEN is not set")


def test_check_masks_the_token_and_says_that_discord_cannot_be_reached(
    herald: Herald, monkeypatch: pytest.MonkeyPatch, unused_tcp_port: int
) -> None:
    monkeypatch.setenv("HERALD_TOKEN", "very.secret.token")
    base = f"http://127.0.0.1:{unused_tcp_port}/api/v10"
    monkeypatch.setenv("HERALD_DISCORD_API_BASE", base)
    out = herald("check")
    assert herald.code == 1
    assert "very.secret" not in out + herald.err
    assert len(herald.err.splitlines()) == 1


def test_run_without_a_token_ends_with_two_and_says_where_to_get_one(herald: Herald) -> None:
    herald("run")
    assert herald.code == 2
    assert "developer portal" in herald.err


def test_an_unknown_setting_ends_with_two(herald: Herald, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HERALD_TOKN", "x")
    herald("feeds", "list")
    assert herald.code == 2
    assert "Did you mean HERALD_TOKEN?" in herald.err


def break_version(path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 999")
    db.close()


def break_file(path: Path) -> None:
    path.write_text("this is no database, however long one looks at it " * 50)


@pytest.mark.parametrize(
    ("harm", "said"), [(break_version, "newer"), (break_file, "not a database")]
)
def test_a_database_that_cannot_be_used_is_refused_by_name_and_left_alone(
    herald: Herald, harm: Callable[[Path], None], said: str
) -> None:
    herald("migrate")
    path = herald.data_dir / "herald.db"
    harm(path)
    before = path.read_bytes()
    for command in (("feeds", "list"), ("migrate",)):
        herald(*command)
        assert herald.code == 1
        assert str(path) in herald.err
        assert said in herald.err
    assert path.read_bytes() == before


def test_a_data_directory_that_cannot_be_made_is_told(
    herald: Herald, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    blocker = tmp_path / "file"
    blocker.write_text("")
    blocker.chmod(stat.S_IRUSR)
    monkeypatch.setenv("HERALD_DATA_DIR", str(blocker / "data"))
    monkeypatch.setenv("HERALD_TOKEN", "a.b.c")
    for command in (("feeds", "list"), ("run",)):
        herald(*command)
        assert herald.code == 1
        assert str(blocker / "data") in herald.err
        assert "HERALD_DATA_DIR" in herald.err


def test_migrate_makes_the_database_once(herald: Herald) -> None:
    assert f"schema 0 → {len(migrations())}" in herald("migrate")
    assert "nothing to do" in herald("migrate")
