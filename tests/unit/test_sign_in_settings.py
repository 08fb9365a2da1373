"""How a site says who may come in: what the settings take, and the sentence for everything that they do not."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

from dashboard import server
from dashboard.door import identity_provider, passwords, provider_routes, routes, visitor
from dashboard.door.sign_in_rules import SignInRules
from etl import LoadError
from etl.config import ConfigError, load_settings
from etl.doctor_rights import names_beyond
from floorboard.sign_in import rules_in_use, rules_of

SITE = """\
[site]
name = "Tallinn"
time_zone = "Europe/Tallinn"

[[sources]]
name = "pbx"
kind = "asterisk_queue_log"
path = "queue_log"
every_seconds = 5

[sign_in]
"""  # line 11 is [sign_in]
PROVIDER = """\
kind = "provider"
address = "https://board.example.com"
issuer = "https://login.example.com/realms/harbour"
client_id = "floorboard"
client_secret_env = "A_SECRET"
"""
PROXY = 'kind = "proxy"\nproxy_addresses = ["10.0.0.5"]\nproxy_secret_env = "A_SECRET"\n'
SECRET = "b1946ac92492d2347c6235b4d2611184"


def written(folder: Path, text: str) -> Path:
    file = folder / "floorboard.toml"
    file.write_text(SITE + text, encoding="utf-8")
    return file


@pytest.fixture(autouse=True)
def variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_SECRET", SECRET)
    monkeypatch.delenv("FLOORBOARD_CONFIG", raising=False)


def test_without_the_table_accounts_of_the_site_are_the_only_way_in(tmp_path: Path) -> None:
    file = written(tmp_path, "")
    file.write_text(SITE.partition("[sign_in]")[0], encoding="utf-8")
    assert load_settings(file).sign_in is None


def test_one_way_or_several_arrive_with_what_each_needs(tmp_path: Path) -> None:
    every = PROVIDER.replace('"provider"', '["local", "provider", "proxy"]') + PROXY.partition("\n")[2]
    found = load_settings(written(tmp_path, every + "session_hours = 8\nidle_minutes = 30\n")).sign_in
    assert found is not None
    rules = rules_of(found)
    assert rules.ways == {"local", "provider", "proxy"}
    assert (rules.lasts, rules.idle, rules.is_asked) == (timedelta(hours=8), timedelta(minutes=30), True)
    assert rules.provider is not None
    assert (rules.provider.issuer, rules.provider.client_secret) == (
        "https://login.example.com/realms/harbour",
        SECRET,
    )
    assert rules.proxy is not None
    assert (rules.proxy.addresses, rules.proxy.user_header, rules.proxy.secret) == (
        ("10.0.0.5",),
        "X-Forwarded-User",
        SECRET,
    )
    assert SECRET not in repr(rules)


def test_left_out_a_session_lasts_twelve_hours_with_or_without_use(tmp_path: Path) -> None:
    found = load_settings(written(tmp_path, 'kind = "local"\n')).sign_in
    assert found is not None
    rules = rules_of(found)
    assert (rules.lasts, rules.idle, rules.ways) == (timedelta(hours=12), None, {"local"})


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", 11, "found no kind, expected it in [sign_in]; add it."),
        ('kind = "oidc"\n', 12, 'found kind = "oidc", expected "local", "provider", "proxy" or "open"'),
        ("kind = []\n", 12, '"open" alone, or a list of "local", "provider" and "proxy"'),
        ('kind = ["open", "local"]\n', 12, '"open" alone'),
        ("kind = 3\n", 12, '"local", "provider", "proxy" or "open", or a list of them'),
        (PROVIDER.replace("issuer = ", "issuers = "), 14, 'did you mean "issuer"'),
        (PROVIDER.replace('address = "https://board.example.com"\n', ""), 11, "found no address, expected it in [sign_in]"),
        (PROVIDER.replace('client_secret_env = "A_SECRET"\n', ""), 11, "found no client_secret_file"),
        (PROVIDER.replace("https://login", "http://login"), 14, "an address that begins with https://"),
        (PROVIDER.replace("https://login", "https://me:pw@login"), 14, "an address without user and password"),
        (PROVIDER.replace("/harbour", "/harbour?x=1"), 14, 'no "?" or "#" in it'),
        (PROXY.replace("10.0.0.5", "0.0.0.0/0"), 13, "the addresses of the proxy alone"),
        (PROXY.replace("10.0.0.5", "proxy.example.com"), 13, 'such as "10.0.0.5" or "10.0.0.0/28"'),
        (PROXY.replace('proxy_addresses = ["10.0.0.5"]\n', ""), 11, "found no proxy_addresses"),
        (PROXY + 'proxy_user_header = "Cookie"\n', 15, "a line that only the proxy writes"),
        (PROXY + 'proxy_user_header = "X User"\n', 15, "a line that only the proxy writes"),
        ('kind = "local"\nsession_hours = 0\n', 13, "a whole number of at least 1"),
        ('kind = "local"\nidle_minutes = 1\n', 13, "a whole number of at least 5"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_refused_with_its_line(
    tmp_path: Path, text: str, line: int, words: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings(written(tmp_path, text))
    sentence = str(caught.value)
    assert f"line {line}: " in sentence
    assert words in sentence
    assert "\n" not in sentence


@pytest.mark.parametrize("address", ["http://127.0.0.1:8080/realm", "http://localhost:8080"])
def test_on_this_machine_a_provider_may_be_tried_without_https(tmp_path: Path, address: str) -> None:
    text = PROVIDER.replace("https://login.example.com/realms/harbour", address)
    assert load_settings(written(tmp_path, text)).sign_in is not None


@pytest.mark.parametrize(
    ("secret", "said"),
    [
        ("", "is empty"),
        ("k3J8", "has 4 characters"),
        ("change-me-change-me-now", "looks like a sample"),
        ("abababababababababababab", "repeats itself"),
        (None, "is not set"),
    ],
)
@pytest.mark.parametrize("text", [PROVIDER, PROXY], ids=["provider", "proxy"])
def test_a_secret_that_is_none_keeps_the_pages_from_starting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, secret: str | None, said: str, text: str
) -> None:
    monkeypatch.setenv("FLOORBOARD_CONFIG", str(written(tmp_path, text)))
    if secret is None:
        monkeypatch.delenv("A_SECRET")
    else:
        monkeypatch.setenv("A_SECRET", secret)
    with pytest.raises(LoadError, match=said) as caught:
        rules_in_use()
    assert not secret or secret not in str(caught.value)
    monkeypatch.setenv("A_SECRET", SECRET)
    assert rules_in_use().is_asked


def test_a_secret_may_lie_in_a_file_that_nobody_else_reads(tmp_path: Path) -> None:
    file = tmp_path / "client.secret"
    file.write_text(f"{SECRET}\n")
    file.chmod(0o644)
    text = PROVIDER.replace('client_secret_env = "A_SECRET"', 'client_secret_file = "client.secret"')
    found = load_settings(written(tmp_path, text)).sign_in
    assert found is not None
    with pytest.raises(LoadError, match="expected 600"):
        rules_of(found)
    file.chmod(0o600)
    rules = rules_of(found)
    assert rules.provider is not None
    assert rules.provider.client_secret == SECRET


def test_a_sites_settings_do_not_hold_in_a_demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOORBOARD_CONFIG", str(written(tmp_path, PROVIDER)))
    monkeypatch.setenv("FLOORBOARD_DEMO", "1")
    assert rules_in_use() == SignInRules()


#                                     asked beyond this machine, and on it
@pytest.mark.parametrize(
    ("rules", "beyond", "here"),
    [
        (SignInRules(), True, False),
        (SignInRules(is_asked=True), True, True),
        (SignInRules(is_open=True), False, False),
    ],
    ids=["nothing said", "signed in", "left open"],
)
def test_whoever_comes_from_another_machine_signs_in_unless_the_site_was_left_open(
    rules: SignInRules, beyond: bool, here: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FLOORBOARD_DEMO", raising=False)
    for host in ("0.0.0.0", "::", "192.168.1.4", "floor.example"):
        assert server.rules_for(host, rules).is_asked is beyond
    for host in ("127.0.0.1", "127.0.0.9", "::1", "localhost"):
        assert server.rules_for(host, rules).is_asked is here
    monkeypatch.setenv("FLOORBOARD_DEMO", "1")
    assert server.rules_for("0.0.0.0", SignInRules()).is_asked is False


#    what STREAMLIT_SERVER_ALLOWED_HOSTS says, and whether everybody signs in though the pages listen on this machine
@pytest.mark.parametrize(
    ("text", "is_asked"),
    [
        ("", False),
        ("localhost, 127.0.0.1,[::1]", False),
        ("board.example.com", True),
        ("LOCALHOST,Board.Example.com", True),
        ("*", True),
        ("127.evil.example", True),
    ],
)
def test_a_site_that_a_proxy_shows_to_others_lets_nobody_in_before_the_first_account(
    text: str, is_asked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FLOORBOARD_DEMO", raising=False)
    given = server.options_from_environment({"STREAMLIT_SERVER_ALLOWED_HOSTS": text})
    names = server._own_names(given)
    assert server.rules_for("127.0.0.1", SignInRules(), names).is_asked is is_asked
    assert server.rules_for("127.0.0.1", SignInRules(is_open=True), names).is_asked is False
    assert bool(names_beyond({"STREAMLIT_SERVER_ALLOWED_HOSTS": text})) is is_asked  # the doctor's look
    monkeypatch.setenv("FLOORBOARD_DEMO", "1")
    assert server.rules_for("127.0.0.1", SignInRules(), names).is_asked is False


DOCUMENT = Path(__file__).parents[2] / "docs/sign-in.md"


@pytest.mark.parametrize("text", re.findall(r"```toml\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.S))
def test_every_example_of_the_document_is_taken_as_it_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    for name in re.findall(r'_env = "(\w+)"', text):
        monkeypatch.setenv(name, SECRET)
    found = load_settings(written(tmp_path, text.partition("[sign_in]\n")[2])).sign_in
    assert found is not None
    assert rules_of(found).is_asked


def test_the_document_says_what_the_door_does() -> None:
    text = " ".join(DOCUMENT.read_text(encoding="utf-8").split())
    words = {10: "ten", 30: "thirty", 100: "a hundred"}
    told = (words[routes.TRIES], words[routes.TRIES_OF_NAME], words[routes.TRIES_OF_ADDRESS])
    assert "{} of one name from one address, {} of one name, {} from one address".format(*told) in text
    assert (routes.TRIES_SECONDS, visitor.REMEMBERED_SECONDS, visitor.MOST_SECONDS) == (60, 10, 60)
    assert f"at least {passwords.SHORTEST} characters" in text
    assert (identity_provider.CALLBACK in text, provider_routes.UNDERWAY_SECONDS) == (True, 600)


def test_the_pages_started_alone_refuse_a_site_that_says_how_somebody_signs_in(tmp_path: Path) -> None:
    with pytest.raises(server.ServerError, match="start the pages with `floorboard dashboard`"):
        server._refuse_settings(written(tmp_path, 'kind = "local"\n'))
    server._refuse_settings(tmp_path / "nowhere.toml")
