"""What callers of the simulated floor say afterwards, and how listeners judge the call: surveys, reviews, remarks.

In: the seed and a call that is over: who called whom in which queue, how long the caller waited. Out: the lines of the
survey tool's and of the listeners' export (JSON lines), each with its second.
The rule it guards: an answer depends on nothing but the seed and its call; it disturbs no call, and every word is invented.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from random import Random

from etl.simulation.floor_plan import AGENTS, RUSSIAN

ANSWER_RATIO = 0.18  # callers who answer the survey that follows a call
REVIEW_RATIO = 0.012  # calls that the other system's listeners judge
COMMENT_RATIO = 0.34
HOUR, DAY = 3600, 86_400
LISTENERS = ("Helve Raud", "Ott Saar", "Marge Lill")
GOOD = (
    "Quick and friendly, thank you.",
    "She knew at once what was wrong.",
    "Solved in one call. I did not expect that.",
    "He took his time and explained every step.",
    "Very clear, no waiting, all done.",
    "Called me back as promised.",
    "Kind voice, good advice.",
)
MIDDLE = (
    "In the end it worked, but I had to explain everything twice.",
    "Friendly, only the wait was long.",
    "Helpful, though I still wait for the e-mail.",
    "It was fine.",
    "The answer was right, the music is not.",
)
BAD = (
    "I was passed on twice and told the same story each time.",
    "Still no refund. Third call about it.",
    "Waited far too long.",
    "Nobody could tell me when it will be repaired.",
    "The agent wanted to end the call, not to help.",
    "They promised to call back. Nobody did.",
    "The invoice is still wrong.",
)
RUSSIAN_WORDS = {
    "good": ("Спасибо, всё быстро решили.", "Очень вежливо и понятно."),
    "middle": ("Помогли, но ждать пришлось долго.",),
    "bad": ("Проблема не решена, звоню второй раз.", "Слишком долго ждал ответа."),
}
REMARKS = (
    "Asked good questions before answering.",
    "Found the cause at once.",
    "Did not say what happens next.",
    "Interrupted the customer twice.",
    "Notes are complete.",
    "Verified the customer as agreed.",
)


def told_of_call(
    seed: int, *, call_id: str, queue: int, agent: int, wait_seconds: int, at: int
) -> Iterator[tuple[int, str, str]]:
    """What follows a call that ended at a second: (second, "survey" or "review", line of the export); often nothing."""
    random = Random(f"{seed}/voice/{call_id}")
    good = _goodness(seed, agent, wait_seconds, random)
    if random.random() < ANSWER_RATIO:
        answered = at + min(int(random.lognormvariate(6.5, 1.4)), 3 * DAY)
        yield answered, "survey", _survey(call_id, queue, answered, good, random)
    if random.random() < REVIEW_RATIO:
        judged = at + random.randint(DAY, 4 * DAY)
        yield judged, "review", _review(call_id, agent, judged, good, random)


def _goodness(seed: int, agent: int, wait_seconds: int, random: Random) -> float:
    """How good the call was to the caller, from 0 to 1: the agent's way, the wait, and what no plan foresees."""
    way = Random(f"{seed}/way/{agent}").gauss(0.77, 0.07)
    return max(0.0, min(1.0, random.gauss(way, 0.22) - min(wait_seconds, 600) / 2000))


def _survey(call_id: str, queue: int, at: int, good: float, random: Random) -> str:
    csat = 5 if good > 0.75 else 4 if good > 0.58 else 3 if good > 0.44 else 2 if good > 0.3 else 1
    nps = max(0, min(10, round(good * 11.5 + random.gauss(0, 0.9))))
    kind = random.choices(("both", "csat", "nps"), (0.8, 0.14, 0.06))[0]
    level = "good" if csat >= 4 else "middle" if csat == 3 else "bad"
    chance = COMMENT_RATIO * (1.5 if level == "bad" else 1)
    words = {"good": GOOD, "middle": MIDDLE, "bad": BAD} if queue != RUSSIAN else RUSSIAN_WORDS
    told = {
        "survey": f"S{call_id.replace('.', '-')}",
        "time": instant_text(at),
        "call": call_id,
        "csat": csat if kind != "nps" else None,
        "nps": nps if kind != "csat" else None,
        "resolved": (random.random() < 0.35 + 0.6 * good) if random.random() < 0.8 else None,
        "comment": random.choice(words[level]) if random.random() < chance else None,
    }
    return json_line(told)


def _review(call_id: str, agent: int, at: int, good: float, random: Random) -> str:
    score = round(max(0.0, min(100.0, 62 + 36 * good + random.gauss(0, 5))))
    told = {
        "review": f"R{call_id.replace('.', '-')}",
        "time": instant_text(at),
        "call": call_id,
        "agent": AGENTS[agent].name,
        "score": score,
        "failed": score < 60,
        "by": random.choice(LISTENERS),
        "form": "Listening in",
        "comment": random.choice(REMARKS),
    }
    return json_line(told)


def judged(seed: int, contact_id: str, reviewer: str, questions: int) -> list[int | None]:
    """How a reviewer of the house answers each question about a contact: 0 to 5, None for not applicable."""
    contact = Random(f"{seed}/contact/{contact_id}")
    eye = Random(f"{seed}/eye/{reviewer}").gauss(0, 0.35)
    found: list[int | None] = []
    for number in range(questions):
        level = contact.gauss(4.1, 0.8)
        random = Random(f"{seed}/judged/{contact_id}/{reviewer}/{number}")
        found.append(
            None if random.random() < 0.06 else max(1, min(5, round(level + eye + random.gauss(0, 0.4))))
        )
    return found


def remark(seed: int, contact_id: str) -> str:
    """What a reviewer writes about a contact as a whole."""
    return Random(f"{seed}/remark/{contact_id}").choice(REMARKS)


def chance(seed: int, word: str, share: float) -> bool:
    """A draw that the seed and the word decide: true for that share of words."""
    return Random(f"{seed}/draw/{word}").random() < share


def instant_text(at: int) -> str:
    """A second as the exports write it."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def json_line(told: Mapping[str, object]) -> str:
    """One line of an export."""
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")) + "\n"
