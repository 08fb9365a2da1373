"""Which board is on: turns that all screens agree on, pins that go before them, and both nights of the clock change."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dashboard.wall import playlists
from dashboard.wall.address import Wall
from dashboard.wall.boards import WallError
from dashboard.wall.playlists import Hours, OnNow, Pin, Playlist, on_now
from tests.laws import law

BERLIN = ZoneInfo("Europe/Berlin")
GOOD = """\
title = "Day shift"
boards = ["floor", "queue"]
dwell_seconds = 30
theme = "dark"
lang = "de"
zone = "Europe/Berlin"
sound = true

[[pins]]
board = "agents"
from = "10:00"
to = "10:15"
days = ["mon", "tue", "wed", "thu", "fri"]

[quiet]
from = "22:00"
to = 06:00:00
"""
WEEKDAYS = (0, 1, 2, 3, 4)
DAY = Playlist(
    name="day",
    title="Day shift",
    board_names=("floor", "queue"),
    dwell_seconds=30,
    pins=(Pin("agents", Hours(time(10), time(10, 15), WEEKDAYS)),),
    quiet=(Hours(time(22), time(6)),),
    theme_name="dark",
    locale_name="de",
    zone_name="Europe/Berlin",
    has_sound=True,
)


def at(local: str, fold: int = 0) -> datetime:
    """A time of Berlin."""
    return datetime.fromisoformat(local).replace(tzinfo=BERLIN, fold=fold)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_a_playlist_is_what_its_text_says() -> None:
    assert playlists.parsed("day", GOOD, board_names=("floor", "queue", "agents")) == DAY


# Monday 23 November 2026, 09:59:00 in Berlin is 08:59:00 UTC, or 1,795,424,340 seconds; / 30 = 59,847,478, an even number.
@pytest.mark.parametrize(
    ("local", "board_name", "place", "is_pinned", "ends_at"),
    [
        ("2026-11-23T09:59:00", "floor", 0, False, "2026-11-23T08:59:30"),
        ("2026-11-23T09:59:29", "floor", 0, False, "2026-11-23T08:59:30"),
        ("2026-11-23T09:59:30", "queue", 1, False, "2026-11-23T09:00:00"),
        ("2026-11-23T10:00:00", "agents", None, True, "2026-11-23T09:15:00"),
        ("2026-11-23T10:14:59", "agents", None, True, "2026-11-23T09:15:00"),
        ("2026-11-23T10:15:00", "floor", 0, False, "2026-11-23T09:15:30"),
        ("2026-11-22T10:05:00", "floor", 0, False, "2026-11-22T09:05:30"),  # a Sunday has no pin
    ],
)
def test_boards_turn_by_the_sites_clock_and_a_pin_goes_before(
    local: str, board_name: str, place: int | None, is_pinned: bool, ends_at: str
) -> None:
    assert on_now(DAY, at(local)) == OnNow(board_name, place, 2, is_pinned, utc(ends_at), is_quiet=False)


def test_a_pin_cuts_a_turn_short_and_one_board_alone_stays_until_the_next_pin() -> None:
    late = Playlist("p", "P", ("floor",), 20, pins=(Pin("floor", Hours(time(9), time(9, 0, 10))),))
    found = on_now(late, at("2026-11-23T08:59:55"))
    assert (found.board_name, found.is_pinned, found.ends_at) == ("floor", False, utc("2026-11-23T08:00:00"))
    assert on_now(Playlist("p", "P", ("floor",)), at("2026-11-23T09:00:00")).ends_at is None
    short = Playlist("p", "P", ("a", "b"), 60, pins=(Pin("c", Hours(time(9, 0, 40), time(9, 1, 30))),))
    assert on_now(short, at("2026-11-23T09:00:30")).ends_at == utc("2026-11-23T08:00:40")
    assert on_now(short, at("2026-11-23T09:01:30")).ends_at == utc("2026-11-23T08:02:00")


def test_the_first_of_two_pins_is_on_and_what_the_address_holds_goes_before_both() -> None:
    both = Playlist(
        "p", "P", ("a", "b"), pins=(Pin("a", Hours(time(9), time(10))), Pin("b", Hours(time(8), time(11))))
    )
    found = [on_now(both, at(f"2026-11-23T{hour:02}:30:00")).board_name for hour in (8, 9, 10)]
    assert found == ["b", "a", "b"]
    assert on_now(both, at("2026-11-23T08:30:00")).ends_at == utc("2026-11-23T08:00:00")
    held = on_now(both, at("2026-11-23T09:30:00"), held_name="queue")
    assert held == OnNow("queue", None, 2, True, None, is_quiet=False)


# In Berlin the clock goes from 02:00 to 03:00 on 29 March 2026 (01:00 UTC), and from 03:00 back to 02:00 on 25 October 2026
# (01:00 UTC).
@pytest.mark.parametrize(
    ("hours", "begins", "ends"),
    [
        (
            ("02:30", "04:00", "2026-03-29"),
            "2026-03-29T01:00",
            "2026-03-29T02:00",
        ),  # there is no half past two
        (("01:30", "02:30", "2026-03-29"), "2026-03-29T00:30", "2026-03-29T01:00"),
        (("22:00", "06:00", "2026-03-28"), "2026-03-28T21:00", "2026-03-29T04:00"),  # 7 hours
        (
            ("02:15", "02:45", "2026-10-25"),
            "2026-10-25T00:15",
            "2026-10-25T01:45",
        ),  # it is shown twice, and on for both
        (("01:30", "02:30", "2026-10-25"), "2026-10-24T23:30", "2026-10-25T01:30"),
        (("22:00", "06:00", "2026-10-24"), "2026-10-24T20:00", "2026-10-25T05:00"),  # 9 hours
    ],
)
def test_on_the_nights_of_the_clock_change_hours_are_those_of_the_clock_on_the_wall(
    hours: tuple[str, str, str], begins: str, ends: str
) -> None:
    day = datetime.fromisoformat(hours[2])
    of_day = Hours(time.fromisoformat(hours[0]), time.fromisoformat(hours[1]), (day.weekday(),))
    playlist = Playlist("p", "P", ("a",), pins=(Pin("b", of_day),), quiet=(of_day,))
    seconds = timedelta(seconds=1)
    around = [utc(begins) - seconds, utc(begins), utc(ends) - seconds, utc(ends)]
    found = [on_now(playlist, one.astimezone(BERLIN)) for one in around]
    assert [one.is_pinned for one in found] == [False, True, True, False]
    assert [one.is_quiet for one in found] == [False, True, True, False]
    assert found[0].ends_at == utc(begins)
    assert found[1].ends_at == utc(ends)


def test_hours_that_the_clock_jumps_over_do_not_come_that_night() -> None:
    missing = Playlist("p", "P", ("a",), pins=(Pin("b", Hours(time(2, 10), time(2, 50))),))
    found = [
        on_now(missing, (utc("2026-03-29T00:00") + timedelta(minutes=n)).astimezone(BERLIN))
        for n in range(180)
    ]
    assert {one.board_name for one in found} == {"a"}


def test_quiet_hours_over_midnight_belong_to_the_day_on_which_they_begin() -> None:
    friday = Playlist("p", "P", ("a",), quiet=(Hours(time(22), time(6), (4,)),))
    told = {
        "2026-11-27T21:59:59": False,
        "2026-11-27T22:00:00": True,
        "2026-11-28T05:59:59": True,
        "2026-11-28T06:00:00": False,
        "2026-11-28T23:00:00": False,
        "2026-11-27T05:00:00": False,
    }
    assert {local: on_now(friday, at(local)).is_quiet for local in told} == told


INSTANTS = st.one_of(
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001 - of the zone given
    # the two nights of Berlin, hour by hour
    st.builds(
        lambda night, seconds: utc(night) + timedelta(seconds=seconds),
        st.sampled_from(["2026-03-28T20:00", "2026-10-24T20:00"]),
        st.integers(0, 14 * 3600),
    ),
)
TIMES = st.times().map(lambda one: one.replace(microsecond=0, second=0))
HOURS = (
    st.tuples(TIMES, TIMES, st.sets(st.integers(0, 6), min_size=1).map(lambda days: tuple(sorted(days))))
    .filter(lambda one: one[0] != one[1])
    .map(lambda one: Hours(*one))
)
PLAYLISTS = st.builds(
    Playlist,
    name=st.just("p"),
    title=st.just("P"),
    board_names=st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=5).map(tuple),
    dwell_seconds=st.integers(5, 3600),
    pins=st.lists(st.builds(Pin, board_name=st.sampled_from(["a", "d", "e"]), hours=HOURS), max_size=3).map(
        tuple
    ),
    quiet=st.lists(HOURS, max_size=2).map(tuple),
)
ZONES = st.sampled_from(["Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "UTC", "Asia/Kolkata"])


def shown(hours: Hours, local: datetime) -> bool:
    """Whether the clock on the wall stands within the hours, told the plain way."""
    now = local.replace(tzinfo=None, second=0, microsecond=0)
    for began in (now.date(), now.date() - timedelta(days=1)):
        start = datetime.combine(began, hours.from_time)
        end = datetime.combine(began, hours.to_time)
        end += timedelta(days=0 if hours.to_time > hours.from_time else 1)
        if began.weekday() in hours.days and start <= now < end:
            return True
    return False


@law(60)
@given(PLAYLISTS, INSTANTS, ZONES)
@example(DAY, datetime(2026, 10, 25, 1, 30, tzinfo=UTC), "Europe/Berlin")
@example(DAY, datetime(2026, 3, 29, 1, 30, tzinfo=UTC), "Europe/Berlin")
def test_at_every_instant_one_board_is_on_and_it_stays_so_until_it_ends(
    playlist: Playlist, instant: datetime, zone_name: str
) -> None:
    zone = ZoneInfo(zone_name)
    found = on_now(playlist, instant.astimezone(zone))
    assert found.board_name in playlist.shown_names
    assert found.count == len(playlist.board_names)
    # a pin goes before every turn whenever the clock says so
    wanted = next((pin for pin in playlist.pins if shown(pin.hours, instant.astimezone(zone))), None)
    if wanted is not None:
        assert found.is_pinned
        assert shown_before(playlist, wanted, found)
    # and where one is on without it, the clock comes back to that time within the night
    if any(shown(hours, instant.astimezone(zone)) for hours in playlist.quiet):
        assert found.is_quiet
    if found.ends_at is None:
        assert len(set(playlist.board_names)) == 1 or found.is_pinned or found.count == 1
        return
    assert found.ends_at > instant
    last = found.ends_at - timedelta(microseconds=1)
    assert on_now(playlist, max(instant, last).astimezone(zone)).board_name == found.board_name
    after = on_now(playlist, found.ends_at.astimezone(zone))
    assert (after.board_name, after.place, after.is_pinned, after.ends_at) != (
        found.board_name, found.place, found.is_pinned, found.ends_at,
    )  # fmt: skip


def shown_before(playlist: Playlist, wanted: Pin, found: OnNow) -> bool:
    """Whether what is on is that pin's board, or that of one that stands before it."""
    before = playlist.pins[: playlist.pins.index(wanted) + 1]
    return found.board_name in {pin.board_name for pin in before}


@law(30)
@given(PLAYLISTS, INSTANTS)
def test_all_screens_of_a_site_agree_whatever_zone_tells_their_time(
    playlist: Playlist, instant: datetime
) -> None:
    plain = Playlist("p", "P", playlist.board_names, playlist.dwell_seconds)
    told = {
        on_now(plain, instant.astimezone(ZoneInfo(zone))) for zone in ("UTC", "Asia/Kolkata", "Europe/Berlin")
    }
    assert len(told) == 1
    (found,) = told
    one_turn_later = on_now(plain, (instant + timedelta(seconds=plain.dwell_seconds)).astimezone(UTC))
    assert found.place is not None
    assert one_turn_later.place == (found.place + 1) % found.count


def test_a_time_without_its_zone_is_no_time() -> None:
    with pytest.raises(ValueError, match="without its zone"):
        on_now(DAY, datetime(2026, 11, 23, 9))  # noqa: DTZ001 - that is the point


def test_what_the_address_says_goes_before_what_the_playlist_says() -> None:
    rows = pl.DataFrame({"playlist_name": ["day"], "toml_text": [GOOD]})
    assert playlists.of_wall(Wall(playlist_name="day"), rows) == DAY
    found = playlists.of_wall(Wall(playlist_name="day", theme_name="light", locale_name="et"), rows)
    assert (found.theme_name, found.locale_name, found.zone_name, found.has_sound) == (
        "light",
        "et",
        "Europe/Berlin",
        True,
    )
    assert playlists.of_wall(Wall(("queue", "floor"), dwell_seconds=15)).board_names == ("queue", "floor")
    with pytest.raises(WallError, match="no playlist named 'night'; expected one of day"):
        playlists.of_wall(Wall(playlist_name="night"), rows)


HEAD = 'title = "P"\nboards = ["floor"]\n'
PIN = '[[pins]]\nboard = "floor"\nfrom = "10:00"\nto = "10:15"\n'
BAD = {
    "no boards": ('title = "P"\n', "p.toml:1:1: 'boards' is missing; expected a list of 1 to 12 names, such as "
                  '["floor", "agents"].'),
    "an empty list": (HEAD.replace('"floor"', ""), "p.toml:2:1: 'boards' is a list of 0; expected a list of 1 to 12 names, "
                      'such as ["floor", "agents"].'),
    "no such board": (f'{HEAD}{PIN.replace("floor", "lobby")}', "p.toml:4:1: there is no board 'lobby'; expected one of "
                      "floor, agents."),
    "no such turn": (HEAD.replace("floor", "lobby"), "p.toml:2:1: there is no board 'lobby'; expected one of floor, "
                     "agents."),
    "too quick": (f"{HEAD}dwell_seconds = 1\n", "p.toml:3:1: 'dwell_seconds' is 1; expected a whole number from 5 to 3600."),
    "no time of day": (f'{HEAD}{PIN.replace("10:15", "25:00")}', "p.toml:6:1: pin 1: 'to' is '25:00'; expected a time of "
                       'day in quotes, such as "10:15".'),
    "no end": (f"{HEAD}{PIN.replace('to = ', '# ')}", "p.toml:3:3: pin 1: 'to' is missing; expected a time of day in "
               'quotes, such as "10:15".'),
    "no length": (f'{HEAD}{PIN.replace("10:15", "10:00")}', "p.toml:6:1: pin 1: 'to' is '10:00'; expected another time than "
                  "'from'; for the whole day leave the pin out and list the board alone."),
    "no weekday": (f'{HEAD}{PIN}days = ["monday"]\n', "p.toml:7:1: pin 1: 'days' is a list of 1; expected a list of 1 to 7 "
                   'names, such as ["mon", "tue"].'),
    "no zone": (f'{HEAD}zone = "Berlin"\n', "p.toml:3:1: 'zone' is 'Berlin'; expected a time zone, such as Europe/Berlin."),
    "no language": (f'{HEAD}lang = "xx-99"\n', "p.toml:3:1: 'lang' is 'xx-99'; expected a language, such as de or en_GB."),
    "sound as a word": (f'{HEAD}sound = "on"\n', "p.toml:3:1: 'sound' is 'on'; expected true or false, without quotes."),
    "a tile": (f"{HEAD}[[tiles]]\n", "p.toml:3:3: there is no 'tiles' here; expected title, boards, dwell_seconds, theme, "
               "lang, zone, sound, pins, quiet."),
    "loud hours": (f'{HEAD}[quiet]\nfrom = "22:00"\n', "p.toml:3:2: quiet hours: 'to' is missing; expected a time of day in "
                   'quotes, such as "10:15".'),
}  # fmt: skip


@pytest.mark.parametrize("fault", BAD)
def test_a_broken_playlist_is_refused_with_its_line(fault: str) -> None:
    text, sentence = BAD[fault]
    with pytest.raises(WallError) as found:
        playlists.parsed("p", text, board_names=("floor", "agents"))
    assert str(found.value) == sentence
