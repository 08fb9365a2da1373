"""Processes that stay together: one at a time, stopped as one, and none left behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from etl.supervise import (
    Company,
    Stopping,
    StopRequest,
    SuperviseError,
    lock_holder,
    only_one,
    refuse_taken_port,
    stop_on_signals,
    warn_of_open_host,
)

ROOT = Path(__file__).parents[2]
SLEEPER = "import time\nprint('awake', flush=True)\ntime.sleep(60)\n"
PATH = f"import sys\nsys.path.insert(0, {str(ROOT)!r})\n"
WATCHED = PATH + "from etl.supervise import stay_with_parent\nstay_with_parent()\n"


def until(condition: Callable[[], bool], seconds: float = 10.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return condition()


def is_gone(pid: int) -> bool:
    try:
        # A dead process that nobody has collected yet is gone for our purpose.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


@pytest.fixture
def company(tmp_path: Path) -> Iterator[Company]:
    company = Company(tmp_path / "logs")
    yield company
    company.kill()


def test_a_second_one_is_told_who_runs_and_where(tmp_path: Path) -> None:
    lock = tmp_path / "demo.lock"
    assert lock_holder(lock) is None
    with only_one(lock, what="The demo", address="http://127.0.0.1:8501"):
        assert lock_holder(lock) == f"{os.getpid()} http://127.0.0.1:8501"
        again = f"process {os.getpid()}, http://127.0.0.1:8501"
        with pytest.raises(SuperviseError, match=again), only_one(lock, what="The demo", address="x"):
            pass
    assert lock_holder(lock) is None
    with only_one(lock, what="The demo", address="x"):
        pass


def test_a_taken_port_is_named_with_the_next_step() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SuperviseError, match=rf"Port {port} .*--port"):
            refuse_taken_port("127.0.0.1", port)
    refuse_taken_port("127.0.0.1", port)


def test_an_empty_host_is_refused_and_an_open_one_is_warned_of() -> None:
    for host in ("", " "):
        with pytest.raises(SuperviseError, match="host is empty, expected an address"):
            refuse_taken_port(host, 8501)
    said: list[str] = []
    for host in ("127.0.0.1", "127.8.0.1", "::1", "localhost"):
        warn_of_open_host(host, 8501, said.append)
    assert said == []
    for host in ("0.0.0.0", "::", "192.168.1.4", "floor.example"):
        warn_of_open_host(host, 8501, said.append)
        assert f"port 8501 on {host} can be reached from other machines" in said.pop()


def test_a_process_that_ends_unasked_is_named_with_its_last_words(company: Company) -> None:
    code = "import sys; print('the disk is full', file=sys.stderr); sys.exit(3)"
    child = company.start("load", [sys.executable, "-c", code], environment={})
    child.process.wait(20)
    with pytest.raises(SuperviseError, match=r"load ended by itself \(exit code 3\).*the disk is full"):
        company.check()


def test_stopping_asks_each_process_in_order(company: Company, tmp_path: Path) -> None:
    code = (
        "import pathlib, signal, sys, time\n"
        "def end(*_):\n"
        f"    with open({str(tmp_path / 'order')!r}, 'a') as file:\n        file.write(sys.argv[1])\n"
        "    sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, end)\nprint('awake', flush=True)\ntime.sleep(60)\n"
    )
    children = [company.start(name, [sys.executable, "-c", code, name], environment={}) for name in "abc"]
    assert until(lambda: all(child.last_words() == "awake" for child in children))
    company.check()
    company.stop()
    assert (tmp_path / "order").read_text() == "abc"
    assert all(child.process.returncode == 0 for child in children)


def test_a_child_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    parent = (
        PATH + "from pathlib import Path\nfrom etl.supervise import Company\nimport time\n"
        f"command = [sys.executable, '-c', {WATCHED + SLEEPER!r}]\n"
        f"child = Company(Path({str(tmp_path)!r})).start('child', command, environment={{}})\n"
        "print(child.process.pid, flush=True)\ntime.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", parent], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        pid = int(process.stdout.readline())
        assert until(lambda: (tmp_path / "child.log").read_text() == "awake\n")
        process.send_signal(signal.SIGKILL)
        assert until(lambda: is_gone(pid)), f"process {pid} is still there"


def test_the_first_signal_is_a_request_and_the_second_acts_at_once() -> None:
    acted: list[str] = []
    with stop_on_signals(lambda: acted.append("killed")) as request:
        request.check()
        os.kill(os.getpid(), signal.SIGTERM)
        assert request.event.is_set()
        with pytest.raises(Stopping):
            request.check()
        assert acted == []
        os.kill(os.getpid(), signal.SIGHUP)
        assert acted == ["killed"]
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


def test_a_stop_that_nobody_asked_for_does_not_happen() -> None:
    StopRequest().check()
