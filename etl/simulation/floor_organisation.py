"""Who is who on the simulated floor: teams, logins at the help desk, opening hours, holidays and promises.

In: the demo's warehouse, its zone, and when its history begins. Out: the rows that a supervisor would enter once.
The rule it guards: what somebody has changed since is left as it is.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

import holidays
import sqlalchemy as sa

from etl.config import Settings
from etl.simulation import floor_plan as plan
from etl.simulation.floor_plan import AGENTS
from etl.simulation.floor_tickets import login
from sql import warehouse

PHONE_NAME, HELPDESK_NAME = "pbx", "helpdesk"
ALIKE_NAMES = ("rota", "listeners", "recorder", "dialler")
"""The other systems that call the agents as the telephone system does."""
DEMO_COUNTRY = "EE"
TEAM_OF_QUEUES = {
    plan.SALES_TEAM: "Sales",
    plan.SALES_VIP: "Sales",
    plan.BILLING_TEAM: "Billing and retention",
    plan.RETENTION_TEAM: "Billing and retention",
    plan.TECH: "Technical support",
    plan.TECH_VIP: "Technical support",
    plan.RUSSIAN_CARE: "Русская линия",
    plan.RUSSIAN_TECH: "Русская линия",
    plan.RUSSIAN_SALES: "Русская линия",
    plan.NIGHT_CREW: "Night",
    plan.NIGHT_RUSSIAN: "Night",
}
OTHER_TEAM = "Customer care"


def organise(engine: sa.Engine, settings: Settings, *, begins_at: datetime) -> None:
    """Enters the demo's organisation where there is none yet; running it twice changes nothing."""
    site = settings.site
    names = [agent.name for agent in AGENTS]
    teams = [TEAM_OF_QUEUES.get(agent.queues, OTHER_TEAM) for agent in AGENTS]
    first_day = begins_at.astimezone(ZoneInfo(site.time_zone)).date()
    public = holidays.country_holidays(
        site.site.country_name
        if site.site.country_name in holidays.list_supported_countries()
        else DEMO_COUNTRY,
        years=range(first_day.year, first_day.year + 3),
    )
    phone = {"source_name": PHONE_NAME}
    with warehouse.connected(engine, deadline_seconds=60.0) as connection:
        warehouse.execute(connection, "merge/sites", site_name=site.name, time_zone_name=site.time_zone)
        warehouse.execute(
            connection,
            "merge/agents",
            **phone,
            source_keys=names,
            display_names=names,
            site_name=site.name,
        )
        warehouse.execute(
            connection, "demo/teams", **phone, agent_names=names, team_names=teams, started_date=first_day
        )
        logins = [login(number) for number in range(len(AGENTS))]
        warehouse.execute(
            connection,
            "demo/logins",
            **phone,
            helpdesk_name=HELPDESK_NAME,
            agent_names=names,
            login_names=logins,
        )
        for source_name in ALIKE_NAMES:
            warehouse.execute(
                connection,
                "demo/logins",
                **phone,
                helpdesk_name=source_name,
                agent_names=names,
                login_names=names,
            )
        warehouse.execute(connection, "demo/schedules", time_zone_name=site.time_zone)
        days = sorted(public.items())
        warehouse.execute(
            connection,
            "demo/holidays",
            holiday_dates=[day for day, _ in days],
            holiday_names=[name for _, name in days],
        )
        warehouse.execute(connection, "demo/promises", valid_from_at=begins_at)
