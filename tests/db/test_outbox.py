"""Words of alerts that leave the house: to a mail server and a web server of our own on this machine, at least once."""

from __future__ import annotations

import hashlib
import hmac
import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from dashboard.goals import alert_saves
from dashboard.goals.alert_saves import AlertError
from etl.config import Settings, SiteSettings
from etl.schedule import once
from etl.watch import alert_words, mail, webhooks
from etl.watch.alert_settings import AlertSettings, SmtpSettings
from etl.watch.mail import DeliveryError
from etl.watch.outbox import Delivered, Outbox
from sql import warehouse
from tests.conftest import engine_of_copy, filled_template
from tests.db.test_watch import BEGIN, ask, at, be_fresh, call, load, look, make, rule


class MailServer(socketserver.ThreadingTCPServer):
    """A mail server for one test: it keeps what it takes, and can refuse."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.messages: list[EmailMessage] = []
        self.refusals: list[bytes] = []
        """Answers to the next messages instead of taking them."""


class _Session(socketserver.StreamRequestHandler):
    server: MailServer

    def handle(self) -> None:
        say = self.wfile.write
        say(b"220 here\r\n")
        while line := self.rfile.readline():
            verb = line[:4].upper().strip()
            if verb == b"DATA":
                say(b"354 go on\r\n")
                lines = []
                while (part := self.rfile.readline()) != b".\r\n":
                    lines.append(part.removeprefix(b"."))
                if self.server.refusals:
                    say(self.server.refusals.pop(0))
                    continue
                made = message_from_bytes(b"".join(lines), policy=policy.default)
                assert isinstance(made, EmailMessage)
                self.server.messages.append(made)
                say(b"250 taken\r\n")
            elif verb == b"QUIT":
                say(b"221 bye\r\n")
                return
            else:
                say(b"250 here\r\n")


class WebServer(HTTPServer):
    """A web server for one test: it keeps what it is sent, and answers as told."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.requests: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[int] = []


class _Answer(BaseHTTPRequestHandler):
    server: WebServer

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.requests.append((dict(self.headers), body))
        code = self.server.answers.pop(0) if self.server.answers else 204
        self.send_response(code)
        if code == 302:
            self.send_header("Location", "http://127.0.0.1:9/elsewhere")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


@contextmanager
def served(server: socketserver.BaseServer) -> Iterator[Any]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def two_wait(engine: sa.Engine) -> None:
    """Two calls wait in two queues since the beginning."""
    load(engine, call(1, 0, None, None), call(2, 10, None, None, queue="0044 20 7946 0958"))


@pytest.fixture(scope="module")
def waiting_name(server_url: str, template_name: str) -> Iterator[str]:
    """A database in which two calls wait; every test has its own copy."""
    with filled_template(server_url, template_name, two_wait) as name:
        yield name


@pytest.fixture
def engine(server_url: str, waiting_name: str) -> Iterator[sa.Engine]:
    with engine_of_copy(server_url, waiting_name) as engine:
        yield engine


@pytest.fixture
def post_office() -> Iterator[MailServer]:
    with served(MailServer()) as server:
        yield server


@pytest.fixture
def hooks() -> Iterator[WebServer]:
    with served(WebServer()) as server:
        yield server


def alerts(
    post_office: MailServer | None = None, hooks: WebServer | None = None, **more: Any
) -> AlertSettings:
    given: dict[str, Any] = {}
    if post_office:
        port = post_office.server_address[1]
        given["smtp"] = SmtpSettings(host="127.0.0.1", port=port, security="none", sender="floor@example.com")
    if hooks:
        given["webhook_hosts"] = (f"127.0.0.1:{hooks.server_address[1]}",)
        given["webhook_private_networks"] = ("127.0.0.1",)
    return AlertSettings(**(given | more))


def settings(one: AlertSettings) -> Settings:
    site = SiteSettings(name="Here", time_zone="Europe/Tallinn")
    return Settings.model_construct(site=site, sources=(), alerts=one)


def outbox(engine: sa.Engine, one: AlertSettings, moment: datetime, **more: Any) -> Outbox:
    return Outbox(engine, settings(one), now=lambda: moment, sleep=lambda _seconds: None, **more)


def fire(engine: sa.Engine, *, second: int = 400, **more: Any) -> None:
    """A rule without a hold is measured while the two calls wait."""
    make(engine, rule(hold_seconds=0, **more))
    be_fresh(engine, at(second))
    look(engine, at(second))


def outcomes(engine: sa.Engine) -> list[tuple[Any, ...]]:
    return ask(
        engine, "select way_name, outcome_name, tries_count from ops.alert_deliveries order by delivery_id"
    )


def test_words_that_are_due_together_are_one_message(engine: sa.Engine, post_office: MailServer) -> None:
    fire(engine)
    assert outbox(engine, alerts(post_office), at(401)).deliver() == Delivered(delivered=2)
    [message] = post_office.messages
    assert message["To"] == "floor@example.com"
    assert message["Subject"] == "[Here] 2 words of alerts, 2 of them fired"
    text = message.get_content()
    assert "Fired: Oldest wait, Sales: 6:40, above 5:00 (n = 1)" in text
    assert "CRITICAL  Somebody waits too long" in text
    assert outbox(engine, alerts(post_office), at(500)).deliver() == Delivered()
    assert len(post_office.messages) == 1


def test_no_number_of_anybody_leaves_the_house(
    engine: sa.Engine, post_office: MailServer, hooks: WebServer
) -> None:
    """A queue, and a rule, may be called after a number."""
    url = f"http://127.0.0.1:{hooks.server_address[1]}/floor"
    fire(engine, webhook_text=url, rule_name="Line +44 20 7946 0958 of ann@example.org")
    outbox(engine, alerts(post_office, hooks), at(401)).deliver()
    told = post_office.messages[0].as_string() + "".join(body.decode() for _, body in hooks.requests)
    assert len(hooks.requests) == 2
    for secret in ("7946", "0958", "ann@"):
        assert secret not in told


def test_a_webhook_is_signed_so_that_its_receiver_can_check_it(
    engine: sa.Engine, hooks: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOOK_SECRET", "s3cret")
    fire(
        engine,
        email_text="",
        webhook_text=f"http://127.0.0.1:{hooks.server_address[1]}/floor",
        scope_kind_name="everything",
    )
    assert (
        outbox(engine, alerts(None, hooks, webhook_secret_env="HOOK_SECRET"), at(401)).deliver().delivered
        == 1
    )
    [(headers, body)] = hooks.requests
    second, digest = (part.partition("=")[2] for part in headers["X-Floorboard-Signature"].split(","))
    assert int(second) == int(at(401).timestamp())
    assert digest == hmac.new(b"s3cret", second.encode() + b"." + body, hashlib.sha256).hexdigest()
    told = json.loads(body)
    assert (told["kind"], told["value"], told["n"], told["unit"], told["severity"]) == (
        "fired", 400, 2, "seconds", "critical",
    )  # fmt: skip
    assert headers["X-Floorboard-Delivery"] == str(told["id"])


def test_a_server_that_is_busy_is_asked_again_and_gets_the_same_id(
    engine: sa.Engine, hooks: WebServer
) -> None:
    fire(
        engine,
        email_text="",
        webhook_text=f"http://127.0.0.1:{hooks.server_address[1]}/x",
        scope_kind_name="everything",
    )
    hooks.answers = [503, 503, 503]  # three tries at once, then later
    one = alerts(None, hooks)
    assert outbox(engine, one, at(401)).deliver() == Delivered(put_off=1)
    assert outbox(engine, one, at(402)).deliver() == Delivered()  # not due yet
    assert outbox(engine, one, at(480)).deliver() == Delivered(delivered=1)
    assert len({json.loads(body)["id"] for _, body in hooks.requests}) == 1
    assert len(hooks.requests) == 4
    assert outcomes(engine) == [("webhook", "delivered", 2)]


def test_a_mail_server_that_is_away_for_a_day_is_given_up_with_its_reason(engine: sa.Engine) -> None:
    fire(engine, scope_kind_name="everything")
    away = alerts(smtp=SmtpSettings(host="127.0.0.1", port=1, security="none", sender="floor@example.com"))
    assert outbox(engine, away, at(401)).deliver() == Delivered(put_off=1)
    late = at(400) + timedelta(hours=24)
    assert outbox(engine, away, late).deliver() == Delivered(given_up=1)
    [(error_text,)] = ask(engine, "select error_text from ops.alert_deliveries")
    assert "127.0.0.1:1 does not answer" in error_text


def test_a_loader_that_dies_after_sending_sends_again_rather_than_never(
    engine: sa.Engine, post_office: MailServer
) -> None:
    fire(engine, scope_kind_name="everything")

    def send_and_die(smtp: SmtpSettings, made: EmailMessage) -> None:
        mail.send(smtp, made)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        outbox(engine, alerts(post_office), at(401), send=send_and_die).deliver()
    assert (
        outbox(engine, alerts(post_office), at(430)).deliver() == Delivered()
    )  # somebody may still be at it
    assert outbox(engine, alerts(post_office), at(401 + 601)).deliver() == Delivered(delivered=1)
    assert len(post_office.messages) == 2
    assert len({message["Message-ID"] for message in post_office.messages}) == 1


def test_two_loaders_deliver_a_word_once(engine: sa.Engine, post_office: MailServer) -> None:
    fire(engine, scope_kind_name="everything")
    both = [threading.Thread(target=outbox(engine, alerts(post_office), at(401)).deliver) for _ in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert len(post_office.messages) == 1


def test_a_refused_mailbox_is_given_up_and_a_busy_server_is_not(
    engine: sa.Engine, post_office: MailServer
) -> None:
    fire(engine, scope_kind_name="everything")
    post_office.refusals = [b"451 later\r\n"] * 3
    assert outbox(engine, alerts(post_office), at(401)).deliver() == Delivered(put_off=1)
    post_office.refusals = [b"550 never\r\n"]
    assert outbox(engine, alerts(post_office), at(500)).deliver() == Delivered(given_up=1)


def test_in_quiet_hours_words_wait_and_are_spared_when_it_is_over(
    engine: sa.Engine, post_office: MailServer
) -> None:
    """9:00 to 10:00 UTC is quiet. What still fires at its end is told then; what is over by then is not told at all."""
    quiet = {
        "quiet_from_seconds": 9 * 3600,
        "quiet_until_seconds": 10 * 3600,
        "scope_kind_name": "everything",
    }
    fire(engine, **quiet)
    assert ask(engine, "select due_at from ops.alert_deliveries") == [(at(3600),)]
    assert outbox(engine, alerts(post_office), at(3500)).deliver() == Delivered()
    for row in (call(1, 0, 500, 600), call(2, 10, 500, 600, queue="0044 20 7946 0958")):
        load(engine, row | {"version_number": 2})
    be_fresh(engine, at(700))
    look(engine, at(700))
    assert outbox(engine, alerts(post_office), at(3601)).deliver() == Delivered()
    assert [outcome for _, outcome, _ in outcomes(engine)] == ["not needed", "not needed"]
    assert post_office.messages == []


def test_in_quiet_hours_what_still_fires_is_told_at_their_end(
    engine: sa.Engine, post_office: MailServer
) -> None:
    fire(engine, quiet_from_seconds=9 * 3600, quiet_until_seconds=10 * 3600, scope_kind_name="everything")
    assert outbox(engine, alerts(post_office), at(3601)).deliver() == Delivered(delivered=1)


def test_the_test_button_tells_everybody_whom_the_rule_tells(
    engine: sa.Engine, post_office: MailServer
) -> None:
    rule_id = make(engine, rule(email_text="a@example.com b@example.com"))
    row = {"rule_id": rule_id, "email_text": "a@example.com b@example.com", "webhook_text": ""}
    with warehouse.connected(engine) as connection:
        assert alert_saves.try_rule(connection, row=row, viewer_name="mari", at=BEGIN) == 2
        with pytest.raises(AlertError, match="tells nobody"):
            alert_saves.try_rule(connection, row=row | {"email_text": ""}, viewer_name="mari", at=BEGIN)
    assert outbox(engine, alerts(post_office), at(1)).deliver() == Delivered(delivered=2)
    assert sorted(str(message["To"]) for message in post_office.messages) == [
        "a@example.com",
        "b@example.com",
    ]
    assert "Test: Oldest wait" in post_office.messages[0].get_content()


def test_the_loader_notes_its_ways_for_the_pages(engine: sa.Engine, post_office: MailServer) -> None:
    outbox(engine, alerts(post_office), BEGIN).deliver()
    assert ask(engine, "select way_name, is_ready, told_text from ops.alert_ways order by 1") == [
        ("email", True, "floor@example.com"),
        ("webhook", False, ""),
    ]


# --- where a webhook may go ---

RECORD = {"id": 1, "text": "Fired"}


def post(
    url: str, *addresses: str, hosts: tuple[str, ...] = ("hooks.example.com",), networks: tuple[str, ...] = ()
) -> list[httpx.Request]:
    sent: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(204)

    one = AlertSettings(webhook_hosts=hosts, webhook_private_networks=networks)
    webhooks.post(
        one,
        url,
        RECORD,
        at=BEGIN,
        resolve=lambda _host, _port: list(addresses),
        transport=httpx.MockTransport(answer),
    )
    return sent


def test_the_address_that_was_checked_is_the_one_that_is_connected_to() -> None:
    [request] = post("https://hooks.example.com/a?b=1", "93.184.216.34")
    assert (request.url.host, request.headers["Host"], request.url.path) == (
        "93.184.216.34",
        "hooks.example.com",
        "/a",
    )
    assert request.extensions["sni_hostname"] == "hooks.example.com"


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.0.0.5", "192.168.1.1", "169.254.169.254", "172.16.0.1", "0.0.0.0", "::1", "fe80::1%eth0", "fc00::1",
        "::ffff:10.0.0.5", "100.64.0.1", "224.0.0.1",
        "64:ff9b::a00:5",
        "2002:a00:5::1",
    ],
)  # fmt: skip
def test_an_address_inside_the_house_is_refused_unless_it_is_listed(address: str) -> None:
    with pytest.raises(DeliveryError, match="an address inside the house") as found:
        post("https://hooks.example.com/a", address)
    assert not found.value.is_worth_retry
    with pytest.raises(DeliveryError, match="an address inside the house"):
        post("https://hooks.example.com/a", "93.184.216.34", address)  # one of several is enough


def test_a_listed_address_inside_the_house_may_be_told() -> None:
    assert len(post("http://hooks.example.com/a", "10.1.2.3", networks=("10.1.0.0/16",))) == 1
    with pytest.raises(DeliveryError, match="inside the house"):
        post("http://hooks.example.com/a", "10.2.2.3", networks=("10.1.0.0/16",))


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("https://evil.example.com/a", "not in webhook_hosts"),
        ("https://hooks.example.com:8443/a", "not in webhook_hosts"),
        ("https://hooks.example.com.evil.com/a", "not in webhook_hosts"),
        ("https://user:word@hooks.example.com/a", "none of the form"),
        ("ftp://hooks.example.com/a", "none of the form"),
        ("http://hooks.example.com/a", "without TLS"),
    ],
)
def test_nothing_goes_to_where_nobody_has_listed(url: str, word: str) -> None:
    with pytest.raises(DeliveryError, match=word):
        post(url, "93.184.216.34")


def test_a_redirect_is_not_followed(hooks: WebServer) -> None:
    hooks.answers = [302]
    with pytest.raises(DeliveryError, match="redirect") as found:
        webhooks.post(alerts(None, hooks), f"http://127.0.0.1:{hooks.server_address[1]}/x", RECORD, at=BEGIN)
    assert not found.value.is_worth_retry
    assert len(hooks.requests) == 1


def test_a_header_cannot_be_smuggled_into_a_message() -> None:
    row = {
        "rule_name": "Wait\r\nBcc: all@example.com", "severity_name": "critical", "measure_name": "oldest_wait_seconds",
        "metric_name": "", "change_name": "fired", "scope_name": "Sales\nX: y", "measured_value": 400.0, "measured_count": 1,
        "threshold_value": 300.0, "comparison_name": "above",
    }  # fmt: skip
    smtp = SmtpSettings(host="127.0.0.1", security="none", sender="floor@example.com")
    subject = alert_words.subject([row], site_name="Here")
    made = mail.message(smtp, "a@example.com", subject=subject, text="x", delivery_ids=[1], at=BEGIN)
    assert "\n" not in made["Subject"]
    assert made["Bcc"] is None


@pytest.mark.parametrize(
    ("measured", "threshold", "text"),
    [
        (-0.086, 0.0, "Fired: Service level, VIP: 8.6 points below its target (n = 87)"),
        (
            -0.12, -0.05,
            "Fired: Service level, VIP: 12 points below its target, more than 5 points below its target (n = 87)",
        ),
    ],
)  # fmt: skip
def test_a_distance_from_the_target_is_told_in_points_and_never_as_a_negative_share(
    measured: float, threshold: float, text: str
) -> None:
    row = {
        "measure_name": "target_gap", "metric_name": "service_level_ratio", "change_name": "fired", "scope_name": "VIP",
        "measured_value": measured, "measured_count": 87, "threshold_value": threshold, "comparison_name": "below",
    }  # fmt: skip
    assert alert_words.line(row) == text


@pytest.mark.parametrize(
    "given",
    [
        {"host": "mail.example.com", "security": "none"},
        {"host": "127.0.0.1", "security": "none", "user": "u", "password_env": "P"},
        {"host": "mail.example.com", "user": "u"},
        {"host": "mail.example.com", "password_env": "P"},
        {"host": "mail.example.com", "sender": "floor"},
    ],
)
def test_settings_that_would_tell_a_password_or_go_nowhere_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"starttls|password|address"):
        SmtpSettings(**({"sender": "floor@example.com"} | given))


def test_a_server_that_offers_no_tls_gets_no_message(post_office: MailServer) -> None:
    """It says 250 to everything but offers no STARTTLS: nothing is sent in the clear."""
    port = post_office.server_address[1]
    smtp = SmtpSettings(host="127.0.0.1", port=port, security="starttls", sender="floor@example.com")
    made = mail.message(smtp, "a@example.com", subject="x", text="x", delivery_ids=[1], at=BEGIN)
    with pytest.raises(DeliveryError, match="offers no TLS"):
        mail.send(smtp, made)
    assert post_office.messages == []


def test_a_load_that_is_started_from_outside_watches_and_tells_too(
    engine: sa.Engine, post_office: MailServer
) -> None:
    load(engine, call(1, 0, None, None))
    make(engine, rule(hold_seconds=0))
    be_fresh(engine, at(400))
    once.run_once(engine, settings(alerts(post_office)), now=lambda: at(400), tell=lambda _text: None)
    assert len(post_office.messages) == 1
