"""What the doctor says of a source: wrong where something that it needs is not there, good where all of it is."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from etl.config import load_settings
from etl.doctor_sources import source_findings
from etl.findings import Finding

SITE = '[site]\nname = "T"\ntime_zone = "Europe/Tallinn"\n[[sources]]\nname = "it"\nevery_seconds = 60\n'
DESK = 'kind = "zendesk"\naddress = "https://example.zendesk.com"\n'
FILE = 'kind = "file"\nfacts = "surveys"\nfields = { answered_at = "at", csat_score = "score" }\n'
CDR = 'kind = "asterisk_cdr"\nlayout = "18"\n'
MANAGER = 'kind = "asterisk_ami"\nhost = "pbx"\nuser_name = "u"\nsecret_env = "PBX_SECRET"\n'


def looked(folder: Path, keys: str) -> list[Finding]:
    file = folder / "floorboard.toml"
    file.write_text(SITE + keys, encoding="utf-8")
    return source_findings(load_settings(file).sources[0])


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("DESK_TOKEN", "PBX_SECRET"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "folder").mkdir()
    (tmp_path / "data.csv").write_text("at,score\n")
    for name, mode in (("open.key", 0o644), ("own.key", 0o600)):
        (tmp_path / name).write_text("a-real-credential")
        (tmp_path / name).chmod(mode)
    return tmp_path


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        (DESK + 'token_env = "DESK_TOKEN"', "DESK_TOKEN is not set"),
        (DESK + 'token_file = "none.key"', "none.key cannot be read (No such file"),
        (DESK + 'token_file = "open.key"', "has the mode 644, expected 600"),
        (MANAGER, "PBX_SECRET is not set"),
        (MANAGER + 'tls = true\ntls_ca_file = "none.pem"', "there is no file"),
        (FILE + 'path = "none"', "there is no file or folder"),
        (FILE + 'path = "none-*.csv"', "no file fits"),
        (CDR + 'path = "folder"', "folder is a folder, expected a file"),
        (CDR + 'path = "none.csv"', "there is no file"),
        ('kind = "zendesk_csv"\npath = "data.csv"', "data.csv is a file, expected a folder"),
        ('kind = "amazon_connect"\npaths = ["folder", "none"]', "there is no file or folder"),
        ('kind = "genesys_cloud"\nregion = "mypurecloud.ie"\nclient_id = "c"', "neither an environment variable"),
    ],
)  # fmt: skip
def test_what_a_source_lacks_is_named_with_the_next_step(site: Path, keys: str, words: str) -> None:
    faults = looked(site, keys)
    assert {fault.state_name for fault in faults} <= {"wrong", "advice"}
    told = " ".join(fault.line() for fault in faults)
    assert words in told
    assert "PBX" not in told.replace("PBX_SECRET", "")
    assert "real-credential" not in told


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        (DESK + 'token_file = "own.key"', "its credential is there; `floorboard etl run --source it` tries it"),
        (FILE + 'path = "data.csv"', "data.csv can be read (9 bytes)"),
        (FILE + 'path = "folder"', "folder is a folder of 0 entries"),
        (FILE + 'path = "d*.csv"', "1 files fit"),
        (CDR + 'path = "data.csv"', "data.csv can be read"),
        ('kind = "zendesk_csv"\npath = "folder"', "is a folder"),
        ('kind = "genesys_cloud"\npaths = ["folder"]', "is a folder"),
    ],
)  # fmt: skip
def test_a_source_that_has_all_it_needs_is_good(site: Path, keys: str, words: str) -> None:
    [found] = looked(site, keys)
    assert (found.state_name, found.step_text) == ("good", "")
    assert words in found.found_text


def test_a_bucket_needs_the_library_that_reads_it(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = 'kind = "amazon_connect"\ns3_bucket = "records"'
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    [fault] = looked(site, keys)
    assert (fault.state_name, fault.step_text) == ("wrong", "Install it beside Floorboard: pip install boto3")
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: object())
    assert looked(site, keys)[0].state_name == "good"
