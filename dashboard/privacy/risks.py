"""What can go wrong for the people whose work is counted, what is done against it, and which tests show that.

In: nothing. Out: the risks with their measures, and why this is, or is not, an AI system.
The rule it guards: a measure stands here only with a test that shows it.
"""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.words import t


@dataclass(frozen=True, slots=True)
class Risk:
    """One thing that can go wrong, and what is done against it."""

    title: str
    measure: str
    tests: tuple[str, ...]


def risks() -> list[Risk]:
    """The risks, the gravest for a person first."""
    return [
        Risk(
            t("People are watched all day by figures that nobody needs"),
            t(
                "Figures of single agents are off until the policy names them with a purpose. What is off is not counted, "
                "not stored and not answered for a single agent; switching off deletes what was stored."
            ),
            (
                "tests/db/test_policy.py::test_a_family_that_is_off_is_stored_for_no_agent_and_takes_nothing_else_along",
                "tests/db/test_policy.py::test_one_agent_cannot_be_asked_about_what_is_off",
            ),
        ),
        Risk(
            t("A score has a consequence that no human has weighed"),
            t(
                "Nothing acts on a person because of a figure: alerts and goals are of queues, teams and the floor, and "
                "only notify; no account, shift, queue or message is changed or sent by a score."
            ),
            (
                "tests/unit/test_policy.py::test_no_code_acts_on_a_person_because_of_a_figure",
                "tests/db/test_policy.py::test_no_goal_and_no_alert_can_be_about_one_agent",
            ),
        ),
        Risk(
            t("Somebody sees figures of people who are not theirs to see"),
            t(
                "The database itself finds the rows of each role: agents their own, supervisors their teams', executives "
                "and wall displays sums alone. A page that forgot to ask would read nothing."
            ),
            (
                "tests/db/test_rights.py::test_each_role_finds_the_calls_of_whom_it_sees_and_no_other",
                "tests/db/test_rights.py::test_there_is_no_way_past_the_policies",
            ),
        ),
        Risk(
            t("A sum of few people gives one of them away"),
            t(
                "Figures about the work of agents are told of groups that are large enough alone, and those from which a "
                "small group could be worked out are kept back too."
            ),
            (
                "tests/db/test_small_groups.py::test_of_500_organisations_no_cell_of_fewer_than_five_can_be_worked_out",
            ),
        ),
        Risk(
            t("A name stands on a board against the person's will"),
            t(
                "Names come to boards by consent alone; it can be taken back at any time, by the person alone."
            ),
            ("tests/db/test_own_data.py::test_a_wall_reads_names_through_the_consents_alone",),
        ),
        Risk(
            t("A caller is found by the number"),
            t(
                "Numbers are kept as a keyed hash; the key lies outside of the database. What refused rows and free "
                "words hold of numbers is masked."
            ),
            ("tests/unit/test_customer_key.py::test_two_customers_never_share_a_key",),
        ),
        Risk(
            t("Data is kept for longer than it is needed"),
            t(
                "Every table has its limit; the load deletes every night what is older, and it does not come back."
            ),
            ("tests/db/test_retention.py::test_nothing_is_older_than_its_limit_in_any_table",),
        ),
        Risk(
            t("Somebody who was erased comes back"),
            t("The list of erasures is applied again after a restore and before every load."),
            ("tests/db/test_erasure.py::test_yesterdays_backup_brings_nobody_back",),
        ),
        Risk(
            t("A figure is wrong and nobody notices"),
            t(
                "Every number opens the rows behind it, has its definition beside it, and can be counted anew; every agent "
                "can take along all that is kept about them."
            ),
            (
                "tests/app/test_every_number.py::test_every_number_of_a_page_is_what_its_list_adds_up_to",
                "tests/db/test_own_data.py::test_the_archive_holds_each_row_of_the_person_and_no_trace_of_others",
            ),
        ),
        Risk(
            t("Somebody's account is used by another"),
            t(
                "Sessions end by time, sign-out and at once when an account is closed; guesses are slowed down; the cookie "
                "is read by no script."
            ),
            (
                "tests/db/test_door.py::test_a_closed_account_loses_its_open_sessions_at_once",
                "tests/db/test_door.py::test_the_eleventh_try_within_a_minute_has_to_wait_even_with_the_right_password",
            ),
        ),
    ]


def ai_lines() -> list[str]:
    """Why this is, or is not, an AI system in the sense of Regulation (EU) 2024/1689, point by point."""
    return [
        t(
            "What would make it one (Article 3): a system that infers from its input how to make predictions, "
            "recommendations or decisions, with some autonomy."
        ),
        t(
            "Every figure of a person here is a sum, a count or a ratio whose formula people wrote; it stands on the page "
            "Definitions. No model is trained on people, nobody is ranked or sorted into classes by one, and nothing learns "
            "from what anybody does."
        ),
        t(
            "Forecasts are of contacts in a queue, made of its own past weeks. They are of no person; still, a statistical "
            "forecast can be counted as inference. Whoever wants to be sure leaves them out."
        ),
        t(
            "Emotions, voices, faces and key strokes are not read; what customers write is shown, and not judged."
        ),
        t("Nothing is decided: see the risks above. A person who leads people weighs what the figures say."),
        t(
            "Systems that rate people's performance at work are named in Annex III, point 4, of that Regulation. A works "
            "council or an authority may see it differently than these lines do; the duty to tell workers before use holds "
            "by labour law in any case."
        ),
    ]
