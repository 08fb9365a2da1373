"""What stands on the review desk, as blocks: the sample, a contact's way, a review and its earlier states, coaching, forms.

In: the frames of the questions about quality. Out: blocks for `board.show`.
The rule it guards: how a sample was drawn and how a score is reckoned stand beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from urllib.parse import urlencode

import polars as pl

from dashboard import board, words
from dashboard.board import Block, Row, column
from dashboard.quality import review_score
from dashboard.quality.quality_view import contact_address, score_text
from dashboard.words import t, t_count


def sample_heading(sample: pl.DataFrame, week_date: date, *, zone_name: str) -> Block:
    """How the week's sample was drawn, so that anybody can draw it again."""
    title = t("Sample of the week from {day}", day=words.day(week_date))
    if sample.is_empty():
        lead = t("Not drawn yet.")
        return {"kind": "section", "title": title, "lead": lead}
    row = sample.row(0, named=True)
    done = sample.filter(pl.col("review_id").is_not_null()).height
    lead = t(
        "{n} of each agent, {done} of {all} reviewed. Drawn {day} by {name} with the seed “{seed}”: every handled contact "
        "of an agent had the same chance, spread over queues and hours.",
        n=row["contacts_per_agent_number"],
        done=words.number(done),
        all=words.number(sample.height),
        day=words.moment(row["drawn_at"], zone_name).rpartition(":")[0],
        name=words.name(row["viewer_name"]),
        seed=row["seed_name"],
    )
    return {"kind": "section", "title": title, "lead": lead}


def sample_table(sample: pl.DataFrame, *, zone_name: str) -> Block:
    """The drawn contacts by agent; each leads to its review, or to the desk where it is written."""
    rows = []
    for row in sample.iter_rows(named=True):
        place = urlencode({"view": "review", "contact": row["contact_id"], "source": row["source_name"]})
        is_done = row["review_id"] is not None
        here = (
            f"quality?{urlencode({'view': 'review', 'review': row['review_id']})}"
            if is_done
            else f"quality?{place}"
        )
        rows.append(
            {
                "key": f"{row['source_name']}-{row['contact_id']}",
                "cells": [
                    words.name(row["agent_name"]),
                    words.moment(row["offered_at"], zone_name).rpartition(":")[0],
                    words.name(row["queue_name"]),
                    board.leading(row["contact_id"], contact_address(row["source_name"], row["contact_id"])),
                    t("1 of {n}", n=words.number(row["candidate_count"])),
                    board.leading(
                        t("Reviewed by {name}", name=words.name(row["reviewer_name"]))
                        if is_done
                        else t("Review it"),
                        here,
                    ),
                ],
            }
        )
    columns = [
        column(t("Agent")),
        column(t("When"), wide=True),
        column(t("Queue"), wide=True),
        column(t("Contact"), wide=True),
        column(t("Drawn from"), "end", wide=True),
        column(t("Review")),
    ]
    return board.table(
        t("The sample"),
        columns,
        rows,
        nothing=t("Draw the week's sample below; nobody then chooses what is listened to."),
    )


def few_of(sample: pl.DataFrame) -> Block | None:
    """Says which agents had fewer contacts than were asked for."""
    if sample.is_empty():
        return None
    wanted = int(sample[0, "contacts_per_agent_number"])
    counts = sample.group_by("agent_name", "agent_id").len().filter(pl.col("len") < wanted).sort("agent_name")
    if counts.is_empty():
        return None
    names = ", ".join(f"{words.name(name)} ({n})" for name, _, n in counts.iter_rows())
    title = t_count("{n} agent handled fewer than were asked for", "{n} agents handled fewer than were asked for",
                    counts.height)  # fmt: skip
    return board.notice("none", title, t("All of theirs are in the sample: {names}.", names=names))


def coaching_table(notes: pl.DataFrame) -> Block:
    """What was agreed with whom, open ones first."""
    rows = [
        {
            "key": str(row["note_id"]),
            "tone": "near" if row["is_overdue"] else "none",
            "cells": [
                words.name(row["agent_name"]),
                row["comment_text"] or words.UNKNOWN,
                row["action_text"] or words.UNKNOWN,
                board.leading(row["contact_id"], contact_address(row["source_name"], row["contact_id"]))
                if row["contact_id"]
                else words.UNKNOWN,
                words.short_day(row["due_date"]),
                _note_status(row),
                words.name(row["viewer_name"]),
            ],
        }
        for row in notes.iter_rows(named=True)
    ]
    columns = [
        column(t("Agent")),
        column(t("What was seen"), "text"),
        column(t("What was agreed"), "text"),
        column(t("Contact"), wide=True),
        column(t("Due"), wide=True),
        column(t("Status")),
        column(t("Written by"), wide=True),
    ]
    return board.table(
        t("Coaching"),
        columns,
        rows,
        nothing=t("Nothing was agreed yet. Write the first note below; agent and supervisor see it here."),
        title=t("Coaching"),
        lead=t("What was agreed with whom; open ones first, by the day they are due."),
    )


def _note_status(row: Row) -> Block:
    if row["done_date"] is not None:
        return board.status("good", t("done {day}", day=words.short_day(row["done_date"])))
    if row["is_overdue"]:
        return board.status("off", t("overdue"))
    return board.status("near", t("open"))


def form_table(forms: pl.DataFrame, form_id: int, version_number: int) -> Block:
    """One version of a form: sections, questions, weights, and which questions are critical."""
    part = forms.filter((pl.col("form_id") == form_id) & (pl.col("version_number") == version_number))
    weight = int(part["weight_number"].sum())
    rows = [
        {
            "key": str(row["question_number"]),
            "cells": [
                row["section_name"],
                row["question_text"],
                kind_words()[row["answer_kind_name"]],
                board.amount(
                    t("{weight} of {all}", weight=row["weight_number"], all=weight),
                    row["weight_number"] / weight if weight else None,
                ),
                board.status("off", t("fails the whole")) if row["is_critical"] else words.UNKNOWN,
            ],
        }
        for row in part.iter_rows(named=True)
    ]
    columns = [
        column(t("Section")),
        column(t("Question"), "text"),
        column(t("Answer"), wide=True),
        column(t("Weight"), "end"),
        column(t("Critical"), wide=True),
    ]
    title = t("{form}, version {n}", form=part[0, "form_name"] if part.height else "", n=version_number)
    lead = t(
        "Score = 100 × sum of weight × answer / sum of weight × 5; what is not applicable leaves both sums."
    )
    return board.table(title, columns, rows, nothing=t("This form has no question."), title=title, lead=lead)


def kind_words() -> Mapping[str, str]:
    """How a question is answered."""
    return {"yes_no": t("yes or no"), "scale_5": t("0 to 5")}


def answer_word(kind_name: str, answer: float | None) -> str:
    """An answer as it reads: yes, no, 0 to 5, or not applicable."""
    if answer is None:
        return t("not applicable")
    if kind_name == "yes_no":
        return t("yes") if answer else t("no")
    return words.number(answer)


def no_forms() -> Block:
    """The desk before there is a form."""
    steps = [
        t("Open Forms, take over the suggested questions or write your own, and save."),
        t("Then draw a sample and review it."),
    ]
    return board.notice(
        "none",
        t("There is no review form yet."),
        t("A review needs questions to answer."),
        steps=steps,
        page=True,
    )


def journey_table(journey: pl.DataFrame, *, zone_name: str) -> Block:
    """What the contact went through, leg by leg; each leads to the whole contact."""
    rows = [
        {
            "key": f"{row['source_name']}-{row['record_id']}-{place}",
            "cells": [
                board.leading(
                    words.moment(row["started_at"], zone_name),
                    contact_address(row["source_name"], row["contact_id"]),
                ),
                words.name(row["queue_name"]) if row["queue_name"] else words.UNKNOWN,
                words.name(row["agent_name"]) if row["agent_name"] else words.UNKNOWN,
                words.duration(row["wait_seconds"]),
                words.duration(_lasted(row)),
                t(row["outcome_name"].replace("_", " ")),
            ],
        }
        for place, row in enumerate(journey.iter_rows(named=True))
    ]
    columns = [
        column(t("Began")),
        column(t("Queue or group")),
        column(t("Agent")),
        column(t("Wait"), "end", wide=True),
        column(t("Lasted"), "end", wide=True),
        column(t("Outcome"), wide=True),
    ]
    title = t("The contact")
    return board.table(title, columns, rows, nothing=t("This contact is not known any more."), title=title)


def _lasted(row: Row) -> float | None:
    if row["answered_at"] is None or row["ended_at"] is None:
        return None
    return float((row["ended_at"] - row["answered_at"]).total_seconds())


def review_tiles(state: pl.DataFrame, *, zone_name: str) -> list[Block]:
    """The score of a review with the way it is reckoned, who wrote it about whom, and which state this is."""
    row = state.row(0, named=True)
    questions, given = questions_of(state), answers_of(state)
    found = review_score.score(questions, given)
    reckoned = review_score.formula(questions, given) or t("nothing was applicable")
    return [
        {
            "key": "score",
            "units": 2,
            "label": t("Score"),
            "value": score_text(found.total_score),
            "unit": t("of 100"),
            "status": board.status("off", t("a critical question failed")) if found.is_failed else None,
            "more": reckoned,
            "tip": t("Weight times answer, of weight times 5; what is not applicable leaves both sums. A failed critical "
                     "question makes the whole 0."),
        },
        {"key": "agent", "units": 1, "label": t("Agent"), "value": words.name(row["agent_name"]),
         "more": t("{form}, version {n}", form=row["form_name"], n=row["version_number"])},
        {"key": "reviewer", "units": 1, "label": t("Reviewer"), "value": words.name(row["reviewer_name"]),
         "more": t("{day} · state {n}", day=words.moment(row["saved_at"], zone_name).rpartition(":")[0],
                   n=row["save_number"])},
    ]  # fmt: skip


def questions_of(state: pl.DataFrame) -> list[review_score.Question]:
    """The questions of one state of a review."""
    return [
        review_score.Question(
            row["question_number"], row["section_name"], row["question_text"], row["answer_kind_name"], row["weight_number"],
            row["is_critical"],
        )
        for row in state.iter_rows(named=True)
    ]  # fmt: skip


def answers_of(state: pl.DataFrame) -> dict[int, int | None]:
    """The answers of one state of a review by the question's number."""
    return {
        row["question_number"]: None if row["answer_score"] is None else int(row["answer_score"])
        for row in state.iter_rows(named=True)
    }


def answer_table(state: pl.DataFrame) -> Block:
    """Question by question: answer, weight and remark."""
    rows = [
        {
            "key": str(row["question_number"]),
            "tone": "off" if row["is_critical"] and row["answer_score"] == 0 else "none",
            "cells": [
                row["section_name"],
                row["question_text"],
                answer_word(row["answer_kind_name"], row["answer_score"]),
                words.number(row["weight_number"]),
                row["comment_text"] or words.UNKNOWN,
            ],
        }
        for row in state.iter_rows(named=True)
    ]
    columns = [
        column(t("Section"), wide=True),
        column(t("Question"), "text"),
        column(t("Answer")),
        column(t("Weight"), "end", wide=True),
        column(t("Remark"), "text", wide=True),
    ]
    title = t("Answers")
    return board.table(title, columns, rows, nothing="", title=title, lead=state[0, "review_text"] or "")


def history_table(states: pl.DataFrame, *, zone_name: str) -> Block:
    """Every state in which the review was saved, the last first, with what changed in it."""
    parts = states.partition_by("save_number", maintain_order=True)
    rows = []
    for place, part in enumerate(parts):
        row = part.row(0, named=True)
        found = review_score.score(questions_of(part), answers_of(part))
        before = parts[place + 1] if place + 1 < len(parts) else None
        rows.append(
            {
                "key": str(row["save_number"]),
                "cells": [
                    t("State {n}", n=row["save_number"]),
                    words.moment(row["saved_at"], zone_name).rpartition(":")[0],
                    words.name(row["viewer_name"]),
                    words.UNKNOWN if row["is_removed"] else score_text(found.total_score),
                    _changes(part, before),
                ],
            }
        )
    columns = [
        column(t("State")),
        column(t("Saved")),
        column(t("By")),
        column(t("Score"), "end"),
        column(t("What changed"), "text"),
    ]
    return board.table(
        t("History"), columns, rows, nothing="", title=t("History"), lead=t("Nothing is overwritten.")
    )


def _changes(part: pl.DataFrame, before: pl.DataFrame | None) -> str:
    if before is None:
        return t("written")
    if part[0, "is_removed"]:
        return t("taken back")
    told = [
        f"{new['question_text']}: {answer_word(new['answer_kind_name'], old['answer_score'])} → "
        f"{answer_word(new['answer_kind_name'], new['answer_score'])}"
        for new, old in zip(part.to_dicts(), before.to_dicts(), strict=True)
        if new["answer_score"] != old["answer_score"]
    ]
    if part[0, "review_text"] != before[0, "review_text"] or not part["comment_text"].equals(
        before["comment_text"], null_equal=True
    ):
        told.append(t("the words"))
    return "; ".join(told) or t("nothing")
