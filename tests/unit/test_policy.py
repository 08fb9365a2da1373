"""The policy without a database: its list, its file with every message, and that nothing acts on a person by a figure."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from dashboard.privacy import risks
from etl import policy_file
from etl.config import ConfigError
from etl.customer_key import customer_secret
from sql import individual, policy
from sql.policy import Named
from tests.unit.test_architecture import ROOT, imports, modules

QUERIES = sorted((ROOT / "sql" / "queries").glob("*.sql"))


def test_every_question_about_one_agent_belongs_to_a_family_or_is_that_persons_right() -> None:
    asked = {
        path.stem for path in QUERIES if re.search(r"(?<!:):agent_id\b", path.read_text(encoding="utf-8"))
    }
    listed = {question for family in individual.families() for question in family.questions}
    assert asked - listed - individual.not_figures() == set()
    assert listed & individual.not_figures() == set()
    assert {path.stem for path in QUERIES} >= listed


def test_every_family_says_what_it_is_what_for_and_what_is_taken_away() -> None:
    families = individual.families()
    assert len({family.name for family in families}) == len(families) == 13
    for family in families:
        assert all(
            len(text.split()) >= 3 for text in (family.meaning, family.example_purpose, family.records)
        ), family
        assert family.kept in ("agents", "calls", "tickets")
    columns = [column for family in families for column in family.columns]
    assert len(columns) == len(set(columns))


def test_only_statements_have_families() -> None:
    assert individual.families_of("queries/agent_lanes") == ("states",)
    assert individual.families_of("organisation/agent_lanes") == ()
    assert individual.families_of("queries/queues") == ()


def test_a_policy_that_was_written_is_read_as_it_was_meant(tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    named = policy.example(since_date=date(2026, 3, 1), by='Ada "the" works council')
    file.write_text(policy_file.policy_text(named), encoding="utf-8")
    found = policy_file.load_policy(file)
    assert found is not None
    assert {name: (told.purpose, told.by, told.since_date) for name, told in found.items()} == {
        name: (told.purpose, told.by, told.since_date) for name, told in named.items()
    }


def test_the_example_lets_nothing_exist_until_somebody_takes_the_sign_away(tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    named = {family.name: Named(purpose=family.example_purpose) for family in individual.families()}
    text = policy_file.policy_text(named, is_off=True)
    file.write_text(text, encoding="utf-8")
    assert policy_file.load_policy(file) == {}
    file.write_text(re.sub(r"^# (?=\[individual\.|\w+ = )", "", text, flags=re.M), encoding="utf-8")
    assert set(policy_file.load_policy(file) or {}) == set(named)


def test_a_family_is_switched_off_by_its_name_and_needs_no_purpose_for_it(tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_text(GOOD + "[individual.coaching]\noff = true\n", encoding="utf-8")
    found = policy_file.load_policy(file) or {}
    assert {name: told.is_off for name, told in found.items()} == {"states": False, "coaching": True}


def test_no_file_says_nothing_and_a_written_one_is_never_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    assert policy_file.load_policy(file) is None
    assert policy_file.write_once(file, "# mine\n")
    assert not policy_file.write_once(file, "# theirs\n")
    assert file.read_text() == "# mine\n"


GOOD = '[individual.states]\npurpose = "Breaks in time"\n'
# what stands in the file, the line that is named, what the sentence says
MISTAKES = [
    ("[individual.states\n", None, "expected tables such as [individual.handle_time]"),
    ('purpose = "x"\n', 1, "found purpose, expected tables [individual.<figures>]"),
    ('individual = "on"\n', 1, "found individual, expected tables [individual.<figures>]"),
    (
        GOOD + '[individual.handel_time]\npurpose = "x"\n',
        3,
        'found figures "handel_time", expected handle_time',
    ),
    (GOOD + '[individual.mood]\npurpose = "x"\n', 3, "expected one of handled_contacts, handle_time, states"),
    ("[individual]\nstates = true\n", 2, "found states, expected a table [individual.states]"),
    (GOOD + 'porpose = "x"\n', 3, "found porpose, expected purpose"),
    (GOOD + "by = 3\n", 3, 'found by = 3, expected text in "quotes" of at most 1000 characters'),
    (GOOD + 'since = "2026-01-31"\n', 3, "expected a day such as 2026-01-31, without quotes"),
    (GOOD + "since = 1066-10-14\n", 3, "expected a day such as 2026-01-31"),
    (GOOD + "since = 2026-01-31T10:00:00\n", 3, "expected a day such as 2026-01-31"),
    ('[individual.states]\nby = "Ada"\n', 1, "found no purpose of states, expected for what these figures"),
    ('[individual.states]\n# why?\npurpose = "  "\n', 3, "found no purpose of states"),
    (GOOD + f'by = "{"x" * 1001}"\n', 3, "of at most 1000 characters"),
    (GOOD + "off = false\n", 3, "found off = false, expected off = true, or no such line"),
    ('[individual.states]\noff = "yes"\n', 2, 'found off = "yes", expected off = true'),
]


@pytest.mark.parametrize(("text", "line", "sentence"), MISTAKES)
def test_a_wrong_policy_is_refused_whole_with_its_line_and_the_next_step(
    tmp_path: Path, text: str, line: int | None, sentence: str
) -> None:
    file = tmp_path / "policy.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        policy_file.load_policy(file)
    said = str(caught.value)
    assert said.startswith(f"{file}, line {line}:" if line else f"{file}:")
    assert sentence in said
    assert "; " in said
    assert said.endswith(".")


def test_bytes_that_are_no_text_are_refused_in_a_sentence(tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="expected a readable file in UTF-8"):
        policy_file.load_policy(file)


STATES_ON = {"family_name": "states", "is_on": True, "is_taken_over": False}


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ([], "No figures of single agents are counted: no policy names any."),
        ([{**STATES_ON, "is_on": False}], "No figures of single agents are counted"),
        (
            [{**STATES_ON, "is_taken_over": True}],
            "taken over without a purpose: Time in states. They stay until",
        ),
        ([STATES_ON], "is gone; what it said stays in force: Time in states."),
    ],
)
def test_without_a_file_it_is_said_what_is_in_force(rows: list[dict[str, object]], sentence: str) -> None:
    assert sentence in policy_file.without_file(rows, Path("policy.toml"))


def test_every_measure_names_tests_that_are_there() -> None:
    for risk in risks.risks():
        assert risk.tests, risk.title
        for named in risk.tests:
            place, _, test = named.partition("::")
            assert f"def {test}(" in (ROOT / place).read_text(encoding="utf-8"), named


def test_the_place_of_the_callers_key_is_the_one_that_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLOORBOARD_HOME", str(tmp_path))
    monkeypatch.delenv("FLOORBOARD_CUSTOMER_KEY", raising=False)
    customer_secret()
    assert [path.name for path in tmp_path.iterdir()] == ["customer.key"]
    assert "customer.key" in (ROOT / "dashboard" / "privacy" / "assessment.py").read_text(encoding="utf-8")


# What changes something for a person: who may come in, who works where, who is moved or erased.
ACTS = re.compile(
    r"^(accounts|devices|organisation|moves)/(?!recounts)|^merge/(erase_agent|shifts|queue_members)$"
)
# What measures a person, or anything that people are measured by.
SCORES = (
    "sql.measures", "dashboard.people", "dashboard.quality.review_score", "dashboard.quality.review_book",
    "dashboard.quality.quality_queries", "dashboard.voice", "dashboard.goals", "etl.watch", "etl.forecast",
)  # fmt: skip


def act_faults(module: str, source: str) -> Iterator[str]:
    """What of a module would let a figure act on a person: it changes people, and looks at what they are measured by."""
    tree = ast.parse(source)
    texts = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    acts = sorted({text for text in texts if ACTS.search(text)})
    looks = [name for name in imports(tree) if any(f"{name}.".startswith(f"{one}.") for one in SCORES)]
    if acts and looks:
        yield f"{module} changes people ({acts[0]}) and measures them ({looks[0]})"


def test_no_code_acts_on_a_person_because_of_a_figure() -> None:
    """What changes an account, a team, a queue's members or a shift knows no figure of anybody."""
    sources = {name: path.read_text(encoding="utf-8") for name, path in modules().items()}
    assert [fault for name, source in sources.items() for fault in act_faults(name, source)] == []
    acting = [
        name for name, source in sources.items() if re.search(r'"(accounts|organisation|moves)/', source)
    ]
    assert len(acting) >= 4  # the pattern still finds those that act


@pytest.mark.parametrize(
    "source",
    [
        "from sql import measures, warehouse\nwarehouse.execute(c, 'accounts/account_change', is_active=False)",
        "from dashboard.people.agent_queries import agent_totals\nwarehouse.execute(c, 'organisation/team_members_remove')",
        "from etl.watch import watching\nwarehouse.execute(c, 'merge/queue_members')",
    ],
)
def test_code_that_would_act_because_of_a_figure_is_caught(source: str) -> None:
    assert list(act_faults("etl.newcomer", source))


@pytest.mark.parametrize("folder", ["watch", "alerts", "goals", "rules"])
def test_what_watches_figures_writes_to_nobody_but_its_own_log(folder: str) -> None:
    """An alert and a goal are written to their own tables alone, and name no agent."""
    for path in sorted((ROOT / "sql" / folder).glob("*.sql")):
        text = re.sub(r"--[^\n]*", "", path.read_text(encoding="utf-8"))
        written = set(re.findall(r"\b(?:insert into|update|delete from)\s+([a-z_]+\.[a-z_]+)", text))
        assert all(re.match(r"(ops\.alert_|ops\.silences|warehouse\.goal)", table) for table in written), path
        assert "agent_name" not in text, path


def test_a_message_of_an_alert_goes_out_without_anybodys_name() -> None:
    """Webhooks and mails are made of the alert's own words; none of them asks who the agents are."""
    for name, path in modules().items():
        if name.startswith("etl.watch."):
            source = path.read_text(encoding="utf-8")
            assert "agent_name" not in source, name
            assert "queries/agent" not in source, name
