"""The front door: the console command `floorboard`, the one place that knows both the load and the dashboard.

In: what a person types. Out: tables for people, JSON for programs (alone on standard output); when something
is wrong, one sentence on standard error and exit code 1.
Rule: libraries are imported where they are used: help and questions do not wait for the dashboard's.
"""

from __future__ import annotations

import sys

import typer

from floorboard import (
    accounts,
    alerts,
    audit,
    badges,
    devices,
    game,
    game_guards,
    loading,
    people,
    privacy,
    reporting,
    serving,
    storage,
    walls,
)
from floorboard.terminal import FrontDoorError, tell

app = typer.Typer(
    help="Live queues, service level and agents of a contact centre, from the phone system's own records.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.registered_commands.extend(serving.app.registered_commands)
app.add_typer(loading.etl_app, name="etl")
app.add_typer(accounts.account_app, name="account")
app.add_typer(alerts.alerts_app, name="alerts")
app.add_typer(audit.audit_app, name="audit")
app.add_typer(devices.device_app, name="device")
badges.badge_app.command("measure-guards")(game_guards.measure_guards)
for command in (game.status, game.reconcile, game.recompute, game.close, game.prove):
    badges.badge_app.command(command.__name__)(command)
app.add_typer(badges.badge_app, name="game")
app.add_typer(people.customer_app, name="customer")
app.add_typer(people.agent_app, name="agent")
app.add_typer(storage.db_app, name="db")
app.add_typer(people.organisation_app, name="organisation")
app.add_typer(people.queue_app, name="queue")
app.add_typer(privacy.privacy_app, name="privacy")
app.add_typer(reporting.report_app, name="report")
app.add_typer(walls.wall_app, name="wall")

KNOWN_ERRORS = frozenset(
    {
        ("dashboard.asking", "AskError"),
        ("dashboard.contacts.recording_rules", "RecordingError"),
        ("dashboard.effect", "EffectError"),
        ("dashboard.fairness", "FairnessError"),
        ("dashboard.game.board_desk", "BoardError"),
        ("dashboard.game.credential_keys", "CredentialError"),
        ("dashboard.game.social_states", "SocialError"),
        ("dashboard.goals.alert_saves", "AlertError"),
        ("dashboard.goals.amount_view", "AmountError"),
        ("dashboard.goals.goal_path", "GoalError"),
        ("dashboard.loading.loader_requests", "RequestError"),
        ("dashboard.own.consents", "ConsentError"),
        ("dashboard.organisation.organisation_rows", "OrganisationError"),
        ("dashboard.door.accounts", "AccountError"),
        ("dashboard.door.devices", "DeviceError"),
        ("dashboard.door.passwords", "PasswordError"),
        ("dashboard.export", "ExportError"),
        ("dashboard.pictures", "PictureError"),
        ("dashboard.quality.review_book", "QualityError"),
        ("dashboard.reports.report_figures", "ReportError"),
        ("dashboard.server", "ServerError"),
        ("dashboard.loading.upload_check", "UploadError"),
        ("dashboard.wall.toml_text", "WallError"),
        ("dashboard.words", "WordsError"),
        ("etl.config", "ConfigError"),
        ("etl.site", "SiteError"),
        ("etl", "LoadError"),
        ("etl.supervise", "SuperviseError"),
        ("sql.game_rules.fields", "GameError"),
        ("sql.measures", "MeasureError"),
        ("sql.metrics", "MetricError"),
        ("sql.warehouse", "WarehouseError"),
    }
)


def main() -> None:
    """Runs the command; a known error is one sentence and exit code 1, never a traceback."""
    from etl.supervise import Stopping, stay_with_parent

    stay_with_parent()
    try:
        app(prog_name="floorboard")
    except Stopping:
        tell("Stopped as asked; what was not read yet is read next time.")
        sys.exit(1)
    except Exception as error:
        kinds = {(kind.__module__, kind.__name__) for kind in type(error).__mro__}
        if not isinstance(error, FrontDoorError) and not kinds & KNOWN_ERRORS:
            raise
        tell(f"floorboard: {error}")
        sys.exit(1)
