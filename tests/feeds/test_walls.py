"""Pages that show something else in place of an article, each told in words."""

import pytest

from bot.feeds.extract import read_article
from bot.feeds.source import Web
from bot.feeds.values import WHOLE_TEXT
from tests.feeds.test_article import TEASER, entry
from tests.servers.feed_server import FeedServer

pytestmark = pytest.mark.asyncio(loop_scope="module")

SENTENCE = (
    "The council of Skarn opened pier {} on a rainy Monday, and nobody had brought an umbrella."
)
LEAD = f"<p>{SENTENCE.format('one')} {SENTENCE.format('two')}</p>"
PROSE = "".join(f"<p>{SENTENCE.format(n)}</p>" for n in range(24))


def page(body: str, title: str = "Night ferry returns", head: str = "") -> str:
    return f"<html><head><title>{title}</title>{head}</head><body>{body}</body></html>"


NOT_FREE = '<script type="application/ld+json">{"isAccessibleForFree": "False"}</script>'
WALLS = {
    "flagged": (page(f"<article>{LEAD}</article>", head=NOT_FREE), "subscribers only"),
    "english paywall": (
        page(f"<article>{LEAD}<div>Subscribe now to continue reading.</div></article>"),
        "subscribers only",
    ),
    "german paywall": (
        page(f"<article>{LEAD}<div>Jetzt weiterlesen mit Haffkurier plus</div></article>"),
        "subscribers only",
    ),
    "french paywall": (
        page(f"<article>{LEAD}<p>Article réservé aux abonnés.</p></article>"),
        "subscribers only",
    ),
    "japanese paywall": (
        page(f"<article>{LEAD}<p>この記事は有料会員限定です。残り800文字</p></article>"),
        "subscribers only",
    ),
    "challenge": (
        page(
            "<h1>Verify you are human</h1><p>This may take a few seconds.</p>"
            '<script src="/cdn-cgi/challenge-platform/h/b.js"></script>',
            title="Just a moment...",
        ),
        "browsers in only",
    ),
    "captcha": (
        page(
            "<p>Press &amp; hold to confirm you are not a robot.</p>"
            "<script src='https://captcha-delivery.com/c.js'></script>",
            title="gazette.example.org",
        ),
        "browsers in only",
    ),
    "consent": (
        page(
            "<h1>Before you continue</h1><p>We and our partners store and/or access information on "
            "a device, such as cookies, and process personal data.</p><button>Accept all</button>"
            "<button>Reject all</button>",
            title="Before you continue",
        ),
        "question about cookies",
    ),
    "german consent": (
        page(
            "<p>Mit Werbung weiterlesen: Besuchen Sie uns wie gewohnt mit Werbung und Tracking. "
            "Mit Ihrer Einwilligung geben wir Daten an unsere Partner weiter.</p>"
            "<button>Alle akzeptieren</button>"
        ),
        "question about cookies",
    ),
    "consent that counts its partners": (
        page(
            "<p>We and our 832 partners store and/or access information on a device.</p>"
            "<button>Accept all</button>",
        ),
        "question about cookies",
    ),
    "german consent or subscription": (
        page(
            "<h1>Mit Werbung weiterlesen</h1><p>Details stehen im Privacy Center. Die Zustimmung "
            "ist jederzeit widerrufbar.</p><button>Akzeptieren und weiter</button>"
        ),
        "question about cookies",
    ),
    "login": (
        page(
            "<h1>Welcome back</h1><form><input name='user'><input type='password'></form>",
            title="Log in | Harbour Gazette",
        ),
        "who log in",
    ),
    "login in words": (page("<p>Please sign in to read this story.</p>"), "who log in"),
    "script": (
        page("<noscript>You need to enable JavaScript to run this app.</noscript><div id=root>"),
        "nothing without JavaScript",
    ),
    "script in words": (
        page("<p>JavaScript is disabled in your browser. Please turn it on.</p>"),
        "nothing without JavaScript",
    ),
}
ARTICLES = {
    "a login in its corner": f"<article>{PROSE}</article><form><input type='password'></form>",
    "an offer beside it": f"<main>{PROSE}</main><div class='paywall'>Already a subscriber?</div>",
    "a cookie bar": f"<article>{PROSE}</article><div>Accept all. Reject all. Our partners.</div>",
    "a hint for browsers": f"<noscript>Please enable JavaScript.</noscript><main>{PROSE}</main>",
    "cookies for a subject": f"<main><h1>Reject all, says court on cookies</h1>{PROSE}</main>",
}


@pytest.mark.parametrize("name", WALLS)
async def test_a_wall_leaves_the_teaser_and_says_which_it_is(
    web: Web, server: FeedServer, name: str
) -> None:
    body, words = WALLS[name]
    teaser = f"{TEASER} {TEASER} {TEASER} {TEASER} {TEASER} {TEASER}"
    article = await web.article(entry(server.put("/wall", body), teaser=teaser))
    assert (article.method, article.text) == ("teaser", teaser)
    assert article.note is not None
    assert words in article.note


@pytest.mark.parametrize("name", ARTICLES)
async def test_an_article_is_no_wall_for_what_stands_around_it(
    web: Web, server: FeedServer, name: str
) -> None:
    article = await web.article(entry(server.put("/article", page(ARTICLES[name]))))
    assert (article.method, article.note) == ("page", None)
    assert article.text.count("\n\n") == 23


async def test_a_whole_article_behind_a_meter_is_an_article(web: Web, server: FeedServer) -> None:
    url = server.put("/metered", page(f"<article>{PROSE}</article>", head=NOT_FREE))
    assert (await web.article(entry(url))).method == "page"


async def test_of_a_paywall_the_opening_is_more_than_a_headline(
    web: Web, server: FeedServer
) -> None:
    intro = f"<article>{LEAD}{LEAD.replace('one', 'six')}</article>"
    url = server.put("/opening", page(intro, head=NOT_FREE))
    article = await web.article(entry(url, teaser=""))
    assert article.method == "teaser"
    assert article.text.startswith("The council of Skarn")
    assert article.note is not None
    assert "subscribers only" in article.note


async def test_a_page_that_says_less_than_its_feed_loses(web: Web, server: FeedServer) -> None:
    teaser = "A teaser that says it all. " * 20
    url = server.put("/less", page(f"<article>{LEAD}{LEAD.replace('one', 'six')}</article>"))
    article = await web.article(entry(url, teaser=teaser))
    assert (article.method, article.text) == ("teaser", teaser)
    assert article.note is not None
    assert "no more than the feed" in article.note


async def test_a_long_text_that_breaks_off_is_looked_up(web: Web, server: FeedServer) -> None:
    url = server.put("/more", page(f"<article>{PROSE}</article>"))
    own = " ".join(SENTENCE.format(n) for n in range(10)) + " […]"
    assert len(own) >= WHOLE_TEXT
    article = await web.article(entry(url, text=own))
    assert article.method == "page"
    assert len(article.text) > len(own)


async def test_a_long_text_keeps_to_itself_where_its_page_gives_less(
    web: Web, server: FeedServer
) -> None:
    url = server.put("/gone", "gone", status=404)
    own = " ".join(SENTENCE.format(n) for n in range(10)) + " Read more"
    article = await web.article(entry(url, text=own))
    assert article.text == own


async def test_noise_in_the_text_of_a_feed_goes(web: Web) -> None:
    prose = "\n\n".join(SENTENCE.format(n) for n in range(12))
    noisy = f"{prose}\n\nRead more: Umbrellas sold out\n\nFollow us on Facebook"
    article = await web.article(entry(None, text=noisy))
    assert (article.method, article.text) == ("feed", prose)


@pytest.mark.parametrize(
    "body",
    [
        "<html><body>" + "<div>" * 3_000 + "deep" + "</body></html>",
        "<p class='" + "ad-" * 50_000 + "'>x</p>",
        '<script type="application/ld+json">' + "[" * 100_000 + '"articleBody"</script><p>x</p>',
        "<p>" + "Via " * 40_000 + "</p>",
        "<article>" + "<p>By Ann Ode, " + "Ann Ode, " * 5_000 + "</p></article>",
        "<html lang='&quot;><'><head><title></title></head><body></body></html>",
    ],
    ids=["deep", "named at length", "brackets", "via", "byline", "bare"],
)
async def test_hostile_pages_are_read_or_refused(body: str) -> None:
    values = read_article(body.encode(), "text/html", "https://gazette.example.org/x")
    assert isinstance(values[0], str)


async def test_an_article_in_a_box_that_is_named_like_furniture_is_found() -> None:
    boxes = "".join(f"<div class='kicker'><p>{SENTENCE.format(n)}</p></div>" for n in range(9))
    body = page(f"<main>{boxes}</main>").encode()
    text = str(read_article(body, "text/html", "https://gazette.example.org/x")[0])
    assert len(text) >= 250
