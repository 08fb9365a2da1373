"""The dashboard behind the real nginx with the configuration that we ship, and what no address of it gives away."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin, Subprotocol

from tests.e2e.conftest import until

ROOT = Path(__file__).parents[2]
NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
YEAR_SECONDS = 365 * 24 * 3600


def free_ports(count: int) -> list[int]:
    probes = [socket.socket() for _ in range(count)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [int(probe.getsockname()[1]) for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def configured(address: str, folder: Path, ports: list[int]) -> str:
    """The shipped configuration with this test's name, ports and certificate, inside an http block of its own."""
    text = (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8")
    changes = {
        "server 127.0.0.1:8501;": f"server {urlsplit(address).netloc};",
        "listen 80;": f"listen 127.0.0.1:{ports[0]};",
        "listen 443 ssl http2;": f"listen 127.0.0.1:{ports[1]} ssl http2;",
        "/etc/ssl/floorboard": str(folder),
        "board.example.com": "localhost",
    }
    for found, here in changes.items():
        assert found in text, found
        text = text.replace(found, here)
    places = "".join(
        f"{name}_temp_path {folder}/{name};\n"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    return (
        f"daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log warn;\n"
        f"events {{ worker_connections 256; }}\nhttp {{ access_log off;\n{places}{text}}}\n"
    )


@pytest.fixture(scope="module")
def proxy(address: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, int]]:
    """The ports of nginx without and with TLS; skipped and counted where nginx is absent."""
    if NGINX is None or shutil.which("openssl") is None:
        pytest.skip("nginx or openssl is not here (Debian: apt-get install nginx openssl)")
    folder = tmp_path_factory.mktemp("nginx")
    folder.chmod(0o755)
    make = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "2",
    ]
    keys = ["-keyout", f"{folder}/privkey.pem", "-out", f"{folder}/fullchain.pem", "-subj", "/CN=localhost"]
    subprocess.run([*make, *keys], check=True, capture_output=True)
    ports = free_ports(2)
    settings = folder / "nginx.conf"
    settings.write_text(configured(address, folder, ports), encoding="utf-8")
    command = [NGINX, "-p", str(folder), "-c", str(settings), "-e", f"{folder}/error.log"]
    tried = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
    assert tried.returncode == 0, tried.stderr
    assert "[warn]" not in tried.stderr, tried.stderr
    process = subprocess.Popen(command)
    try:
        assert until(lambda: is_open(ports[1])), (folder / "error.log").read_text()
        yield ports[0], ports[1]
    finally:
        process.terminate()
        process.wait(20)


def is_open(port: int) -> bool:
    with socket.socket() as trial:
        return trial.connect_ex(("127.0.0.1", port)) == 0


def unproved() -> ssl.SSLContext:
    """Takes this test's own certificate."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def asked(
    proxy: tuple[int, int], path: str, *, method: str = "GET", body: bytes | None = None, **headers: str
) -> tuple[int, Mapping[str, list[str]], bytes]:
    """Status, head (a list for each name) and body of an answer through the proxy."""
    line = http.client.HTTPSConnection("127.0.0.1", proxy[1], timeout=20, context=unproved())
    named = {"Host": "localhost", **{name.replace("_", "-"): text for name, text in headers.items()}}
    try:
        line.request(method, path, body=body, headers=named)
        answer = line.getresponse()
        found: dict[str, list[str]] = {}
        for name, text in answer.getheaders():
            found.setdefault(name.lower(), []).append(text)
        return answer.status, found, answer.read()
    finally:
        line.close()


@pytest.mark.parametrize(
    "path", ["/", "/_stcore/host-config", "/app/static/mark.svg", "/_stcore/metrics", "/nowhere.php"]
)
def test_every_answer_through_nginx_carries_each_line_once(proxy: tuple[int, int], path: str) -> None:
    _, head, _ = asked(proxy, path)
    assert len(head["strict-transport-security"]) == 1
    assert int(re.findall(r"max-age=(\d+)", head["strict-transport-security"][0])[0]) >= YEAR_SECONDS
    assert head["x-content-type-options"] == ["nosniff"]
    assert head["referrer-policy"] == ["same-origin"]
    assert all("frame-ancestors 'none'" in text for text in head["content-security-policy"])
    assert head["server"] == ["nginx"]  # without its version


@pytest.mark.parametrize(
    "path",
    [
        "/_stcore/metrics", "/_stcore/metrics/", "//_stcore//metrics", "/_STCORE/METRICS", "/%5fstcore/metrics",
        "/x/../_stcore/metrics", "/_stcore/agent/openapi.json", "/_stcore/agent/mcp", "/_stcore/script-health-check",
        "/metrics", "/health",
    ],
)  # fmt: skip
def test_figures_and_side_doors_are_closed_to_the_outside(proxy: tuple[int, int], path: str) -> None:
    assert asked(proxy, path)[0] == 404


def test_every_cookie_through_nginx_is_secure_though_the_dashboard_speaks_http(
    proxy: tuple[int, int], address: str
) -> None:
    path = "/_stcore/health"  # where Streamlit gives a browser the word that its uploads must bring along
    cookies = asked(proxy, path)[1].get("set-cookie", [])
    assert cookies
    assert all("secure" in text.lower().split("; ") for text in cookies)
    plain = http.client.HTTPConnection(urlsplit(address).netloc, timeout=10)
    plain.request("GET", path)
    given = plain.getresponse().headers.get_all("set-cookie") or []
    plain.close()
    assert given
    assert not any("secure" in text.lower() for text in given)


def test_what_a_visitor_claims_to_be_reaches_nobody(proxy: tuple[int, int]) -> None:
    """A line of an address that a visitor made up would open the figures as this machine's own; nginx writes it anew."""
    claimed = {"X_Forwarded_For": "127.0.0.1", "X_Real_IP": "127.0.0.1", "Forwarded": "for=127.0.0.1"}
    assert asked(proxy, "/health", **claimed)[0] == 404
    head = asked(proxy, "/", X_Forwarded_Proto="http", **claimed)[1]
    assert len(head["strict-transport-security"]) == 1


def test_http_leads_to_https_and_another_name_is_refused(proxy: tuple[int, int]) -> None:
    line = http.client.HTTPConnection("127.0.0.1", proxy[0], timeout=10)
    line.request("GET", "/queues?queue=1", headers={"Host": "localhost"})
    answer = line.getresponse()
    assert (answer.status, answer.getheader("location")) == (301, "https://localhost/queues?queue=1")
    line.close()
    assert asked(proxy, "/", Host="evil.example")[0] == 421


def test_an_upload_above_the_limit_never_reaches_the_dashboard(proxy: tuple[int, int]) -> None:
    status, _, body = asked(
        proxy, "/_stcore/upload_file/a/b", method="PUT", body=b"x" * (6 * 1024 * 1024 + 1)
    )
    assert (status, b"nginx" in body) == (413, True)


def test_a_page_draws_through_nginx_over_a_websocket(proxy: tuple[int, int]) -> None:
    with connect(
        f"wss://localhost:{proxy[1]}/_stcore/stream",
        ssl=unproved(),
        subprotocols=[Subprotocol("streamlit")],
        origin=Origin("https://localhost"),
        max_size=None,
    ) as line:
        wanted = BackMsg()
        wanted.rerun_script.page_name = "queues"
        line.send(wanted.SerializeToString())
        kinds: list[dict[str, Any]] = []
        while not any(block.get("kind") == "head" for block in kinds):
            told = ForwardMsg()
            told.ParseFromString(line.recv(timeout=30))
            element = told.delta.new_element
            if element.WhichOneof("type") == "bidi_component":
                kinds.append(json.loads(element.bidi_component.json))
        assert next(block for block in kinds if block["kind"] == "head")["title"] == "Queues"


def test_a_walls_stream_comes_through_nginx_line_by_line(proxy: tuple[int, int]) -> None:
    line = http.client.HTTPSConnection("localhost", proxy[1], timeout=10, context=unproved())
    try:
        line.request(
            "GET", "/wall/stream?boards=floor", headers={"Host": "localhost", "Accept-Encoding": "gzip"}
        )
        answer = line.getresponse()
        assert (answer.status, answer.getheader("content-encoding")) == (200, None)
        assert answer.readline().startswith(b"retry: ")
        lines = iter(answer.readline, b"")
        assert next(one for one in lines if one.startswith(b"event: beat")), "held back until the answer ends"
    finally:
        line.close()


def test_a_page_of_another_site_opens_no_websocket_through_nginx(proxy: tuple[int, int]) -> None:
    with (
        pytest.raises(InvalidStatus, match="403"),
        connect(
            f"wss://localhost:{proxy[1]}/_stcore/stream",
            ssl=unproved(),
            origin=Origin("https://evil.example"),
        ),
    ):
        pass


def test_the_eleventh_try_to_sign_in_within_a_minute_is_told_to_wait(proxy: tuple[int, int]) -> None:
    """Ten a minute and one at once: 1 + 10 are passed on, whatever Floorboard answers; the next ones are not."""
    form = {"method": "POST", "content_type": "application/x-www-form-urlencoded"}
    begun = time.monotonic()
    found = [asked(proxy, "/sign-in", body=f"login_name=guess+{n}".encode(), **form)[0] for n in range(16)]  # type: ignore[arg-type]
    passed = sum(status != 429 for status in found)
    assert 429 not in found[:11]
    assert (
        passed <= 11 + (time.monotonic() - begun) / 6 < 16
    )  # one more every six seconds, however slow this machine is
    assert asked(proxy, "/sign-in")[0] == 200  # whoever only asks for the page has not tried
    assert asked(proxy, "/_stcore/health")[0] == 200  # the pages are not slowed down with it
