"""Readers in front of a dashboard that really runs: each is one open tab without a browser, all speak Streamlit's own way.

In: the address of the warehouse, and which pages to look at. Out: what every reader saw, drawing by drawing, and when.
The rule it guards: a tab is never given a trace of a failure of the program, whatever happens behind the pages.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.error import URLError

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect
from websockets.typing import Subprotocol

ROOT = Path(__file__).parents[2]
START_SECONDS = 40.0
DRAWING_SECONDS = 120.0  # of a client: what a page may take is judged by the tests
CUT_OFF = "cut-off"


@dataclass
class Drawing:
    """What one reader was given for one drawing of a page."""

    page_name: str
    began_at: float
    ended_at: float = 0.0
    blocks: list[dict[str, Any]] = field(default_factory=list)
    exceptions: list[str] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """How long the reader waited for the whole page."""
        return self.ended_at - self.began_at

    @property
    def notices(self) -> list[str]:
        """The titles of the notices on it."""
        return [str(block.get("title")) for block in self.blocks if block.get("kind") == "notice"]

    @property
    def has_figures(self) -> bool:
        """Whether there is anything on the page besides its head and notices."""
        return any(block.get("kind") not in {"head", "notice"} for block in self.blocks)

    @property
    def age_text(self) -> str:
        """What the head says of the age of the data."""
        heads = [block for block in self.blocks if block.get("kind") == "head"]
        return str(heads[-1].get("fresh", {}).get("text", "")) if heads else ""

    @property
    def is_good(self) -> bool:
        """Whether it shows present figures: not those of the past, not the page of a missing database."""
        return self.has_figures and not self.exceptions and "No connection" not in self.age_text


class Reader(threading.Thread):
    """One open tab that draws its pages one after the other, again and again, until `stop`."""

    def __init__(self, address: str, page_names: Sequence[str], *, every_seconds: float) -> None:
        super().__init__(name="reader", daemon=True)
        self.drawings: list[Drawing] = []
        self.failure: str | None = None
        self._address = address.replace("http://", "ws://") + "/_stcore/stream"
        self._page_names, self._every_seconds = page_names, every_seconds
        self._stopped = threading.Event()

    def run(self) -> None:
        """Looks at one page after the other; what ends it early stands in `failure`."""
        try:
            with connect(
                self._address, subprotocols=[Subprotocol("streamlit")], max_size=None, open_timeout=20
            ) as line:
                while not self._stopped.is_set():
                    for page_name in self._page_names:
                        self.drawings.append(_drawn(line, page_name))
                        if self._stopped.wait(self._every_seconds):
                            break
        except Exception as error:  # noqa: BLE001 - told to the test, which fails on it
            self.failure = f"{type(error).__name__}: {error}"

    def stop(self) -> None:
        """Ends it after the present drawing."""
        self._stopped.set()


def _drawn(line: Any, page_name: str) -> Drawing:
    asked = BackMsg()
    asked.rerun_script.query_string = ""
    asked.rerun_script.page_name = page_name
    drawing = Drawing(page_name, time.monotonic())
    line.send(asked.SerializeToString())
    while True:
        told = ForwardMsg()
        told.ParseFromString(line.recv(timeout=DRAWING_SECONDS))
        kind = told.WhichOneof("type")
        if kind == "delta" and told.delta.WhichOneof("type") == "new_element":
            element = told.delta.new_element
            if element.WhichOneof("type") == "exception":
                drawing.exceptions.append(f"{element.exception.type}: {element.exception.message}")
            elif element.WhichOneof("type") == "bidi_component":
                drawing.blocks.append(json.loads(element.bidi_component.json))
        elif kind == "script_finished" and told.script_finished == ForwardMsg.FINISHED_EARLY_FOR_RERUN:
            drawing.blocks.clear()  # it begins anew by itself
        elif kind == "script_finished":
            if told.script_finished == ForwardMsg.FINISHED_WITH_COMPILE_ERROR:
                drawing.exceptions.append("The page could not be compiled.")
            drawing.ended_at = time.monotonic()
            return drawing


@contextmanager
def dashboard(database_url: str, folder: Path) -> Iterator[str]:
    """The address of a dashboard that shows this warehouse, in a process of its own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "dashboard.server", "--port", str(port)]
    environment = {**os.environ, "DATABASE_URL": database_url, "FLOORBOARD_HOME": str(folder)}
    address = f"http://127.0.0.1:{port}"
    with (folder / "dashboard.log").open("ab") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
    try:
        _wait_for(address, process)
        yield address
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    give_up_at = time.monotonic() + START_SECONDS
    while time.monotonic() < give_up_at and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=1):
                return
        except (URLError, OSError):
            time.sleep(0.05)
    raise RuntimeError(f"The dashboard did not answer at {address} within {START_SECONDS:.0f} s.")


@contextmanager
def readers(
    address: str, page_names: Sequence[str], *, count: int, every_seconds: float
) -> Iterator[list[Reader]]:
    """So many open tabs, each of which has drawn every page once when the block begins."""
    found = [Reader(address, page_names, every_seconds=every_seconds) for _ in range(count)]
    for reader in found:
        reader.start()
    give_up_at = time.monotonic() + START_SECONDS + 3 * count
    while any(len(one.drawings) <= len(page_names) and one.failure is None for one in found):
        if time.monotonic() > give_up_at:
            raise RuntimeError("The readers did not come to see every page once.")
        time.sleep(0.05)
    try:
        yield found
    finally:
        for reader in found:
            reader.stop()
        for reader in found:
            reader.join(DRAWING_SECONDS)
