"""A wall in a real browser: it changes in place, never lies about its age, recovers by itself, is read from five metres."""

from __future__ import annotations

import copy
import io
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from PIL import Image, ImageChops
from playwright.sync_api import Browser, Page

from tests.e2e import wall_boards as boards
from tests.e2e.conftest import until
from tests.e2e.wall_server import WallServer, wall_server

Board = Callable[..., dict[str, Any]]
SIZES = {
    "hd": (1920, 1080),
    "4k": (3840, 2160),
    "upright": (1080, 1920),
    "phone": (390, 844),
    "laptop": (1366, 768),
}
DRAWN = ".grid .tile"
PATIENCE_MS = 20_000


Screens = tuple[WallServer, Page]


@pytest.fixture(scope="module")
def screens(browser: Browser) -> Iterator[Screens]:
    """One server and one screen for all tests of this file; nothing on it moves but what is asked for."""
    context = browser.new_context(reduced_motion="reduce")
    with wall_server() as server:
        yield server, context.new_page()
        context.close()


@contextmanager
def opened(
    screens: Screens, payload: dict[str, Any], *, query: str = "boards=floor", size: str = "hd"
) -> Iterator[tuple[WallServer, Page]]:
    """A wall that has drawn this payload, and its server."""
    server, page = screens
    server.is_down = server.is_black_hole = False
    server.has_streams, server.beat_seconds = True, 1.0
    server.payload = payload
    server.drop()
    width, height = SIZES[size]
    page.set_viewport_size({"width": width, "height": height})
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto("about:blank")
    server.asked.clear()
    server.posted.clear()
    page.goto(f"{server.address}/wall/show?{query}")
    page.wait_for_selector(DRAWN, timeout=PATIENCE_MS)
    yield server, page
    assert errors == []


def picture(page: Page) -> Image.Image:
    """What stands on the screen."""
    return Image.open(io.BytesIO(page.screenshot())).convert("RGB")


def last_asked(server: WallServer) -> str:
    """What the screen asked for when it opened its stream last."""
    return server.paths("/wall/stream")[-1].replace("%3A", ":")


def changed(payload: dict[str, Any], place: int, **values: Any) -> dict[str, Any]:
    """The same board with other values on one tile."""
    found = copy.deepcopy(payload)
    found["tiles"][place].update(values)
    return found


# --- in place


WATCH = """() => {
  window.seen = {added: 0, removed: 0, texts: []};
  new MutationObserver((found) => found.forEach((one) => {
    window.seen.added += one.addedNodes.length;
    window.seen.removed += one.removedNodes.length;
    if (one.type !== 'characterData') return;
    window.seen.texts.push(one.target.parentElement.closest('[data-key]')?.dataset.key || '');
  })).observe(document.querySelector('.wall'), {subtree: true, childList: true, characterData: true});
}"""


def test_two_hundred_updates_replace_no_node_and_write_only_what_changed(screens: Screens) -> None:
    payload = {**boards.floor(), "frozen": True, "speed": 1e-9}
    with opened(screens, payload) as (server, page):
        page.evaluate(WATCH)
        for turn in range(1, 201):  # tile 1 says 50.1%, 50.2% ... 70.0%; all others stay as they are
            server.show(changed(payload, 1, value=f"{50 + turn / 10:.1f}%", share=0.5 + turn / 1000))
        page.wait_for_function("document.querySelector('[data-key=level] .figure').textContent === '70.0%'")
        seen = page.evaluate("window.seen")
        assert (seen["added"], seen["removed"]) == (0, 0)
        assert set(seen["texts"]) == {"level"}
        server.show(changed(payload, 1, label="Another label"))  # the watch sees what it should see
        page.wait_for_function("window.seen.texts.length > 200 || window.seen.texts.includes('level')")


def test_around_an_update_only_the_rectangle_of_its_tile_differs(
    screens: Screens,
) -> None:
    payload = {**boards.floor(), "frozen": True, "speed": 1e-9}
    with opened(screens, payload) as (server, page):
        before = picture(page)
        server.show(payload)
        page.wait_for_timeout(150)
        assert (
            ImageChops.difference(before, picture(page)).getbbox() is None
        )  # the same board again: not one pixel
        server.show(changed(payload, 0, value="9"))
        page.wait_for_function("document.querySelector('[data-key=waiting] .figure').textContent === '9'")
        left, top, right, bottom = ImageChops.difference(before, picture(page)).getbbox() or (0, 0, 0, 0)
        box: Any = page.locator("[data-key=waiting]").bounding_box()
        assert right > left, (left, top, right, bottom, box)
        edge = 2  # a tile begins between two pixels of the screen
        inside = (
            box["x"] - edge <= left,
            box["y"] - edge <= top,
            right <= box["x"] + box["width"] + edge,
            bottom <= box["y"] + box["height"] + edge,
        )
        assert inside == (True, True, True, True), (left, top, right, bottom, box)


def test_times_in_a_state_run_by_the_second_without_a_message(screens: Screens) -> None:
    now = boards.now_ms()
    payload = boards.floor(age={"tone": "good", "shape": "circle", "word": "Live", "newest_ms": now})
    payload["tiles"][0]["since"]["at_ms"] = now - 125_000  # 2:05
    with opened(screens, payload) as (server, page):
        server.beat_seconds = 60
        count = len(server.asked)
        first = page.locator("[data-key=waiting] .since").inner_text()
        assert first.startswith("longest for 2:0")
        page.wait_for_function(
            "text => document.querySelector('[data-key=waiting] .since').innerText !== text",
            arg=first,
            timeout=3000,
        )
        assert len(server.asked) == count


def test_the_clock_of_the_wall_never_goes_back_and_follows_a_clock_that_was_put_right(
    screens: Screens,
) -> None:
    with opened(screens, boards.floor()) as (_, page):
        told = page.evaluate(
            """async () => {
              const {clock} = await import('/app/static/wall_clock.js');
              let at = 0;
              const one = clock(() => at);
              const shown = [];
              one.told(100000, 1);
              for (const [wait, told] of [[1000, 101000], [1000, 101200], [1000, 101900], [500, 101950], [1000, 104500]]) {
                at += wait; one.told(told, 1); shown.push(one.now());
              }
              for (let n = 0; n < 6; n += 1) { at += 2000; one.told(40000 + n * 2000 - 3600000, 1); }
              return {shown, after: one.now()};
            }"""
        )
        # by its own running: 101, 102, 103, 103.5, 104.5 s; messages that came late take nothing back
        assert told["shown"] == [101000, 102000, 103000, 103500, 104500]
        assert (
            told["after"] == 40000 + 5 * 2000 - 3600000
        )  # an hour back, said six times: the site's clock was put right


# --- it never lies


def test_without_a_message_it_dims_says_for_how_long_and_recovers_from_a_drop_within_five_seconds(
    screens: Screens,
) -> None:
    with opened(screens, boards.floor(late_seconds=2)) as (server, page):
        assert page.locator(".silence").count() == 0
        server.is_down = True
        server.drop()
        page.wait_for_selector(".silence", timeout=6000)
        assert page.locator(".silence .much").inner_text().startswith("No data for ")
        assert page.evaluate("Number(getComputedStyle(document.querySelector('.grid')).opacity)") < 0.5
        assert (
            page.evaluate("parseFloat(getComputedStyle(document.querySelector('.silence .much')).fontSize)")
            > 100
        )
        since = page.locator("[data-key=waiting] .since").inner_text()
        page.wait_for_timeout(1200)
        assert (
            page.locator("[data-key=waiting] .since").inner_text() == since
        )  # what is not known does not run on
        server.is_down = False
        began = time.monotonic()
        page.wait_for_selector(".silence", state="detached", timeout=6000)
        assert time.monotonic() - began <= 5
        assert page.evaluate("getComputedStyle(document.querySelector('.grid')).opacity") == "1"


def test_a_black_hole_is_noticed_and_left(screens: Screens) -> None:
    with opened(screens, boards.floor(late_seconds=4)) as (server, page):
        count = len(server.paths("/wall/stream"))
        server.is_black_hole = True  # nothing is said any more, and no line is closed
        page.wait_for_selector(".silence", timeout=9000)
        assert until(lambda: len(server.paths("/wall/stream")) > count, seconds=9)
        server.is_black_hole = False
        began = time.monotonic()
        page.wait_for_selector(".silence", state="detached", timeout=9000)
        assert time.monotonic() - began <= 5


def test_trouble_of_the_server_stands_on_the_wall_until_a_board_comes(screens: Screens) -> None:
    with opened(screens, boards.floor(late_seconds=1)) as (server, page):
        server.tell("trouble", {"sentence": "The warehouse does not answer."})
        page.wait_for_selector(".trouble")
        assert page.locator(".trouble").inner_text() == "The warehouse does not answer."
        page.wait_for_selector(".silence", timeout=4000)  # beats go on, figures do not
        server.show(boards.floor(late_seconds=1))
        page.wait_for_selector(".trouble", state="detached")
        page.wait_for_selector(".silence", state="detached")


def test_where_streams_do_not_come_through_it_asks_for_single_boards(screens: Screens) -> None:
    with opened(screens, boards.floor()) as (server, page):
        server.has_streams = False
        server.drop()
        assert until(lambda: len(server.paths("/wall/snapshot")) >= 2, seconds=9)
        server.payload = changed(boards.floor(), 0, value="8")
        page.wait_for_function(
            "document.querySelector('[data-key=waiting] .figure').textContent === '8'", timeout=6000
        )
        assert page.locator(".silence").count() == 0


def test_an_upgrade_is_fetched_once_and_never_in_a_loop(screens: Screens) -> None:
    with opened(screens, boards.floor()) as (server, page):
        server.show(boards.floor(asset="other00000"))
        assert until(
            lambda: len(server.paths("/wall/show")) >= 3, seconds=9
        )  # the probe, and the page itself
        page.wait_for_selector(DRAWN)
        for _ in range(3):
            server.tell("reload", {"asset": "other00000"})
            page.wait_for_timeout(300)
        assert len(server.paths("/wall/show")) == 3


def test_a_screen_that_may_not_look_goes_to_its_code(screens: Screens) -> None:
    with opened(screens, boards.floor()) as (server, page):
        server.tell("over", {"sentence": "This display was revoked.", "way": "/wall"})
        page.wait_for_url("**/wall", timeout=5000)


# --- made for the room


LOOK = """() => {
  const wall = document.querySelector('.wall');
  const all = (root, names) => [...root.querySelectorAll(names)].filter((part) => part.getClientRects().length > 0);
  const named = (part) => [part.closest('[data-key]')?.dataset.key, part.className, part.textContent.slice(0, 40)].join(' ');
  const box = (part) => part.getBoundingClientRect();
  const cross = (a, b) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1;
  const small = all(wall, '.matters').map((part) => [parseFloat(getComputedStyle(part).fontSize), named(part)]);
  const wide = all(wall, '*').filter((part) => !part.closest('svg')).filter((part) => {
    if (part.scrollWidth <= part.clientWidth + 1 || part.clientWidth === 0 || part.matches('.share')) return false;
    const style = getComputedStyle(part);
    const ends = style.textOverflow === 'ellipsis' || style.webkitLineClamp !== 'none';
    return !(style.overflowX === 'hidden' && ends);
  }).map(named);
  const tiles = all(wall, '.tile');
  const overlaps = [];
  const pairs = (parts, meet) => parts.forEach((one, place) => parts.slice(place + 1).forEach((other) => {
    if (meet(one, other)) overlaps.push(named(one) + ' / ' + named(other));
  }));
  pairs(tiles, (one, other) => cross(box(one), box(other)));
  const texts = '.label, .value, .status, .target, .since, .more, .name, .count, .word, .much, .for, .title, .part, .sum';
  tiles.forEach((tile) => pairs(all(tile, texts), (one, other) => {
    if (one.contains(other) || other.contains(one) || !cross(box(one), box(other))) return false;
    const [a, b] = [box(one), box(other)];
    return Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 0.12 * Math.min(a.height, b.height);
  }));
  const below = (tile) => all(tile, '.value, .status, .target, .label, .name, .count').some(
    (part) => box(part).bottom > box(tile).bottom + 1);
  const foot = wall.dataset.shape === 'narrow' ? 0 : Math.max(0, box(document.querySelector('.foot')).bottom - innerHeight);
  const scrolls = document.documentElement.scrollWidth - innerWidth;
  return {small, wide, overlaps, cut: tiles.filter(below).map(named), above: foot, scrolls};
}"""
FRAMES = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(done))))"
BOTH_LARGE = ("floor of 40 queues", "every kind")
BOARDS: tuple[tuple[str, Board], ...] = (
    ("floor of 1 queue", lambda **o: boards.floor(1, **o)),
    ("floor of 40 queues", lambda **o: boards.floor(40, **o)),
    ("agents", boards.agents),
    ("every kind", boards.mixed),
    ("long words, 40 queues", lambda **o: boards.extreme(40, **o)),
    ("message and alert", lambda **o: boards.floor(banner=[boards.alert(1), boards.alert(2)], message={
        "text": "Fire alarm: leave the building by the north stairs.", "tone": "off", "since_ms": boards.AT_MS}, **o)),
)  # fmt: skip


def test_on_every_screen_nothing_overlaps_and_what_is_too_long_ends_in_an_ellipsis(
    screens: Screens,
) -> None:
    found: list[str] = []
    with opened(screens, boards.floor()) as (server, page):
        for name, make in BOARDS:
            server.show(
                {**make(), "board": {"name": f"b{len(name)}", "title": name}, "frozen": True, "speed": 1e-9}
            )
            page.wait_for_function(
                "text => document.querySelector('.head h1').textContent === text", arg=name
            )
            for size, (width, height) in SIZES.items():
                if size == "4k" and name not in BOTH_LARGE:
                    continue
                page.set_viewport_size({"width": width, "height": height})
                page.evaluate(FRAMES)
                looked = page.evaluate(LOOK)
                faults = [*looked["wide"], *looked["overlaps"], *(f"cut {one}" for one in looked["cut"])]
                if looked["scrolls"] > 0 or looked["above"] > 1:
                    faults.append(f"scrolls by {looked['scrolls']}, {looked['above']}")
                found += [f"{name} on {size}: {fault}" for fault in faults]
                if size in ("hd", "4k"):
                    least = 50 if size == "hd" else 100
                    found += [
                        f"{name} on {size}: {px} px {what}" for px, what in looked["small"] if px < least
                    ]
    assert found == [], "\n".join(found)


def test_big_numbers_are_at_least_sixty_five_pixels_on_a_full_hd_screen(screens: Screens) -> None:
    with opened(screens, boards.floor()) as (_, page):
        sizes = page.evaluate(
            "[...document.querySelectorAll('.value')].map((part) => parseFloat(getComputedStyle(part).fontSize))"
        )
        assert len(sizes) == 3
        assert min(sizes) >= 3.4 * 19.2


CONTRAST = """() => {
  const channel = (c) => { const s = c / 255; return s <= 0.03928 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4; };
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const rgba = (text) => (text.match(/[\\d.]+/g) || [0, 0, 0, 0]).map(Number);
  function ground(part) {
    for (let at = part; at; at = at.parentElement) {
      const style = getComputedStyle(at);
      const wash = style.backgroundImage.startsWith('linear-gradient') ? rgba(style.backgroundImage.slice(15)) : null;
      if (wash && (wash[3] === undefined || wash[3] === 1)) return wash;
      const colour = rgba(style.backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  }
  const found = [];
  for (const part of document.querySelectorAll('.wall *')) {
    const has = [...part.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!has || !part.getClientRects().length) continue;
    const [a, b] = [light(rgba(getComputedStyle(part).color)), light(ground(part))];
    found.push([(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), part.className + ' ' + part.textContent.slice(0, 30)]);
  }
  return found;
}"""


def test_every_word_stands_out_from_its_ground(screens: Screens) -> None:
    weak: list[Any] = []
    with opened(screens, boards.floor()) as (server, page):
        for theme, least in (("dark", 4.5), ("light", 4.5), ("contrast", 7.0)):
            for make, tone in ((boards.floor, "off"), (boards.mixed, "near"), (boards.agents, "good")):
                message = {"text": "To all", "tone": tone, "since_ms": boards.AT_MS}
                server.show(make(theme=theme, message=message))
                page.wait_for_selector(f".wall[data-theme={theme}] .message[data-tone={tone}]")
                looked = page.evaluate(CONTRAST)
                assert len(looked) > 20
                weak += [(theme, *one) for one in looked if one[0] < least]
    assert weak == []


def test_a_state_is_told_by_shape_word_and_colour_together(screens: Screens) -> None:
    with opened(screens, boards.floor()) as (_, page):
        told = page.evaluate(
            "[...document.querySelectorAll('.tile[data-kind=number] .status')].map((part) => [part.dataset.tone, "
            "part.querySelector('path').getAttribute('d'), part.innerText, getComputedStyle(part).color])"
        )
        assert [one[0] for one in told] == ["near", "good", "off"]
        assert [one[2] for one in told] == ["above 5", "On target", "Below target"]
        assert len({one[1] for one in told}) == len({one[3] for one in told}) == 3


# --- what is on, and what people do


def test_keys_turn_hold_and_let_go_the_boards_and_say_what_they_do(screens: Screens) -> None:
    turn = {"place": 0, "count": 2, "ends_ms": boards.now_ms() + 14_500, "is_pinned": False,
            "names": ["Floor", "Agents' wall"], "board_names": ["floor", "agents"]}  # fmt: skip
    with opened(screens, boards.floor(turn=turn), query="boards=floor,agents") as (server, page):
        assert (
            page.locator(".foot .turn").inner_text().replace("\n", " ").startswith("Next: Agents' wall in 1")
        )
        assert page.locator(".foot .dots i").count() == 2
        page.keyboard.press("ArrowRight")
        assert until(lambda: "hold=agents" in server.paths("/wall/stream")[-1], seconds=5)
        page.wait_for_selector(".foot .held")
        page.keyboard.press(" ")
        assert until(lambda: "hold=" not in server.paths("/wall/stream")[-1], seconds=5)
        page.wait_for_selector(".foot .held", state="detached")
        page.keyboard.press(" ")
        assert until(lambda: "hold=" in server.paths("/wall/stream")[-1], seconds=5)
        page.keyboard.press("?")
        page.wait_for_selector(".help")
        page.keyboard.press("Escape")
        page.wait_for_selector(".help", state="detached")


def test_an_alert_is_acknowledged_by_its_button_or_by_a_key_and_only_by_those_who_may(
    screens: Screens,
) -> None:
    with opened(screens, boards.floor(banner=[boards.alert(7)])) as (server, page):
        page.keyboard.press("a")
        assert until(lambda: len(server.posted) == 1, seconds=5)
        page.locator(".banner button").click()
        assert until(lambda: len(server.posted) == 2, seconds=5)
        assert server.posted == [{"rule_id": 1, "scope_id": "all", "firing_number": 7}] * 2
        server.show(boards.floor(banner=[boards.alert(7, may_acknowledge=False)]))
        page.wait_for_selector(".banner button", state="detached")
        page.keyboard.press("a")
        page.wait_for_timeout(200)
        assert len(server.posted) == 2


WAITS = """() => {
  const own = window.setTimeout;
  window.waits = [];
  window.setTimeout = (act, ms, ...more) => { window.waits.push(ms); return own(act, ms, ...more); };
}"""


def test_a_celebration_is_short_comes_once_and_never_in_quiet_hours(screens: Screens) -> None:
    found = {"key": "c1", "title": "Goal reached", "text": "Team North", "lasts_ms": 700}
    with opened(screens, boards.floor()) as (server, page):
        page.evaluate(WAITS)
        server.show(boards.floor(celebration=found))
        page.wait_for_selector(".celebration")
        page.wait_for_selector(".celebration", state="detached", timeout=3000)
        server.show(boards.floor(celebration=found))
        server.show(boards.floor(celebration={**found, "key": "c2"}, is_quiet=True))
        page.wait_for_timeout(300)
        assert page.locator(".celebration").count() == 0
        server.show(boards.floor(celebration={**found, "key": "c3", "lasts_ms": 60_000}))
        page.wait_for_selector(".celebration")
        assert 7000 in page.evaluate("window.waits")
        assert 60_000 not in page.evaluate("window.waits")
        moving = "getComputedStyle(document.querySelector('.celebration')).animationName"
        assert page.evaluate(moving) == "none"
        assert page.locator(".celebration .shapes").is_visible() is False
        page.emulate_media(reduced_motion="no-preference")
        assert page.evaluate(moving) == "wall-drop"
        page.emulate_media(reduced_motion="reduce")


BLOCKED = """() => {
  window.tones = [];
  const level = {gain: {setValueAtTime() {}, linearRampToValueAtTime() {}, exponentialRampToValueAtTime() {}}, connect() {}};
  window.AudioContext = class {
    constructor() { this.state = 'suspended'; this.currentTime = 0; this.destination = null; }
    resume() { this.state = 'running'; return Promise.resolve(); }
    close() { return Promise.resolve(); }
    createGain() { return level; }
    createOscillator() {
      const tone = {frequency: {set value(pitch) { window.tones.push(pitch); }}, connect() {}, start() {}, stop() {}};
      return tone;
    }
  };
}"""


def test_a_blocked_sound_is_said_a_key_allows_it_and_a_new_alert_sounds(screens: Screens) -> None:
    with opened(screens, boards.floor()) as (server, page):
        page.evaluate(BLOCKED)
        server.show(boards.floor(has_sound=True))
        page.wait_for_function(
            "document.querySelector('.foot .note').textContent.startsWith('Sound is switched on')"
        )
        server.show(boards.floor(has_sound=True, banner=[boards.alert(1)]))
        page.wait_for_selector(".banner")
        assert page.evaluate("window.tones") == []
        page.keyboard.press("x")
        page.wait_for_function("document.querySelector('.foot .note').textContent === ''", timeout=5000)
        server.show(boards.floor(has_sound=True, banner=[boards.alert(1), boards.alert(2)]))
        page.wait_for_function("window.tones.length === 2")
        server.show(boards.floor(has_sound=True, is_quiet=True, banner=[boards.alert(3)]))
        server.show(boards.floor(has_sound=False, banner=[boards.alert(4)]))
        page.wait_for_function("document.querySelector('.banner .others') === null")
        page.wait_for_timeout(150)
        assert len(page.evaluate("window.tones")) == 2


def test_the_pointer_hides_by_itself(screens: Screens) -> None:
    with opened(screens, boards.floor()) as (_, page):
        page.wait_for_selector(".wall[data-idle=true]", timeout=5000)
        assert page.evaluate("getComputedStyle(document.querySelector('.wall')).cursor") == "none"
        page.mouse.move(200, 200)
        page.wait_for_selector(".wall[data-idle=false]")


# --- the past


def test_the_past_can_never_be_taken_for_live_and_is_led_by_its_bar(screens: Screens) -> None:
    at = "2026-11-17T09:32:00Z"  # 10:32 in Berlin
    at_ms = 1_794_907_920_000
    payload = boards.floor(
        is_past=True,
        now_ms=at_ms,
        speed=1,
        age={"tone": "none", "shape": "dash", "word": "Replay", "newest_ms": None},
    )
    with opened(screens, payload, query=f"boards=floor&at={at}") as (server, page):
        assert "THE PAST" in page.locator(".past").inner_text().upper()
        assert "17 November" in page.locator(".past .when").inner_text()
        assert page.evaluate("getComputedStyle(document.querySelector('.tile')).borderTopStyle") == "dashed"
        server.show({**payload, "now_ms": at_ms + 90_000})
        page.wait_for_function("document.querySelector('.past .when').textContent.includes('10:33:3')")
        server.drop()  # a replay goes on where its line broke
        assert until(lambda: "at=2026-11-17T09:33:30Z" in last_asked(server), seconds=5)
        server.payload = payload
        page.locator("[data-act=back]").click()
        assert until(lambda: "at=2026-11-17T09:32:3" in last_asked(server), seconds=5)
        page.locator("[data-speed='60']").click()
        assert until(lambda: "speed=60" in server.paths("/wall/stream")[-1], seconds=5)
        assert "speed=60" in page.url
        page.locator("[data-field=at]").fill(
            "2026-10-25T02:30"
        )  # the night with two of them: the first is meant
        page.locator("[data-act=show]").click()
        assert until(
            lambda: "at=2026-10-25T00:30:00Z" in last_asked(server),
            seconds=5,
        )
        page.locator("[data-act=pause]").click()
        page.wait_for_selector("[data-act=play]")
        assert until(lambda: not server.streams, seconds=5)
        page.locator("[data-act=live]").click()
        assert until(lambda: "at=" not in server.paths("/wall/stream")[-1], seconds=5)
        assert "at=" not in page.url


def test_the_past_stands_beside_now_as_two_walls(screens: Screens) -> None:
    with opened(
        screens, boards.floor(), query="boards=floor&at=2026-11-17T09:32:00Z&speed=10&beside=now"
    ) as (server, page):
        page.wait_for_function("document.querySelectorAll('.wall .grid').length === 2")
        asked = sorted(path.partition("?")[2].replace("%3A", ":") for path in server.paths("/wall/stream"))
        assert asked == ["boards=floor", "boards=floor&at=2026-11-17T09:32:00Z&speed=10"]
        boxes: list[Any] = [one.bounding_box() for one in page.locator(".wall").all()]
        assert [round(box["x"] / 10) for box in boxes] == [0, 96]
        assert [round(box["width"] / 10) for box in boxes] == [96, 96]
