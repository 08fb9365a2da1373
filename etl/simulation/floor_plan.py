"""The invented contact centre of the demo: its queues, agents, shifts, and how many callers each hour brings.

In: a seed, a local day, and the site's time zone. Out: plain data: queues, agents, the shifts of a day with
their breaks, and the expected calls per hour of a queue at an instant. Nothing here remembers anything: the
same seed and day give the same answer, so a floor that was stopped and started again sees the same world.
The rule it guards: every name and every telephone number is invented, and every figure of the demo's world
(demand, patience, pace, shifts) stands here and nowhere else.
"""

import math
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from random import Random
from zoneinfo import ZoneInfo

SALES, BILLING, SUPPORT, TECHNICAL, RETENTION, VIP, RUSSIAN, NIGHT = range(8)

Curve = tuple[float, ...]

# Share of the busiest hour that each local hour brings, midnight first: one row per six hours.
OFFICE: Curve = (
    *(0, 0, 0, 0, 0, 0),
    *(0, 0.12, 0.5, 0.85, 1, 0.96),
    *(0.95, 0.9, 1.06, 1.04, 0.8, 0.5),
    *(0.28, 0.12, 0, 0, 0, 0),
)
SERVICE: Curve = (
    *(0.05, 0.04, 0.03, 0.03, 0.03, 0.04),
    *(0.08, 0.26, 0.56, 0.86, 1, 0.96),
    *(0.96, 0.88, 1.05, 1.02, 0.86, 0.68),
    *(0.54, 0.44, 0.34, 0.2, 0.1, 0.07),
)
AFTER_DARK: Curve = (
    *(0.8, 0.65, 0.5, 0.42, 0.42, 0.5),
    *(0.65, 0, 0, 0, 0, 0),
    *(0, 0, 0, 0, 0, 0),
    *(0, 0, 0, 1, 1, 0.9),
)
WEEKDAYS = (
    1.08,
    1.02,
    1.0,
    0.98,
    0.95,
    1.0,
    0.85,
)  # Monday first; Saturday and Sunday times the weekend ratio
CALLBACK_RATIO = 0.2  # callers who press 1 for a callback when it is offered to them, if they still wait then
REDIAL_RATIO = 0.35  # callers who hung up and soon try again
REPEAT_RATIO = 0.06  # callers whose matter was not settled and who call again within days


@dataclass(frozen=True, slots=True)
class Queue:
    """One queue: who calls it and when, how long its calls take, where they go unanswered."""

    name: str
    extension: str
    curve: Curve
    peak_calls: float  # expected calls in the busiest hour of an ordinary weekday
    weekend_ratio: float
    talk_seconds: float  # mean of an agent of ordinary pace
    wrap_up_seconds: float
    priority: int  # a free agent takes the waiting call of the highest priority first
    timeout_seconds: int
    overflow: int  # the queue that takes over after a timeout or when nobody is signed in
    blind_ratio: float  # calls passed on without a word
    blind_to: int
    attended_ratio: float  # calls passed on after a consultation


QUEUES = (
    Queue("Sales", "6001", OFFICE, 21, 0.4, 575, 70, 1, 300, SUPPORT, 0.03, BILLING, 0.02),
    Queue("Billing", "6002", OFFICE, 17, 0.25, 460, 60, 1, 360, SUPPORT, 0.04, RETENTION, 0.02),
    Queue("Support", "6003", SERVICE, 25, 0.36, 525, 60, 1, 360, TECHNICAL, 0.06, TECHNICAL, 0.02),
    Queue("Technical support", "6004", SERVICE, 13.5, 0.3, 690, 85, 1, 480, SUPPORT, 0.02, SUPPORT, 0.06),
    Queue("Retention", "6005", OFFICE, 7, 0.2, 620, 80, 2, 300, BILLING, 0.02, BILLING, 0.03),
    Queue("VIP", "6006", SERVICE, 6, 0.3, 520, 65, 5, 240, SUPPORT, 0.03, TECHNICAL, 0.03),
    Queue("Русская линия", "6007", SERVICE, 8.5, 0.36, 490, 55, 2, 300, SUPPORT, 0.04, TECHNICAL, 0.02),
    Queue("Night line", "6008", AFTER_DARK, 13, 1.0, 390, 40, 2, 420, SUPPORT, 0.03, TECHNICAL, 0.02),
)
RING_SECONDS = 18  # an agent's telephone rings this long before the call goes on to the next

# Shift -> local begin and end (an end before the begin is on the next day), minutes by which the begins of
# its agents are staggered, and the share of the shift after which lunch falls due.
SHIFTS = {
    "early": (time(6, 50), time(15, 5), 60, 0.66),
    "day": (time(8, 25), time(17, 5), 75, 0.5),
    "late": (time(12, 45), time(21, 0), 75, 0.4),
    "morning": (time(9, 0), time(13, 0), 30, 0.5),
    "evening": (time(16, 15), time(20, 15), 30, 0.5),
    "night": (time(20, 45), time(7, 30), 0, 0.5),
}

# Team -> queues in the order in which its members sign in to them.
SALES_TEAM = (SALES, RETENTION, BILLING)
SALES_VIP = (SALES, VIP, RETENTION)
BILLING_TEAM = (BILLING, RETENTION, SALES, SUPPORT)
RETENTION_TEAM = (RETENTION, BILLING, SALES, VIP)
CARE = (SUPPORT, BILLING, SALES)
CARE_SALES = (SUPPORT, SALES, VIP)
CARE_TECH = (SUPPORT, TECHNICAL, BILLING)
TECH = (TECHNICAL, SUPPORT)
TECH_VIP = (TECHNICAL, VIP, SUPPORT)
RUSSIAN_CARE = (RUSSIAN, SUPPORT, BILLING, SALES)
RUSSIAN_TECH = (RUSSIAN, TECHNICAL, SUPPORT)
RUSSIAN_SALES = (RUSSIAN, SALES, VIP, BILLING)
NIGHT_CREW = (NIGHT, SUPPORT, TECHNICAL, VIP)
NIGHT_RUSSIAN = (NIGHT, RUSSIAN, SUPPORT, TECHNICAL, VIP)


WEEK, TURNS = "Monday to Friday", "five days of seven, in turns"


@dataclass(frozen=True, slots=True)
class Agent:
    """One agent as hired: the name the PBX writes, the kind of shift, the queues, and the days."""

    name: str
    shift: str
    queues: tuple[int, ...]
    days: str


AGENTS = (
    Agent("Mari Tamm", "early", SALES_TEAM, TURNS),
    Agent("Łukasz Wójcik", "early", SALES_VIP, TURNS),
    Agent("Siobhán Ní Dhuibhir", "early", SALES_TEAM, WEEK),
    Agent("Emma Hartley", "early", BILLING_TEAM, WEEK),
    Agent("Kovács Gergő", "early", BILLING_TEAM, TURNS),
    Agent("Kadri Õunapuu", "early", RETENTION_TEAM, TURNS),
    Agent("王小明", "early", CARE_SALES, TURNS),
    Agent("Ülle Sepp", "early", RUSSIAN_CARE, TURNS),
    Agent("Søren Kjær", "early", CARE_TECH, WEEK),
    Agent("Ilze Bērziņa", "early", RUSSIAN_TECH, TURNS),
    Agent("Zdeněk Dvořák", "early", RUSSIAN_TECH, WEEK),
    Agent("Nguyễn Thị Hằng", "early", TECH_VIP, TURNS),
    Agent("Tõnu Pärn", "early", TECH, TURNS),
    Agent("Анна Соколова", "early", RUSSIAN_CARE, WEEK),
    Agent("Дмитрий Орлов", "early", RUSSIAN_TECH, TURNS),
    Agent("Ants Saar", "early", RUSSIAN_SALES, WEEK),
    Agent("Piret Lepik", "early", CARE_TECH, TURNS),
    Agent("Jürgen Groß", "day", SALES_VIP, WEEK),
    Agent("Liis Rebane", "day", SALES_TEAM, WEEK),
    Agent("Szűcs Ágnes", "day", BILLING_TEAM, WEEK),
    Agent("Νίκος Παπαδάκης", "day", RETENTION_TEAM, WEEK),
    Agent("Grace O'Brien", "day", CARE_TECH, TURNS),
    Agent("Märt Kuusk", "day", RUSSIAN_TECH, TURNS),
    Agent("李雅婷", "day", CARE_TECH, TURNS),
    Agent("Małgorzata Świątek", "day", TECH_VIP, WEEK),
    Agent("Íñigo Muñoz", "day", TECH, WEEK),
    Agent("Ольга Щербакова", "day", RUSSIAN_CARE, TURNS),
    Agent("Rūta Žukauskaitė", "day", RUSSIAN_SALES, TURNS),
    Agent("Þóra Jónsdóttir", "day", CARE_TECH, WEEK),
    Agent("Thomas Whitfield", "late", SALES_TEAM, TURNS),
    Agent("Żaneta Dąbrowska", "late", SALES_VIP, TURNS),
    Agent("Aino Mäkelä", "late", BILLING_TEAM, WEEK),
    Agent("Tóth Bence", "late", BILLING_TEAM, WEEK),
    Agent("João Conceição", "late", RETENTION_TEAM, TURNS),
    Agent("प्रिया शर्मा", "late", CARE_SALES, TURNS),
    Agent('Hannah "Sunny" Clarke', "late", CARE_TECH, TURNS),
    Agent("Jānis Ozoliņš", "late", RUSSIAN_TECH, TURNS),
    Agent("Şebnem Yıldız", "late", TECH, TURNS),
    Agent("陈伟强", "late", TECH_VIP, TURNS),
    Agent("Сергей Ёлкин", "late", RUSSIAN_CARE, TURNS),
    Agent("Наталья Журавлёва", "late", RUSSIAN_SALES, TURNS),
    Agent("Maarja Lõhmus", "late", RUSSIAN_TECH, TURNS),
    Agent("Oliver Prescott", "late", SALES_VIP, WEEK),
    Agent("Őri Dóra", "morning", SALES_TEAM, WEEK),
    Agent("佐藤 美咲", "morning", BILLING_TEAM, WEEK),
    Agent("Chloé Lefèvre", "morning", CARE_TECH, WEEK),
    Agent("Оксана Ґудзь", "morning", RUSSIAN_CARE, WEEK),
    Agent("Jaan Kask", "morning", RUSSIAN_TECH, WEEK),
    Agent("김서연", "evening", CARE_SALES, TURNS),
    Agent("Nagy Eszter", "evening", BILLING_TEAM, WEEK),
    Agent("Väinö Järvinen", "evening", TECH_VIP, TURNS),
    Agent("ليلى حداد", "evening", CARE, WEEK),
    Agent("Игорь Мельник", "evening", RUSSIAN_TECH, TURNS),
    Agent("Åsa Nyström", "night", NIGHT_CREW, TURNS),
    Agent("Paweł Gęsicki", "night", NIGHT_CREW, TURNS),
    Agent("Вера Лебедева", "night", NIGHT_RUSSIAN, TURNS),
    Agent("Lucía Peña", "night", NIGHT_CREW, TURNS),
    Agent("Maksim Põld", "night", NIGHT_RUSSIAN, TURNS),
    Agent("İpek Çağlar", "night", NIGHT_CREW, TURNS),
    Agent("George Ashdown", "night", NIGHT_RUSSIAN, TURNS),
)


@dataclass(frozen=True, slots=True)
class Shift:
    """One agent's presence: begin and end as epoch seconds, and the breaks as (begin, reason, seconds)."""

    agent: int
    begin: int
    end: int
    breaks: tuple[tuple[int, str, int], ...]


@lru_cache(maxsize=128)
def temperaments(seed: int) -> tuple[tuple[float, float], ...]:
    """One (pace, miss ratio) per agent: pace multiplies handle time, misses are rings left unanswered."""
    found = []
    for number in range(len(AGENTS)):
        random = Random(f"{seed}/agent/{number}")
        found.append((random.lognormvariate(0.0, 0.16), random.choice((0.01, 0.02, 0.03, 0.05, 0.09))))
    return tuple(found)


def shifts_of(day: date, zone: ZoneInfo, seed: int) -> list[Shift]:
    """One shift per agent who works on the local day; a night shift belongs to the day on which it begins."""
    shifts = []
    for number, agent in enumerate(AGENTS):
        random = Random(f"{seed}/shift/{number}/{day}")
        is_rostered = day.weekday() < 5
        if agent.days == TURNS:
            is_rostered = (day.toordinal() + 3 * number) % 7 < 5
        year, week, _ = day.isocalendar()
        is_on_leave = Random(f"{seed}/leave/{number}/{year}-{week}").random() < 0.12
        is_sick = random.random() < 0.03
        if not is_rostered or is_on_leave or is_sick:
            continue
        begin_time, end_time, stagger_minutes, lunch_share = SHIFTS[agent.shift]
        end_day = day if end_time > begin_time else day + timedelta(days=1)
        stagger = stagger_minutes * 60 * (number * 2 % 5) // 4
        begin = int(datetime.combine(day, begin_time, zone).timestamp()) + stagger + random.randint(-240, 300)
        end = int(datetime.combine(end_day, end_time, zone).timestamp()) + stagger + random.randint(-60, 420)
        shifts.append(Shift(number, begin, end, _breaks(begin, end, lunch_share, random)))
    return shifts


def _breaks(begin: int, end: int, lunch_share: float, random: Random) -> tuple[tuple[int, str, int], ...]:
    span = end - begin
    wanted = [(0.27, "Break", 720)]
    if span > 6 * 3600:
        wanted += [(lunch_share, "Lunch", 1800), (lunch_share + 0.24, "Break", 780)]
    for reason, ratio, seconds in (("Coaching", 0.14, 1800), ("Meeting", 0.18, 1500), ("Admin", 0.3, 780)):
        if random.random() < ratio:
            wanted.append((random.choice((0.1, 0.4, 0.46, 0.93)), reason, seconds))
    breaks = []
    for place, reason, seconds in sorted(wanted):
        at = begin + int(span * (place + random.uniform(-0.09, 0.09)))
        breaks.append((at, reason, int(seconds * random.uniform(0.8, 1.3))))
    return tuple(breaks)


@lru_cache(maxsize=64)
def weather(day: date, seed: int) -> tuple[tuple[float, ...], tuple[tuple[int, int, int, float], ...]]:
    """A local day's demand: one factor per queue; bursts as (queue, first minute, minutes, factor)."""
    random = Random(f"{seed}/weather/{day}")
    whole_day = random.lognormvariate(0.0, 0.07)
    factors = tuple(whole_day * random.lognormvariate(0.0, 0.09) for _ in QUEUES)
    bursts = []
    if random.random() < 0.3:  # an outage: everybody calls at once
        start, length, factor = random.randint(480, 1200), random.randint(25, 70), random.uniform(1.9, 3.2)
        bursts += [(TECHNICAL, start, length, factor), (SUPPORT, start + 4, length, factor * 0.7)]
    if day.weekday() < 5 and random.random() < 0.22:  # a campaign goes out
        bursts.append((SALES, random.randint(540, 960), random.randint(90, 180), random.uniform(1.4, 1.9)))
    if day.day in (3, 4):  # the invoices of the month have arrived
        bursts.append((BILLING, 540, 480, 1.35))
    return factors, tuple(bursts)


def expected_calls(queue: int, local: datetime, seed: int) -> float:
    """Expected calls per hour of one queue at a local instant, with the day's noise and bursts."""
    entry = QUEUES[queue]
    share, level, next_level = local.minute / 60, entry.curve[local.hour], entry.curve[(local.hour + 1) % 24]
    is_office_weekend = entry.curve is OFFICE and local.weekday() >= 5
    if level <= 0 or (is_office_weekend and not 9 <= local.hour < 18):
        return 0.0  # closed
    if next_level > 0:
        level += (next_level - level) * share
    factors, bursts = weather(local.date(), seed)
    calls = entry.peak_calls * level * factors[queue]
    weekday = local.weekday()
    calls *= WEEKDAYS[weekday] * (entry.weekend_ratio if weekday >= 5 else 1.0)
    minute = local.hour * 60 + local.minute
    for burst_queue, start, length, factor in bursts:
        if burst_queue == queue and start <= minute < start + length:
            calls *= factor
    return calls


def restart_after(number: int, seed: int) -> tuple[int, time]:
    """The n-th restart of the PBX: days after the floor's first day, and the local time of night."""
    random = Random(f"{seed}/restart/{number}")
    days = 30 * number + random.randint(4, 25)
    return days, time(random.randint(2, 4), random.randint(0, 59), random.randint(0, 59))


def caller_number(random: Random) -> str:
    """A caller's number; one in fifty withholds it, one in thirty calls from abroad."""
    kind = random.random()
    if kind < 0.02:
        return "anonymous"
    if kind < 0.05:
        return f"+44207946{random.randint(0, 999):04d}"  # the range that is kept free for drama
    return f"+37251{random.randint(0, 59_999):06d}"


def patience_seconds(random: Random) -> int:
    """How long a caller waits before hanging up: a few seconds (a slip of the finger), or minutes."""
    if random.random() < 0.022:
        return random.randint(1, 4)
    return 12 + int(random.weibullvariate(460.0, 1.15))


def ring_seconds(random: Random) -> int:
    """How long an agent who picks up lets it ring."""
    return 2 + min(12, int(random.lognormvariate(0.7, 0.6)))


def spread(mean: float, sigma: float, random: Random) -> float:
    """A lognormal draw with the given mean."""
    return random.lognormvariate(math.log(mean) - sigma * sigma / 2, sigma)
