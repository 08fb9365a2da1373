"""The settings file: what is accepted, and the sentence for everything that is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from etl.config import ConfigError, Settings, load_settings

GOOD = """\
[site]
name = "Tallinn"
time_zone = "Europe/Tallinn"

[[sources]]
name = "pbx"
kind = "asterisk_queue_log"
path = "logs/queue_log"
every_seconds = 5

[[sources]]
name = "branch"  # the second office
kind = "asterisk_queue_log"
path = "/var/log/asterisk/queue_log"
every_seconds = 60
callback_keys = ["1", "9"]
wrap_up_reason_names = ["After call"]
stale_after_seconds = 900
include_rotated = false
"""


def write(folder: Path, text: str) -> Path:
    file = folder / "floorboard.toml"
    file.write_text(text, encoding="utf-8")
    return file


def refused(folder: Path, text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load_settings(write(folder, text))
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert sentence.startswith(str(folder / "floorboard.toml"))
    return sentence.removeprefix(str(folder / "floorboard.toml"))


def test_every_key_of_a_good_file_arrives_typed(tmp_path: Path) -> None:
    settings = load_settings(write(tmp_path, GOOD))
    pbx, branch = settings.sources
    assert (settings.site.name, settings.site.time_zone) == ("Tallinn", "Europe/Tallinn")
    assert pbx.path == tmp_path / "logs" / "queue_log"
    assert (pbx.every_seconds, pbx.callback_keys, pbx.wrap_up_reason_names) == (5, (), ())
    assert (pbx.stale_after_seconds, pbx.include_rotated) == (300, True)
    assert branch.path == Path("/var/log/asterisk/queue_log")
    assert branch.callback_keys == ("1", "9")
    assert branch.wrap_up_reason_names == ("After call",)
    assert (branch.stale_after_seconds, branch.include_rotated) == (900, False)


def test_recordings_lead_to_listed_hosts_only_and_without_the_table_to_none(tmp_path: Path) -> None:
    assert load_settings(write(tmp_path, GOOD)).recordings.hosts == ()
    listed = GOOD + '\n[recordings]\nhosts = ["rec.example.com:8443"]\nkept_days = 180\n'
    found = load_settings(write(tmp_path, listed)).recordings
    assert (found.hosts, found.kept_days) == (("rec.example.com:8443",), 180)
    assert "without https:// and path" in refused(tmp_path, listed.replace("rec.", "https://rec."))
    assert "a whole number of at least 1" in refused(tmp_path, listed.replace("180", "0"))


def test_settings_cannot_be_changed_after_loading(tmp_path: Path) -> None:
    settings = load_settings(write(tmp_path, GOOD))
    with pytest.raises(ValueError, match="frozen"):
        settings.site.name = "Tartu"


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ('"Tallinn"', "Tallinn", 2, ["name = Tallinn", "expected TOML"]),
        ('name = "Tallinn"', "name = 7", 2, ["name = 7", 'text in "quotes"']),
        ('name = "Tallinn"\n', "", 1, ["found no name", "[site]"]),
        ("Europe/Tallinn", "Europe/Talinn", 3, ['"Europe/Talinn"', "an IANA time zone"]),
        ("Europe/Tallinn", "../etc/passwd", 3, ["an IANA time zone"]),
        ("time_zone", "timezone", 3, ['unknown key "timezone"', 'did you mean "time_zone"']),
        ('kind = "asterisk_queue_log"', 'kind = "asterisk"', 7, ['"asterisk"', '"asterisk_queue_log"']),
        ('path = "logs/queue_log"', "path = 5", 8, ["path = 5", "the path of a file"]),
        ('path = "logs/queue_log"', 'path = ""', 8, ['path = ""', "the path of a file"]),
        ("every_seconds = 5\n", 'every_seconds = "5"\n', 9, ['"5"', "a whole number"]),
        ("every_seconds = 5\n", "every_seconds = 0\n", 9, ["= 0", "at least 1"]),
        ("every_seconds = 5\n", "every_seconds = true\n", 9, ["= true", "a whole number"]),
        ("every_seconds = 60", "every_second = 60", 15, ['"every_second"', 'did you mean "every_seconds"']),
        ("every_seconds = 60\n", "", 11, ["found no every_seconds", "[[sources]] number 2"]),
        ('name = "branch"', 'name = "pbx"', 12, ['name = "pbx" a second time', "its own name"]),
        ("/var/log/asterisk/queue_log", "logs/../logs/queue_log", 14, ["a second time", "its own path"]),
        ('["1", "9"]', "[1, 9]", 16, ["callback_keys = 1", 'text in "quotes"']),
        ('["1", "9"]', '"1"', 16, ['callback_keys = "1"', 'a list such as ["1"]']),
        ("include_rotated = false", "include_rotated = 0", 19, ["= 0", "true or false"]),
        ("[site]", "[sites]", 1, ['unknown key "sites"', 'did you mean "site"']),
        ("[site]", "[[site]]", 1, ["found [[site]]", "write [site]"]),
        ("Europe/Tallinn", "localtime", 3, ['"localtime"', "an IANA time zone"]),
        ("Europe/Tallinn", "Factory", 3, ['"Factory"', "an IANA time zone"]),
        ("Europe/Tallinn", "posixrules", 3, ['"posixrules"', "an IANA time zone"]),
        ("logs/queue_log", "~nouser/x", 8, ['"~nouser/x"', "stands for a user of this machine"]),
    ],
)
def test_a_wrong_line_is_named_with_what_was_found_and_expected(
    tmp_path: Path, old: str, new: str, line: int, words: list[str]
) -> None:
    sentence = refused(tmp_path, GOOD.replace(old, new, 1))
    assert sentence.startswith(f", line {line}: ")
    for word in words:
        assert word in sentence


def test_a_file_without_sources_says_what_to_add(tmp_path: Path) -> None:
    sentence = refused(tmp_path, '[site]\nname = "Tallinn"\ntime_zone = "Europe/Tallinn"\n')
    assert "found no [[sources]]" in sentence


def test_single_brackets_around_sources_are_named(tmp_path: Path) -> None:
    site, _, source = GOOD.partition("[[sources]]")
    one = source.partition("[[sources]]")[0]
    assert refused(tmp_path, f"{site}[sources]{one}") == (
        ", line 5: found [sources], expected [[sources]]; write [[sources]]."
    )


def test_what_is_wrong_after_the_first_thing_is_counted_and_a_misspelt_key_counts_once(
    tmp_path: Path,
) -> None:
    assert "more after" not in refused(tmp_path, GOOD.replace("time_zone", "timezone", 1))
    assert "more after" not in refused(tmp_path, GOOD.replace("[site]", "[sites]", 1))
    twice = GOOD.replace("time_zone", "timezone", 1).replace("every_seconds = 60", "every_seconds = 0")
    assert "(1 more after this one)" in refused(tmp_path, twice)


def test_a_variable_with_an_unknown_user_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOORBOARD_CONFIG", "~nosuch/x")
    with pytest.raises(ConfigError, match='FLOORBOARD_CONFIG is "~nosuch/x", expected the path'):
        load_settings()


def test_an_empty_list_of_sources_is_no_site(tmp_path: Path) -> None:
    sentence = refused(tmp_path, 'sources = []\n[site]\nname = "Tallinn"\ntime_zone = "Europe/Tallinn"\n')
    assert "line 1" in sentence
    assert "at least one [[sources]] table" in sentence


def test_a_key_inside_a_text_of_several_lines_is_not_taken_for_the_key(tmp_path: Path) -> None:
    text = GOOD.replace('"Tallinn"', '"""\nevery_seconds = 3\n"""', 1)
    assert "line 2" in refused(tmp_path, text)


def test_bytes_that_are_not_utf8_are_named_by_line(tmp_path: Path) -> None:
    file = tmp_path / "floorboard.toml"
    file.write_bytes(b'[site]\nname = "J\xf5hvi"\n')
    with pytest.raises(ConfigError, match="line 2: found a byte that is not UTF-8"):
        load_settings(file)


def test_a_missing_file_says_where_it_was_looked_for_and_what_to_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FLOORBOARD_CONFIG", raising=False)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=r"was not found.*copy floorboard\.example\.toml"):
        load_settings()


def test_a_folder_is_not_a_settings_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_settings(tmp_path)


def test_the_variable_names_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOORBOARD_CONFIG", str(write(tmp_path, GOOD)))
    assert load_settings().site.name == "Tallinn"


def test_an_unknown_source_is_answered_with_the_known_ones(tmp_path: Path) -> None:
    settings: Settings = load_settings(write(tmp_path, GOOD))
    assert settings.source("branch").every_seconds == 60
    with pytest.raises(ConfigError, match=r'no source "pbz".*pbx, branch'):
        settings.source("pbz")


def test_the_example_file_of_the_project_is_good() -> None:
    example = Path(__file__).parents[2] / "floorboard.example.toml"
    assert load_settings(example).sources[0].kind == "asterisk_queue_log"


MAPPED = """\
[site]
name = "Tallinn"
time_zone = "Europe/Tallinn"

[[sources]]
name = "export"
kind = "file"
path = "calls.csv"
every_seconds = 60
facts = "calls"
separator = ";"

[sources.fields]
queue_name = "Queue"
offered_at = { column = "Start", format = "%d.%m.%Y %H:%M" }
wait_seconds = { column = "Wait", unit = "seconds" }

[sources.fields.outcome_name]
column = "Result"
values = { Ok = "answered" }

[[sources.skip]]
Result = "TEST"

[[sources.skip]]
Wait = { less_than = 3 }
"""


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ('= ";"', '= ";;"', 11, ['separator = ";;"', "a single sign"]),
        ('"seconds"', '"fortnights"', 16, ['wait_seconds.unit = "fortnights"', "one of seconds, minutes"]),
        ("unit =", "unti =", 16, ['wait_seconds.unti = "seconds"', "did you mean unit"]),
        ("%d.%m.%Y %H:%M", "Monday", 15, ['offered_at.format = "Monday"', "day or day_column"]),
        ("%d.%m.%Y %H:%M", "%Q", 15, ['offered_at.format = "%Q"', "directives of strptime"]),
        ("queue_name", "que_name", 14, ['que_name = "Queue"', "did you mean queue_name"]),
        ('queue_name = "Queue"\n', "", 13, ["offered_at, wait_seconds, outcome_name", "expected queue_name"]),
        (
            'column = "Result"',
            'constant = "x"\ncolumn = "Result"',
            19,
            ['constant = "x" and', "exactly one of"],
        ),
        ('separator = ";"', 'thousands_sign = "."', 11, ['thousands_sign = "."', "two different signs"]),
        (
            'unit = "seconds"',
            'decimal_sign = ",", thousands_sign = ","',
            16,
            ['decimal_sign = ","', "different"],
        ),
        ("less_than", "less_then", 26, ["skip.Wait = { less_then = 3 }", "did you mean less_than"]),
        ('Result = "TEST"', '"" = "TEST"', 23, ["a column without a name in skip", '"Result"']),
        ('separator = ";"', 'day = "Monday"', 11, ['day = "Monday"', 'such as "2026-01-31"']),
    ],
)
def test_a_mistake_inside_a_mapping_shows_only_itself_and_its_own_line(
    tmp_path: Path, old: str, new: str, line: int, words: list[str]
) -> None:
    load_settings(write(tmp_path, MAPPED))  # without the mistake it is right
    sentence = refused(tmp_path, MAPPED.replace(old, new, 1))
    assert sentence.startswith(f", line {line}: found ")
    for word in words:
        assert word in sentence
    assert len(sentence.partition(", expected ")[0]) < 120


ACCOUNT = """\
[site]
name = "Tallinn"
time_zone = "Europe/Tallinn"

[[sources]]
name = "desk"
kind = "zendesk"
address = "https://example.zendesk.com"
token_env = "DESK_TOKEN"
every_seconds = 60
"""


@pytest.mark.parametrize("kind", ["zendesk", "liveagent"])
@pytest.mark.parametrize("scheme", ["https", "http"])
def test_an_address_with_a_password_is_refused_and_never_shown(
    tmp_path: Path, kind: str, scheme: str
) -> None:
    account = ACCOUNT.replace('"zendesk"', f'"{kind}"')
    load_settings(write(tmp_path, account))
    sentence = refused(tmp_path, account.replace("https://", f"{scheme}://me:hid/den@"))
    assert sentence.startswith(f', line 8: found address = "{scheme}://***@example.zendesk.com"')
    assert "without user and password" in sentence
    unclosed = account.replace('"https://example.zendesk.com"', '"https://me:hid@example.zendesk.com')
    assert "hid" not in refused(tmp_path, unclosed)


def test_a_key_that_was_not_written_is_missing_and_not_null(tmp_path: Path) -> None:
    sentence = refused(tmp_path, ACCOUNT.replace('token_env = "DESK_TOKEN"\n', ""))
    assert sentence.startswith(", line 5: found no token_file in [[sources]] number 1, expected the file")
    assert "null" not in sentence


@pytest.mark.parametrize(
    ("host", "is_one"),
    [
        ("pbx.example.com", True), ("10.0.0.5", True), ("::1", True), ("my_pbx", True),
        ("pbx..example.com", False), ("a" * 80, False), ("pbx:5038", False), ("tcp://pbx", False), ("pb x", False),
    ],
)  # fmt: skip
def test_a_host_is_the_name_or_number_of_a_computer(tmp_path: Path, host: str, is_one: bool) -> None:
    manager = (
        ACCOUNT.replace('"zendesk"', '"asterisk_ami"')
        .replace('address = "https://example.zendesk.com"', f'host = "{host}"\nuser_name = "floor"')
        .replace("token_env", "secret_env")
    )
    if is_one:
        assert load_settings(write(tmp_path, manager)).sources
    else:
        assert f', line 8: found host = "{host}", expected the name or number' in refused(tmp_path, manager)
