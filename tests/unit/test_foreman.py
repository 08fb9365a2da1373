"""A process that loads and hangs is ended in time, and one whose parent is gone does not live on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from etl.config import Settings, SiteSettings
from etl.schedule.foreman import Foreman, end_all_at_once, see_off
from etl.schedule.outcomes import Outcome
from etl.schedule.worker import Errand
from etl.sources.asterisk_queue_log import QueueLogSettings

# Says what a worker says, and does what the request asks for in place of a load.
STAND_IN = """
import json, sys, time, os, signal
def say(**words): print(json.dumps(words), flush=True)
sys.stdin.readline()
say(said="ready")
for line in sys.stdin:
    request = json.loads(line)
    if request["do"] == "hang":
        time.sleep(60)
    if request["do"] == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    for _ in range(request.get("signs", 0)):
        time.sleep(0.2)
        say(said="alive")
    say(said="ended", outcome={"outcome_name": "succeeded", "notices": [str(os.getpid())]})
"""
COMMAND = (sys.executable, "-I", "-S", "-c", STAND_IN)


@pytest.fixture
def foreman() -> Iterator[Foreman]:
    made = Foreman("pbx", errand(), command=COMMAND)
    yield made
    made.kill()


def errand() -> Errand:
    source = QueueLogSettings.model_validate(
        {"name": "pbx", "kind": "asterisk_queue_log", "path": "/nowhere/queue_log", "every_seconds": 1},
        context={"folder": Path("/")},
    )
    site = SiteSettings(name="T", time_zone="Europe/Tallinn")
    return Errand("postgresql://nobody@127.0.0.1:1/nowhere", Settings(site=site, sources=(source,)))


def until(condition: Callable[[], bool], seconds: float = 20.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return condition()


def is_gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def ask(foreman: Foreman, do: str, *, deadline_seconds: float = 20.0, signs: int = 0) -> Outcome:
    return foreman.ask({"do": do, "signs": signs}, deadline_seconds=deadline_seconds)


def test_one_process_does_load_after_load(foreman: Foreman) -> None:
    assert until(foreman.is_ready)
    first, second = ask(foreman, "load"), ask(foreman, "load")
    assert (first.outcome_name, first.notices) == ("succeeded", (str(foreman.process_number),))
    assert second.notices == first.notices


def test_a_load_that_hangs_is_ended_at_its_deadline_and_the_next_one_finds_a_new_process(
    foreman: Foreman,
) -> None:
    assert until(foreman.is_ready)
    hung, began_at = foreman.process_number or 0, time.monotonic()
    outcome = ask(foreman, "hang", deadline_seconds=1.0)
    assert 1.0 <= time.monotonic() - began_at <= 1.0 + 5
    assert (outcome.outcome_name, outcome.is_noted) == ("failed", False)
    assert "Nothing was read and no batch was loaded for 1 s" in str(outcome.error_text)
    assert until(lambda: is_gone(hung))
    assert ask(foreman, "load").notices != (str(hung),)


def test_signs_of_life_keep_a_long_load_alive(foreman: Foreman) -> None:
    assert until(foreman.is_ready)
    outcome = ask(foreman, "load", deadline_seconds=1.1, signs=8)  # 8 * 0.2 s, longer than the deadline
    assert outcome.outcome_name == "succeeded"


def test_a_process_that_dies_is_told_with_its_signal_and_started_anew(foreman: Foreman) -> None:
    assert until(foreman.is_ready)
    outcome = ask(foreman, "die")
    assert outcome.error_text == (
        "The process that loads ended by itself (SIGKILL); the next load starts a new one."
    )
    assert ask(foreman, "load").outcome_name == "succeeded"


def test_a_load_that_is_given_up_says_why(foreman: Foreman) -> None:
    assert until(foreman.is_ready)
    threading.Timer(0.3, foreman.kill, ("It was given up.",)).start()
    assert ask(foreman, "hang").error_text == "It was given up."


def test_after_a_stop_nothing_is_started(foreman: Foreman) -> None:
    assert until(foreman.is_ready)
    number = foreman.process_number or 0
    foreman.stop()
    assert until(lambda: is_gone(number))
    assert ask(foreman, "load").outcome_name == "stopped"
    assert foreman.is_ready()


def test_a_worker_that_is_let_go_ends_and_comes_back_when_it_is_asked(foreman: Foreman) -> None:
    assert until(foreman.is_ready)
    number = foreman.process_number or 0
    foreman.pause()
    foreman.leave()
    assert until(lambda: is_gone(number))
    assert foreman.process_number is None
    assert ask(foreman, "load").outcome_name == "succeeded"


def test_whoever_is_let_go_has_ended_when_the_loader_ends(foreman: Foreman) -> None:
    assert until(foreman.is_ready)
    number = foreman.process_number or 0
    foreman.stop()
    see_off(20.0)
    assert is_gone(number)


def test_a_second_stop_ends_every_worker_at_once(foreman: Foreman) -> None:
    assert until(foreman.is_ready)
    number = foreman.process_number or 0
    end_all_at_once()
    assert until(lambda: is_gone(number), 5)


def test_the_real_worker_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    root = str(Path(__file__).parents[2])
    parent = (
        f"import sys, time\nsys.path.insert(0, {root!r})\nfrom tests.unit.test_foreman import errand\n"
        "from etl.schedule.foreman import Foreman\nforeman = Foreman('pbx', errand())\n"
        "while not foreman.is_ready(): time.sleep(0.05)\n"
        "print(foreman.process_number, flush=True)\ntime.sleep(60)\n"
    )
    environment = {**os.environ, "FLOORBOARD_HOME": str(tmp_path)}
    with subprocess.Popen(
        [sys.executable, "-c", parent], stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout is not None
        number = int(process.stdout.readline())
        assert not is_gone(number)
        process.send_signal(signal.SIGKILL)
        assert until(lambda: is_gone(number)), f"process {number} is still there"
