"""Makes the score of a review of its answers and the weights of its form.

In: the questions of a version of a form, and one answer for each. Out: earned and possible points, and whether it failed.
The rule it guards: what was not applicable leaves both sides of the ratio, and a failed critical question fails the whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

BEST = 5
KINDS = ("yes_no", "scale_5")


@dataclass(frozen=True, slots=True)
class Question:
    """One question of a form. weight: its share of the score; a critical one that is answered no, or 0, fails the review."""

    number: int
    section_name: str
    text: str
    kind: str
    weight: int
    is_critical: bool = False
    is_skippable: bool = True


@dataclass(frozen=True, slots=True)
class Score:
    """Points of a review: weight times answer (0 to 5), summed over the questions that were applicable."""

    earned_points: int
    possible_points: int
    is_failed: bool

    @property
    def total_score(self) -> float | None:
        """0 to 100: earned of possible; 0 where a critical question failed, None where nothing was applicable."""
        if self.is_failed:
            return 0.0
        return 100 * self.earned_points / self.possible_points if self.possible_points else None


SUGGESTED = (
    Question(1, "Opening", "Greeted, and said who is speaking", "yes_no", 5),
    Question(
        2,
        "Opening",
        "Made sure who the customer is before speaking of an account",
        "yes_no",
        10,
        is_critical=True,
    ),
    Question(3, "Understanding", "Found out what the customer needs, by asking and listening", "scale_5", 20),
    Question(4, "Solution", "The answer was right and complete", "scale_5", 30),
    Question(5, "Solution", "Said what happens next, and by when", "scale_5", 15),
    Question(6, "Manner", "Friendly, clear, in the customer's words", "scale_5", 15),
    Question(7, "Close", "Wrote down what the next colleague needs to know", "yes_no", 5),
)
"""Questions to begin with, for any contact with a customer."""


def score(questions: Sequence[Question], answers: Mapping[int, int | None]) -> Score:
    """The score of these answers, 0 to 5 by the question's number (of yes and no 5 and 0); None is not applicable."""
    asked = [(question, answers.get(question.number)) for question in questions]
    applicable = [(question, answer) for question, answer in asked if answer is not None]
    return Score(
        earned_points=sum(question.weight * answer for question, answer in applicable),
        possible_points=sum(question.weight * BEST for question, _ in applicable),
        is_failed=any(question.is_critical and answer == 0 for question, answer in applicable),
    )


def formula(questions: Sequence[Question], answers: Mapping[int, int | None]) -> str:
    """The score as it is reckoned, in numbers: "(10x5 + 5x3) / (10x5 + 5x5) = 65 / 75"."""
    applicable = [(q, a) for q in questions if (a := answers.get(q.number)) is not None]
    if not applicable:
        return ""
    above = " + ".join(f"{question.weight}×{answer}" for question, answer in applicable)
    below = " + ".join(f"{question.weight}×{BEST}" for question, _ in applicable)
    found = score(questions, answers)
    return f"({above}) / ({below}) = {found.earned_points} / {found.possible_points}"


def form_faults(questions: Sequence[Question]) -> list[str]:
    """What keeps these questions from being a form, each as a sentence."""
    faults = []
    if not questions:
        faults.append("The form has no question; write at least one.")
    for place, question in enumerate(questions, start=1):
        if not question.text.strip():
            faults.append(f"Question {place} has no text; write what the reviewer is to look at.")
        if not question.section_name.strip():
            faults.append(f"Question {place} has no section; name one, such as Greeting.")
        if question.kind not in KINDS:
            faults.append(
                f'Question {place} has the answer kind "{question.kind}"; expected one of {", ".join(KINDS)}.'
            )
        if not 0 <= question.weight <= 100:
            faults.append(f"Question {place} weighs {question.weight}; expected 0 to 100.")
    if questions and not any(question.weight for question in questions):
        faults.append(
            "No question has a weight, so there would be no score; give at least one a weight above 0."
        )
    return faults


def answer_faults(questions: Sequence[Question], answers: Mapping[int, int | None]) -> list[str]:
    """What keeps these answers from being a review, each as a sentence; a question that is missing was not answered."""
    faults = []
    for question in questions:
        if question.number not in answers:
            faults.append(f'"{question.text}" has no answer; answer it, or mark it as not applicable.')
            continue
        answer = answers[question.number]
        if answer is None and not question.is_skippable:
            faults.append(f'"{question.text}" cannot be left out as not applicable; answer it.')
        elif answer is not None and (
            answer not in range(BEST + 1) or (question.kind == "yes_no" and answer not in (0, BEST))
        ):
            faults.append(f'"{question.text}" was answered {answer}; expected 0 to 5, of yes and no 5 or 0.')
    return faults
