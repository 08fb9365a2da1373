"""The address of a wall: one spelling, read back as it was written, and refused where it cannot be followed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.wall.address import EARLIEST, LATEST, PATH, THEMES, Wall, parsed, written
from dashboard.wall.boards import WallError
from tests.laws import law

NAMES = st.from_regex(r"[a-z][a-z0-9-]{0,39}", fullmatch=True)
INSTANTS = st.datetimes(
    EARLIEST.replace(tzinfo=None), LATEST.replace(tzinfo=None) - timedelta(days=1), timezones=st.just(UTC)
)


@st.composite
def walls(draw: st.DrawFn) -> Wall:
    """Every wall that an address can ask for."""
    is_playlist, is_past = draw(st.booleans()), draw(st.booleans())
    return Wall(
        board_names=() if is_playlist else tuple(draw(st.lists(NAMES, min_size=1, max_size=12))),
        playlist_name=draw(NAMES) if is_playlist else None,
        dwell_seconds=draw(st.integers(5, 3600)),
        queue_text=draw(st.text(max_size=60).filter(str.isprintable)).strip(),
        team_id=draw(st.none() | st.integers(0, 999_999_999)),
        theme_name=draw(st.sampled_from(THEMES)),
        locale_name=draw(st.sampled_from([None, "de", "en_GB", "et", "zh_Hant_TW"])),
        zone_name=draw(st.sampled_from([None, "Europe/Berlin", "Etc/GMT+5", "UTC"])),
        has_sound=draw(st.booleans()),
        held_name=draw(st.none() | NAMES),
        at=draw(INSTANTS) if is_past else None,
        speed=draw(st.integers(0, 600_000_000)) / 1_000_000 if is_past else 1.0,
        beside_now=draw(st.booleans()) if is_past else False,
    )


def asked(address: str) -> dict[str, str]:
    """The parameters of an address, as a browser sends them."""
    return dict(parse_qsl(urlsplit(address).query, keep_blank_values=True, strict_parsing=True))


@law(60)
@given(walls())
def test_an_address_is_read_as_the_wall_that_it_was_written_for(wall: Wall) -> None:
    address = written(wall)
    assert urlsplit(address).path == PATH
    assert parsed(asked(address)) == wall
    assert written(parsed(asked(address))) == address


def test_the_address_of_every_choice_is_as_it_is_documented() -> None:
    address = (
        "/wall/show?boards=floor,agents&dwell=30&queue=sales&team=3&theme=dark&lang=de&zone=Europe/Berlin&sound=on"
        "&hold=agents&at=2026-11-17T08:32:00Z&speed=10&beside=now"
    )
    assert parsed(asked(address)) == Wall(
        board_names=("floor", "agents"),
        dwell_seconds=30,
        queue_text="sales",
        team_id=3,
        theme_name="dark",
        locale_name="de",
        zone_name="Europe/Berlin",
        has_sound=True,
        held_name="agents",
        at=datetime(2026, 11, 17, 8, 32, tzinfo=UTC),
        speed=10,
        beside_now=True,
    )
    assert written(parsed(asked(address))) == address


@pytest.mark.parametrize(
    ("query", "address"),
    [
        ("", "/wall/show?boards=floor"),
        ("boards=&queue=", "/wall/show?boards=floor"),
        ("playlist=day", "/wall/show?playlist=day"),
        ("boards=floor,%20agents&dwell=20&theme=auto&sound=off", "/wall/show?boards=floor,agents"),
        ("lang=en-gb&boards=floor", "/wall/show?boards=floor&lang=en_GB"),
        ("at=2026-11-17T10:32:00%2B02:00", "/wall/show?boards=floor&at=2026-11-17T08:32:00Z"),
        # a plus that was typed into an address arrives as a space
        ("at=2026-11-17T10:32:00+02:00", "/wall/show?boards=floor&at=2026-11-17T08:32:00Z"),
    ],
)
def test_what_says_the_same_has_one_spelling(query: str, address: str) -> None:
    assert written(parsed(dict(parse_qsl(query, keep_blank_values=True)))) == address


BAD = {
    "colour=red": "A wall's address has no parameter 'colour'; expected some of boards, dwell, queue, team, theme, lang, "
    "zone, sound, playlist, hold, at, speed, beside.",
    "boards=Floor": "'boards' is 'Floor'; expected a name of small letters, digits and dashes, such as floor.",
    "boards=floor,,agents": "'boards' is ''; expected a name of small letters, digits and dashes, such as floor.",
    "boards=a,b,c,d,e,f,g,h,i,j,k,l,m": "'boards' is 'a,b,c,d,e,f,g,h,i,j,k,l,m'; expected at most 12 boards.",
    "dwell=4": "'dwell' is '4'; expected whole seconds from 5 to 3600.",
    "dwell=²": "'dwell' is '²'; expected whole seconds from 5 to 3600.",
    "team=x": "'team' is 'x'; expected the number of a team, such as 3.",
    "theme=pink": "'theme' is 'pink'; expected one of auto, light, dark, contrast.",
    "lang=klingon": "'lang' is 'klingon'; expected a language, such as de or en_GB.",
    "lang=../../x": "'lang' is '../../x'; expected a language, such as de or en_GB.",
    "zone=Mars/Base": "'zone' is 'Mars/Base'; expected a time zone, such as Europe/Berlin.",
    "zone=/etc/passwd": "'zone' is '/etc/passwd'; expected a time zone, such as Europe/Berlin.",
    "sound=loud": "'sound' is 'loud'; expected one of on, off.",
    "at=yesterday": "'at' is 'yesterday'; expected an instant with its zone, such as 2026-11-17T08:32:00Z.",
    "at=2026-11-17T08:32:00": "'at' is '2026-11-17T08:32:00'; expected an instant with its zone, such as "
    "2026-11-17T08:32:00Z.",
    "at=0001-01-01T00:00:00%2B14:00": "'at' is '0001-01-01T00:00:00+14:00'; expected an instant with its zone, such as "
    "2026-11-17T08:32:00Z.",
    "at=2026-11-17T08:32:00Z&speed=601": "'speed' is '601'; expected a number from 0 (it stands still) to 600.",
    "at=2026-11-17T08:32:00Z&speed=nan": "'speed' is 'nan'; expected a number from 0 (it stands still) to 600.",
    "at=2026-11-17T08:32:00Z&beside=then": "'beside' is 'then'; expected one of now.",
    "speed=10": "'speed' and 'beside' are for looking back; give 'at' too, such as at=2026-11-17T08:32:00Z.",
    "boards=floor&playlist=day": "'boards' and 'playlist' were both given; a playlist names its boards, so leave one of "
    "them out.",
    "queue="
    + "x"
    * 61: f"'queue' is '{'x' * 60}'; expected at most 60 signs of a queue's or group's name, all of which "
    "can be seen.",
}


@pytest.mark.parametrize("query", BAD)
def test_what_cannot_be_followed_is_refused_in_one_sentence(query: str) -> None:
    with pytest.raises(WallError) as found:
        parsed(dict(parse_qsl(query, keep_blank_values=True)))
    assert str(found.value) == BAD[query]
