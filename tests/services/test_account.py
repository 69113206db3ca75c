from datetime import timedelta

from structlog.testing import capture_logs

from bot.services.account import Accountant
from tests.factories import CHANNEL, FEED_URL, parsed_entry, wish
from tests.services.conftest import Desk


async def test_the_counts_are_told_once_a_day_with_what_is_new_over_restarts(desk: Desk) -> None:
    desk.serve(parsed_entry("First"))
    await desk.follower.add(await desk.follower.look(FEED_URL), wish(CHANNEL, backfill=1))
    told = []
    with capture_logs() as lines:
        for _ in range(3):
            # Made anew each time, as after a restart.
            told += [await Accountant(desk.storage, desk.clock).tell_daily() for _ in range(2)]
            await desk.deliverer().deliver_due()
            desk.clock.advance(timedelta(days=1))
    assert told == [True, False] * 3
    counted = [line for line in lines if line["event"] == "outbox.counted"]
    assert [(line["owed"], line["sent"], line["waiting"]) for line in counted] == [
        (1, 0, 1),
        (1, 1, 0),
        (1, 1, 0),
    ]
    assert [line.get("new_sent") for line in counted] == [None, 1, 0]


async def test_at_the_end_they_are_told_whenever_that_is(desk: Desk) -> None:
    with capture_logs() as lines:
        counts = await Accountant(desk.storage, desk.clock).tell()
    (line,) = lines
    assert (line["event"], line["owed"], counts.owed) == ("outbox.counted", 0, 0)
