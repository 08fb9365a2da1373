"""The settings of a site: what it is called, where it lies, and which records of its phone system are read.

In: `floorboard.toml` (the file named by FLOORBOARD_CONFIG, else the one in the working folder).
Out: one frozen, typed `Settings`; relative paths have become absolute, from the folder of the file.
Rule: a settings file is right as a whole or it is refused with one sentence that names the file, the line,
what was found, what was expected and the next step. No value is guessed, no unknown key is passed over.
"""

from __future__ import annotations

import difflib
import json
import os
import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import phonenumbers
from babel.core import get_global
from pydantic import Field, ValidationError, field_validator
from pydantic_core import ErrorDetails

from etl.config_lines import Location, line_of
from etl.config_mapping import shown, spoken_of, without_user
from etl.game_settings import GameSettings
from etl.privacy_settings import PrivacySettings
from etl.recording_settings import RecordingSettings
from etl.retention_settings import RetentionSettings
from etl.sign_in_settings import SignInSettings
from etl.sources import Name, Site, SourceSettings, Table
from etl.sources.amazon_connect import AmazonConnectSettings
from etl.sources.asterisk_ami import AmiSettings
from etl.sources.asterisk_cdr import CdrSettings
from etl.sources.asterisk_cel import CelSettings
from etl.sources.asterisk_queue_log import QueueLogSettings
from etl.sources.asterisk_realtime import RealtimeSettings
from etl.sources.genesys_cloud import GenesysCloudSettings
from etl.sources.liveagent import LiveAgentSettings
from etl.sources.mapped_file import MappedFileSettings
from etl.sources.zendesk import ZendeskSettings
from etl.sources.zendesk_csv import ZendeskCsvSettings
from etl.watch.alert_settings import AlertSettings

DEFAULT_FILE_NAME = "floorboard.toml"
CONFIG_VARIABLE = "FLOORBOARD_CONFIG"

# Files beside the zones that are none: they stand for something else on every machine.
_NO_ZONES = frozenset({"localtime", "Factory", "posixrules"})
_A_ZONE = 'an IANA time zone such as "Europe/Tallinn"'


class ConfigError(Exception):
    """The settings cannot be used; the message is one sentence fit for a terminal."""


class SiteSettings(Table):
    """The contact centre: its name, and the zone in which its local days begin and end."""

    name: Name
    time_zone: Name
    country: Name | None = None
    """Where numbers without an international prefix are dialled; without it, the country of the zone."""

    @field_validator("time_zone")
    @classmethod
    def _is_a_known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(_A_ZONE) from None
        if value in _NO_ZONES or value.startswith(("posix/", "right/")):
            raise ValueError(_A_ZONE)
        return value

    @field_validator("country")
    @classmethod
    def _is_a_known_country(cls, value: str | None) -> str | None:
        if value is not None and value not in phonenumbers.SUPPORTED_REGIONS:
            raise ValueError('the two letters of a country, such as "EE"')
        return value

    @property
    def site(self) -> Site:
        """What the readers must know of the site; without a country it is that of the zone."""
        territory = get_global("zone_territories").get(self.time_zone)
        known = territory if territory in phonenumbers.SUPPORTED_REGIONS else None
        return Site(self.name, self.time_zone, self.country or known)


Source = (
    QueueLogSettings
    | RealtimeSettings
    | CdrSettings
    | CelSettings
    | AmiSettings
    | AmazonConnectSettings
    | GenesysCloudSettings
    | LiveAgentSettings
    | MappedFileSettings
    | ZendeskSettings
    | ZendeskCsvSettings
)
"""Every kind of origin; a new one is its file in etl/sources and its name here."""
LOG_KINDS = ("asterisk_queue_log", "asterisk_realtime")
KINDS: dict[str, type[SourceSettings]] = {
    kind: model for model in get_args(Source) for kind in get_args(model.model_fields["kind"].annotation)
}


class Settings(Table):
    """Everything that the load needs to know about a site."""

    site: SiteSettings
    sources: Annotated[
        tuple[Annotated[Source, Field(discriminator="kind")], ...], Field(strict=False, min_length=1)
    ]
    alerts: AlertSettings = AlertSettings()
    recordings: RecordingSettings = RecordingSettings()
    privacy: PrivacySettings = PrivacySettings()
    retention: RetentionSettings = RetentionSettings()
    game: GameSettings = GameSettings()
    sign_in: SignInSettings | None = None

    def source(self, name: str) -> SourceSettings:
        """The source of that name; ConfigError with the known names when there is none."""
        for source in self.sources:
            if source.name == name:
                return source
        known = ", ".join(source.name for source in self.sources)
        raise ConfigError(f'There is no source "{name}" in the settings; expected one of: {known}.')


def settings_path() -> Path:
    """Where the settings are looked for: FLOORBOARD_CONFIG, else floorboard.toml in the working folder."""
    named = os.environ.get(CONFIG_VARIABLE)
    try:
        return Path(named).expanduser() if named else Path.cwd() / DEFAULT_FILE_NAME
    except (RuntimeError, OSError):
        raise ConfigError(
            f"{CONFIG_VARIABLE} is {json.dumps(named, ensure_ascii=False)}, expected the path of a settings file "
            "whose ~ stands for a user of this machine (and a working folder that is there); correct it."
        ) from None


def load_settings(path: Path | None = None) -> Settings:
    """The settings of the site, checked as a whole.

    `path` names the file; without it FLOORBOARD_CONFIG and then ./floorboard.toml are tried. ConfigError.
    """
    file = path if path is not None else settings_path()
    text = _read(file)
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(_syntax_sentence(file, text, error)) from None
    _refuse_brackets(file, text, tables)
    try:
        settings = Settings.model_validate(tables, context={"folder": file.absolute().parent})
    except ValidationError as error:
        raise ConfigError(_sentence(file, text, tables, error)) from None
    _refuse_doubles(file, text, settings)
    _refuse_empty_columns(file, text, tables)
    _refuse_strangers(file, text, settings)
    return settings


def add_source(text: str, path: Path | None = None) -> Path:
    """Adds a [[sources]] table, as TOML, to the end of the settings file; the file is changed only if all of it is right.

    ConfigError where there is no settings file yet, or where it would not be right with the new source.
    """
    file = path if path is not None else settings_path()
    before = _read(file)
    draft = file.with_name(f".{file.name}.draft")
    try:
        draft.write_text(f"{before.rstrip()}\n\n{text.strip()}\n", encoding="utf-8")
        try:
            load_settings(draft)
        except ConfigError as error:
            raise ConfigError(str(error).replace(str(draft), f"{file} with the new source")) from None
        draft.chmod(file.stat().st_mode & 0o7777)
        draft.replace(file)
    except OSError as error:
        raise ConfigError(
            f"{file}: the source cannot be added ({error.strerror}); expected a file that this user may change; "
            "add the lines by hand."
        ) from None
    finally:
        draft.unlink(missing_ok=True)
    return file


def _read(file: Path) -> str:
    try:
        return file.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except FileNotFoundError:
        raise ConfigError(
            f"{file}: the settings file was not found; expected a file with [site] and [[sources]]; copy "
            f"floorboard.example.toml there, or name another file in {CONFIG_VARIABLE}."
        ) from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ConfigError(
            f"{file}, line {line}: found a byte that is not UTF-8, expected UTF-8 text; save it as UTF-8."
        ) from None
    except OSError as error:
        raise ConfigError(
            f"{file}: the settings file cannot be read ({error.strerror}); expected a readable file; check "
            f"the path and its permissions, or name another file in {CONFIG_VARIABLE}."
        ) from None


def _syntax_sentence(file: Path, text: str, error: tomllib.TOMLDecodeError) -> str:
    place = re.search(r"\(at line (\d+), column \d+\)", str(error))
    line = int(place.group(1)) if place else max(len(text.splitlines()), 1)
    lines = text.splitlines() or [""]
    found = lines[min(line, len(lines)) - 1].strip()
    reason = re.sub(r" \(at .*\)$", "", str(error))
    return (
        f"{file}, line {line}: found {without_user(json.dumps(found, ensure_ascii=False))}, expected TOML ({reason}); "
        'write settings as key = value, with text in "quotes".'
    )


def _refuse_brackets(file: Path, text: str, tables: dict[str, Any]) -> None:
    """There is one site and there are several sources; TOML writes the two with different brackets."""
    for key, found, right in (("site", list, "[site]"), ("sources", dict, "[[sources]]")):
        value = tables.get(key)
        if value and isinstance(value, found) and (key == "sources" or isinstance(value[0], dict)):
            wrong = "[[site]]" if key == "site" else "[sources]"
            raise ConfigError(
                f"{file}, line {line_of(text, (key,))}: found {wrong}, expected {right}; write {right}."
            )


_KIND_OF_VALUE = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "string_type": 'text in "quotes"',
    "bool_type": "true or false",
    "tuple_type": 'a list such as ["1"]',
    "string_too_short": "a text that is not empty",
    "float_type": "a number",
    "date_type": "a day such as 2026-01-31, without quotes",
    "date_from_datetime_inexact": "a day such as 2026-01-31, without a time",
    "dict_type": 'a table such as { "700" = "sales" }',
    "too_short": "at least one [[sources]] table",
}


def _sentence(file: Path, text: str, tables: dict[str, Any], error: ValidationError) -> str:
    """The first thing that is wrong, in one sentence; how many others there are, at its end."""
    # Where one source is wrong the checks miss it among the sources too: that is no second mistake.
    problems = [one for one in error.errors() if one["loc"] != ("sources",)] or error.errors()
    # A misspelt key is reported as a missing one and an unknown one: the unknown one can name the right word.
    first = next((problem for problem in problems if problem["type"] == "extra_forbidden"), problems[0])
    location, kind = _without_kind(first["loc"]), first["type"]
    if kind.startswith("union_tag"):
        location = (*location, "kind")
    place = f"{file}, line {line_of(text, location)}"
    others = len(problems) - 1 - _is_missed_too(first, problems)
    more = f" ({others} more after this one)" if others else ""
    if kind == "extra_forbidden":
        return f"{place}: {_unknown_key(first['loc'])}{more}."
    if kind in ("missing", "union_tag_not_found"):
        return f"{place}: found no {_spelled(location)}, expected it in {_table(location)}; add it{more}."
    expected = _expected(kind, first.get("ctx", {}))
    if kind == "value_error" and location[:1] == ("sources",) and len(location) in (2, 3):
        return _of_a_table(file, text, tables, location, expected, more)
    value = first["input"].get("kind") if kind == "union_tag_invalid" else first["input"]
    if kind in ("model_type", "model_attributes_type"):
        expected = f"the table {_table((*location, ''))}"
    return (
        f"{place}: found {_spelled(location)} = {shown(value)}, expected {expected}; correct that line{more}."
    )


def _of_a_table(
    file: Path, text: str, tables: dict[str, Any], location: Location, expected: str, more: str
) -> str:
    """The sentence for what a source's own check found: of one key, or of several that do not fit each other."""
    source = tables["sources"][location[1]]
    key = str(location[2]) if len(location) == 3 else ""
    inside: Location = ()
    if key and key in source and key not in ("fields", "only", "skip"):
        found, inside = f"{key} = {shown(source[key])}", (key,)
    elif key and key not in source:
        found = f"no {key}"
    else:
        inside, found, expected = spoken_of(expected, source)
        if key and not inside:
            inside, found = (key,), f"{key} = {shown(source.get(key))}"
    place = f"{file}, line {line_of(text, (*location[:2], *inside))}"
    if not inside:
        where = _table((*location[:2], ""))
        return (
            f"{place}: found {found or 'nothing of the kind'} in {where}, expected {expected}; add it{more}."
        )
    step = "add it" if found.startswith("the fields ") else "correct that line"
    return f"{place}: found {found}, expected {expected}; {step}{more}."


def _without_kind(location: Location) -> Location:
    """The location as it is written: the checks name a source's kind between its number and its keys."""
    is_tagged = location[:1] == ("sources",) and len(location) > 2 and location[2] in KINDS
    return (*location[:2], *location[3:]) if is_tagged else location


def _expected(kind: str, context: dict[str, Any]) -> str:
    if kind == "value_error":
        return str(context["error"])
    if kind == "union_tag_invalid":
        return "one of " + ", ".join(f'"{name}"' for name in sorted(KINDS))
    if kind == "literal_error":
        return str(context["expected"]).replace("'", '"')
    if kind in ("greater_than_equal", "less_than_equal"):
        bound = context.get("ge", context.get("le"))
        return f"a whole number of at {'least' if 'ge' in context else 'most'} {bound}"
    if kind == "string_too_long":
        most = context["max_length"]
        return 'a single sign such as ";"' if most == 1 else f"a text of at most {most} characters"
    if kind == "string_pattern_mismatch":
        return (
            'a day such as "2026-01-31"'
            if "[0-9]{4}" in context["pattern"]
            else "a text without control characters"
        )
    return _KIND_OF_VALUE.get(kind, "another kind of value")


def _is_missed_too(problem: ErrorDetails, problems: Sequence[ErrorDetails]) -> bool:
    """Whether the unknown key is reported a second time, as the right one that is missing."""
    if problem["type"] != "extra_forbidden":
        return False
    location = problem["loc"]
    near = difflib.get_close_matches(str(location[-1]).lower(), _known_keys(location), n=1)
    missing = {other["loc"] for other in problems if other["type"] == "missing"}
    return any((*location[:-1], key) in missing for key in near)


def _known_keys(location: Location) -> list[str]:
    """The keys of the table in which the unknown key stands; empty where the table takes keys of its own."""
    model: type[Table] | None = Settings
    for part in location[:-1]:
        if part in KINDS:
            model = KINDS[str(part)]
        elif isinstance(part, str):
            found = model.model_fields[part].annotation if model and part in model.model_fields else None
            kinds = (found, *get_args(found))  # a table that may be left out is this one or none
            model = next((one for one in kinds if isinstance(one, type) and issubclass(one, Table)), None)
    return list(model.model_fields) if model else []


def _unknown_key(location: Location) -> str:
    key, known = str(location[-1]), _known_keys(location)
    near = difflib.get_close_matches(key.lower(), known, n=1)
    step = f'did you mean "{near[0]}"' if near else "remove it, or use one of these"
    where = _table(_without_kind(location)) if len(location) > 1 else "the file"
    expected = f"expected only {', '.join(known)} in {where}" if known else f"expected other keys in {where}"
    return f'found the unknown key "{key}", {expected}; {step}'


def _spelled(location: Location) -> str:
    words = [str(part) for part in location if isinstance(part, str)]
    if location == ("site",):
        return "[site]"
    return "[[sources]]" if location == ("sources",) else words[-1]


def _table(location: Location) -> str:
    if location[0] == "sources" and len(location) > 1:
        return f"[[sources]] number {int(location[1]) + 1}"
    if len(location) > 1 and location[0] in ("site", "alerts", "sign_in", "retention", "privacy"):
        return f"[{'.'.join(str(part) for part in location[:-1])}]"
    return "the file"


def _refuse_doubles(file: Path, text: str, settings: Settings) -> None:
    """Two sources of one name would share one cursor; two of one file would count every call twice."""
    for number, source in enumerate(settings.sources):
        for earlier in settings.sources[:number]:
            twice = ""
            if source.name == earlier.name:
                twice = f'name = "{source.name}"'
            elif source.origin_text() == earlier.origin_text():
                twice = source.origin_text()
            if twice:
                key = twice.partition(" ")[0]
                line = line_of(text, ("sources", number, key))
                raise ConfigError(
                    f"{file}, line {line}: found {twice} a second time, expected "
                    f"every source to have its own {key}; give this source another {key} or remove it."
                )


def _refuse_empty_columns(file: Path, text: str, tables: dict[str, Any]) -> None:
    """No file has a column without a name: a rule of such a one would fit no row, or every row."""
    for number, source in enumerate(tables["sources"]):
        for key in ("only", "skip"):
            rules = source.get(key) or ()
            for place, rule in enumerate(rules if isinstance(rules, list) else [rules]):
                if any(not str(column).strip() for column in rule):
                    line = line_of(text, ("sources", number, key, place, ""))
                    raise ConfigError(
                        f"{file}, line {line}: found a column without a name in {key}, expected one of the file such as "
                        '"Result"; correct that line.'
                    )


def _refuse_strangers(file: Path, text: str, settings: Settings) -> None:
    """A source that stands beside another one's log names a source that is there and reads one."""
    logs = [source.name for source in settings.sources if source.kind in LOG_KINDS]
    for number, source in enumerate(settings.sources):
        named = getattr(source, "queue_log_source", None)
        if named is not None and named not in logs:
            line = line_of(text, ("sources", number, "queue_log_source"))
            expected = (
                f"one of {', '.join(logs)}"
                if logs
                else f"a source of kind {' or '.join(LOG_KINDS)} beside it"
            )
            raise ConfigError(
                f'{file}, line {line}: found queue_log_source = "{named}", expected {expected}; correct that line.'
            )
