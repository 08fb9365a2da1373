"""The rules of the game as texts: what a rule may say, what it must never do to people, and how none of it becomes SQL."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sql.game_rules import compiling, conduct, liveagent, shipped, spec, writing
from sql.game_rules.spec import COLUMNS, GameError, Rule, Term, parsed

DOCUMENT = Path(__file__).parents[2] / "docs" / "game-rules.md"
PARTS = Path(compiling.__file__).parent / "parts"
START = date(2026, 1, 1)
PERIODS_A_WEEK = {"day": 5.0, "week": 1.0, "month": 12 / 52, "season": 4 / 52}
RULE = """
name = "first-time"
kind = "points"
title = "Solved the first time"
description = "Your customers got their answer in one go."
purpose = "Pays for solving the matter at the first contact."
owner = "Operations"
family = "resolution"

[measure]
above = "resolved_first_contacts"
below = "flagged_contacts"
grain = "week"

[adjust]
fewest = 10

[curve]
zones = [[0.5, 0], [0.7, 50], [0.85, 100]]
weight_points = 120
"""
TIMED = RULE.replace("resolved_first_contacts", "handle_seconds").replace("flagged_contacts", "handled_calls")


def test_a_rule_says_what_it_says() -> None:
    rule = parsed(RULE, "rules/first-time.toml")
    assert (rule.name, rule.kind, rule.is_played) == ("first-time", "points", True)
    assert rule.measure == spec.Measure(
        (Term("resolved_first_contacts"),), (Term("flagged_contacts"),), grain="week"
    )
    assert rule.curve == spec.Curve(((0.5, 0.0), (0.7, 50.0), (0.85, 100.0)), 120)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (
            'kind = "points"',
            'kind = "fame"',
            "a.toml, line 3, kind: found 'fame'; expected one of points, badge",
        ),
        (
            "weight_points = 120",
            "weight_points = 10001",
            "line 20, curve.weight_points: found 10001; expected a whole number",
        ),
        ("weight_points = 120", "weight_points = true", "curve.weight_points: found True"),
        ("weight_points = 120", "weight_points = 1.5", "curve.weight_points: found 1.5"),
        ("weight_points = 120", "weight = 120", "curve.weight_points: found nothing"),
        (
            "fewest = 10",
            "fewest = 10\nfewst = 3",
            "adjust.fewst: found a field that a rule of this kind does not have",
        ),
        ("fewest = 10", "fewest = nan", "adjust.fewest: found nan"),
        ("fewest = 10", "", "adjust.fewest: found 0; expected at least 1"),
        ('below = "flagged_contacts"', 'below = "pg_sleep"', "measure.below: found 'pg_sleep'"),
        ('below = "flagged_contacts"', 'below = "flagged_contacts; drop table x"', "measure.below: found"),
        ('above = "resolved_first_contacts"', 'above = "kudos + kudos"', "1 to 4 columns, each once"),
        (
            'name = "first-time"',
            'name = "First time"',
            "name: found 'First time'; expected a name of small letters",
        ),
        ('grain = "week"', 'grain = "lifetime"', "measure.grain: found lifetime"),
        ('title = "Solved the first time"', 'title = ""', "title: found 0 characters; expected 1 to 60"),
        ('title = "Solved the first time"', "title = [", "a.toml: found no TOML"),
        ("[[0.5, 0], [0.7, 50], [0.85, 100]]", "[[0.5, 0]]", "curve.zones: found [[0.5, 0]]"),
    ],
)
def test_an_error_names_the_place_what_was_found_and_what_was_expected(
    old: str, new: str, sentence: str
) -> None:
    assert old in RULE
    with pytest.raises(GameError) as error:
        parsed(RULE.replace(old, new), "a.toml")
    assert sentence in str(error.value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (RULE.replace("[0.7, 50]", "[0.5, 50]"), "a jump or a step back at 0.5"),
        (RULE.replace("[0.7, 50]", "[0.501, 50]"), "a cliff from 0.5 to 0.501"),
        (RULE.replace("[0.85, 100]", "[0.85, 20]"), "points that do not follow the value"),
        (RULE.replace("resolved_first_contacts", "paused_seconds"), "rewards for bare presence"),
        (RULE.replace("resolved_first_contacts", "adherent_seconds"), "rewards for bare presence"),
        (RULE.replace("resolved_first_contacts", "transferred_calls"), "would shame people"),
        (RULE.replace("resolved_first_contacts", "missed_rings"), "would shame people"),
        (RULE.replace("fewest = 10", 'fewest = 10\nbest_by = "down"'), "would shame people"),
        (RULE.replace('title = "Solved the first time"', 'title = "Not the slowest"'), "the word 'slowest'"),
        (
            RULE.replace('below = "flagged_contacts"\n', "").replace(
                "[adjust]", '[adjust]\nbest_by = "target"'
            ),
            "whoever did nothing",
        ),
        (TIMED, "times compare only for the same work"),
        (TIMED, "time never pays alone"),
        (
            TIMED.replace("fewest = 10", 'fewest = 10\nbest_by = "down"\nmethod = "mix_adjusted"').replace(
                "[[0.5, 0], [0.7, 50], [0.85, 100]]", "[[0.5, 100], [0.7, 50], [0.85, 0]]"
            ),
            "from there on haste pays nothing",
        ),
        (RULE.replace("fewest = 10", 'fewest = 10\nmethod = "own_baseline"'), "else luck is rewarded"),
    ],
)
def test_what_would_hurt_people_is_no_rule(text: str, sentence: str) -> None:
    assert parsed(RULE, "a.toml")  # the rule itself stands
    with pytest.raises(GameError) as error:
        parsed(text, "a.toml")
    assert sentence in str(error.value)
    assert all("; expected " in one for one in error.value.sentences)


def test_handle_time_stands_with_like_work_a_gate_and_a_plateau() -> None:
    fair = (
        TIMED.replace("fewest = 10", 'fewest = 10\nbest_by = "down"\nmethod = "mix_adjusted"').replace(
            "[[0.5, 0], [0.7, 50], [0.85, 100]]", "[[0.6, 100], [0.85, 100], [1.0, 50], [1.15, 0]]"
        )
        + '\n[[gates]]\nabove = "repeated_contacts"\nbelow = "followed_contacts"\nlimit = 0.3\n'
    )
    assert parsed(fair, "a.toml").gated_columns & conduct.QUALITY
    # a limit on speed is no limit on quality
    with pytest.raises(GameError, match="no limit on quality"):
        parsed(
            fair.replace("repeated_contacts", "hold_seconds").replace("followed_contacts", "handled_calls"),
            "a.toml",
        )


# ---- what ships


def test_there_are_as_many_rules_as_promised_and_quality_weighs_most() -> None:
    rules = shipped.rules()
    points = [rule for rule in rules if rule.kind == "points"]
    badges = [rule for rule in rules if rule.kind in ("badge", "streak")]
    assert len(points) >= 12
    assert len(badges) >= 30
    assert {tier.name for rule in badges for tier in rule.tiers} == {"bronze", "silver", "gold"}
    assert sum(rule.is_secret for rule in badges) >= 4
    assert sum(rule.grant.to == "team" for rule in badges) >= 3
    assert sum(rule.is_comeback for rule in badges) >= 3
    assert (
        sum(rule.grant.scope == "best_at_close" and rule.adjust.method == "own_baseline" for rule in badges)
        >= 2
    )
    assert [rule.kind for rule in rules].count("level") == 1
    assert [rule.kind for rule in rules].count("streak") >= 3

    def weight(rule: Rule) -> float:
        assert rule.curve is not None
        assert rule.measure is not None
        return rule.curve.weight_points * PERIODS_A_WEEK[rule.measure.grain]

    good = sum(weight(rule) for rule in points if rule.family in ("quality", "resolution"))
    assert good / sum(weight(rule) for rule in points) >= 0.6


@pytest.mark.parametrize("name", shipped.texts())
def test_every_shipped_rule_tells_its_purpose_and_can_be_written_again(name: str) -> None:
    rule = shipped.texts()[name].rule
    assert rule.purpose.rstrip().endswith(".")
    assert len(rule.purpose.split()) >= 6
    assert rule.owner
    assert rule.title != rule.name
    assert len(rule.description.split()) >= 6
    assert parsed(writing.written(rule), name) == rule


def test_titles_are_told_apart() -> None:
    titles = [text.rule.title for text in shipped.texts().values()]
    assert len(set(titles)) == len(titles)


def test_a_changed_text_is_news_and_blanks_are_none() -> None:
    published = {name: text.spec_text for name, text in shipped.texts().items()}
    assert shipped.changed(published) == ()
    assert shipped.changed({**published, "levels": published["levels"] + "\n \n"}) == ()
    older = {**published, "levels": published["levels"].replace("400", "401")}
    assert [text.rule.name for text in shipped.changed(older)] == ["levels"]
    assert len(shipped.changed({})) == len(published)


# ---- no word of a rule reaches the text of a statement

NASTY = st.one_of(
    st.sampled_from(
        [
            "'; drop table game.ledger; --",
            "$$",
            "\\",
            ":first_date",
            "%s",
            "%(x)s",
            '"',
            "{}",
            "/*",
            "\u202e",
            "🏆",
        ]
    ),
    st.text(st.characters(blacklist_categories=["Cs", "Cc"]), min_size=1, max_size=40),
)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False, width=32)


def texts_of_all_kinds() -> dict[tuple[str, ...], str]:
    """The statement of each shipped rule, as it stands, by its kind and ways."""
    return {
        shape(rule): compiling.compiled(rule, version_number=1, valid_from=START).text
        for rule in shipped.rules()
    }


def shape(rule: Rule) -> tuple[str, ...]:
    grain = rule.measure.grain if rule.measure else ""
    ways = (
        rule.adjust.method,
        str(rule.adjust.is_mixed),
        rule.grant.scope,
        rule.grant.to,
        grain,
        str(rule.statement_name),
    )
    return (
        rule.kind,
        *ways,
        str(bool(rule.gates)),
        str(bool(rule.measure and rule.measure.squares)),
        str(hours(rule)),
    )


def hours(rule: Rule) -> bool:
    return rule.adjust.fewest_hours > 0 or (
        rule.curve is not None and rule.curve.most_points_per_day is not None
    )


@settings(max_examples=60, deadline=None)
@given(
    words=st.lists(NASTY, min_size=6, max_size=6),
    numbers=st.lists(NUMBERS, min_size=4, max_size=4),
    at=st.data(),
)
def test_no_word_and_no_number_of_a_rule_stands_in_its_statement(
    words: list[str], numbers: list[float], at: Any
) -> None:
    rule = at.draw(st.sampled_from(shipped.rules()))
    measure = rule.measure and replace(
        rule.measure, channels=(words[0],), queues=(words[1],), topics=(words[2],)
    )
    strange = replace(
        rule,
        name=words[3],
        title=words[4],
        description=words[5],
        measure=measure,
        adjust=replace(rule.adjust, fewest=numbers[0], fewest_hours=1.0 if hours(rule) else 0.0),
        curve=rule.curve and replace(rule.curve, zones=((numbers[1], 0.0), (numbers[2], numbers[3]))),
        tiers=tuple(replace(tier, at=numbers[1]) for tier in rule.tiers),
        gates=tuple(replace(gate, limit=numbers[2]) for gate in rule.gates),
    )
    known = compiling.compiled(rule, version_number=1, valid_from=START)
    found = compiling.compiled(strange, version_number=7, valid_from=date(2027, 5, 6))
    plain = compiling.compiled(replace(rule, adjust=strange.adjust), version_number=7, valid_from=START)
    assert found.text == plain.text
    assert set(found.parameters) == set(known.parameters)


def test_the_texts_are_made_of_the_parts_alone() -> None:
    parts = {path.stem: path.read_text(encoding="utf-8").strip() for path in PARTS.glob("*.sql")}
    for rule in shipped.rules():
        text = compiling.compiled(rule, version_number=2, valid_from=START).text
        if rule.statement_name is not None:
            continue
        left = text
        for part in sorted(parts.values(), key=len, reverse=True):
            left = left.replace(part, "")
        assert re.fullmatch(r"with ([a-z_]+ as \(\s*\),?\s*)+", left), left


def test_every_parameter_that_a_part_asks_for_is_given() -> None:
    given_names = {
        *compiling.compiled(shipped.rules()[0], version_number=1, valid_from=START).parameters,
        "first_date",
        "last_date",
    }
    for path in (*PARTS.glob("*.sql"), *(PARTS.parent / "badges").glob("*.sql")):
        asked = set(re.findall(r"(?<!:):([a-z_0-9]+)", path.read_text(encoding="utf-8")))
        assert asked <= given_names | {"agent_ids"}, path.name


def test_a_column_that_is_not_on_the_list_is_refused_even_without_a_text() -> None:
    rule = parsed(RULE, "a.toml")
    assert rule.measure is not None
    strange = replace(rule, measure=replace(rule.measure, above=(Term("pg_sleep(10)"),)))
    with pytest.raises(GameError, match="columns of the list"):
        compiling.compiled(strange, version_number=1, valid_from=START)


# ---- the document


def examples() -> list[str]:
    return re.findall(r"```toml\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.S)


def test_the_document_has_examples_and_each_can_be_read() -> None:
    found = [parsed(text, f"example {number}") for number, text in enumerate(examples(), 1)]
    assert {rule.kind for rule in found} == set(spec.KINDS)
    assert any(rule.statement_name for rule in found)


def test_the_document_names_every_column_and_every_choice() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    words = {
        *COLUMNS,
        *spec.METHODS,
        *spec.GRAINS,
        *spec.SCOPES,
        *spec.BACKFILLS,
        *spec.REVOKES,
        *spec.FAMILIES,
        *spec.GUARDS,
    }
    assert [word for word in sorted(words) if f"`{word}`" not in text] == []


# ---- LiveAgent


def test_levels_of_liveagent_are_taken_over_where_they_are_fair() -> None:
    rows = [
        {
            "name": "Professional",
            "description": "You are good.",
            "condition": "$answers > 500 || $chats >= 500",
        },
        {"name": "Wizard", "description": "", "condition": "($answers > 5000)"},
        {"name": "King", "description": "", "condition": "$answers>20000"},
        {"name": "Voice", "description": "", "condition": "$calls + $chats > 99"},
    ]
    found = [one for one in liveagent.imported(rows) if isinstance(one, Rule)]
    drawn = [
        (
            rule.name,
            [term.column_name for term in rule.measure.above],
            rule.measure.channels,
            rule.tiers[0].name,
            rule.tiers[0].at,
        )
        for rule in found
        if rule.measure is not None
    ]
    assert drawn == [
        ("liveagent-professional", ["solved_tickets", "reopened_tickets"], (), "bronze", 501),
        ("liveagent-professional-2", ["handled_calls"], ("chat",), "bronze", 500),
        ("liveagent-wizard", ["solved_tickets", "reopened_tickets"], (), "silver", 5001),
        ("liveagent-king", ["solved_tickets", "reopened_tickets"], (), "gold", 20001),
        ("liveagent-voice", ["handled_calls"], ("call", "chat"), "bronze", 100),
    ]
    for rule in found:
        assert parsed(writing.written(rule), rule.name) == rule


@pytest.mark.parametrize(
    ("name", "condition", "reason"),
    [
        ("Siesta", "", "who is paused longest"),
        ("Coffee", "", "who takes most breaks"),
        ("Traffic controller", "", "who passes on most"),
        ("Sitter", "$worktime > 1000", "bare presence"),
        ("Sprinter", "$calls_ph > 20", "haste"),
        ("Talker", "$call_seconds > 100000", "long calls"),
        ("Rebuked", "$punishments > 3", "a game that shames"),
        ("Missed", "$missed_calls < 3", "a game that shames"),
        ("Liked", "$rewards_p > 90", "luck"),
        ("Both", "$answers > 5 && $calls > 3", "two things at once"),
        ("Ratio", "$answers / $calls > 3", "expected a sum"),
        ("Mixed", "$answers + $calls > 3", "different kinds of work"),
        ("Empty", "", "no condition"),
        ("The worst", "$answers > 3", "the word 'worst'"),
        ("Unknown", "$sales > 3", "not counted here"),
        ("Less", "$answers - $calls > 3", "taken away"),
    ],
)
def test_what_is_unfair_in_liveagent_is_refused_with_a_sentence(
    name: str, condition: str, reason: str
) -> None:
    (sentence,) = liveagent.imported([{"name": name, "description": "", "condition": condition}])
    assert isinstance(sentence, str)
    assert sentence.startswith(f"'{name}' was not taken over: ")
    assert reason in sentence
    assert sentence.endswith(".")


def test_every_variable_of_liveagent_is_taken_over_or_refused() -> None:
    known = (
        "worktime answers answers_ph chats chats_ph missed_chats chat_answers chat_answers_ph calls calls_ph"
    )
    more = "call_seconds call_seconds_ph missed_calls rewards rewards_p punishments punishments_p not_ranked not_ranked_p"
    assert {*known.split(), *more.split()} == {*liveagent.COUNTED, *liveagent.REFUSED}


@given(st.lists(st.fixed_dictionaries({"name": NASTY, "condition": NASTY}), max_size=3))
@settings(max_examples=50, deadline=None)
def test_whatever_stands_in_a_level_it_is_a_rule_or_a_sentence(rows: list[dict[str, str]]) -> None:
    for one in liveagent.imported(rows):
        if isinstance(one, Rule):
            assert parsed(writing.written(one), "x").tiers[0].at >= 1


def test_tiers_grow_harder() -> None:
    for rule in shipped.rules():
        sign = -1 if rule.value_way == "down" else 1
        assert all(sign * (harder.at - easier.at) > 0 for easier, harder in pairwise(rule.tiers)), rule.name
