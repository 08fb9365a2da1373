"""The commands about privacy: which figures of single agents exist, and an assessment to print.

In: what a person on the console types. Out: the policy in force, an example of one, the assessment as a file.
The rule it guards: what a policy would change can be seen before it does.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from floorboard.terminal import AsJson, FrontDoorError, show, tell
from floorboard.visits import noting_export, warehouse

privacy_app = typer.Typer(help="Which figures of single agents exist, and for what.", no_args_is_help=True)


@privacy_app.command("policy")
def privacy_policy(as_json: AsJson = False) -> None:
    """The policy in force: each kind of figures, whether it exists, its purpose, who says so."""
    import polars as pl

    from sql import individual, policy
    from sql.warehouse import connected

    with warehouse(migrating=False) as engine, connected(engine) as connection:
        standing = policy.standing(connection)
    listed = pl.DataFrame(
        [{"family_name": one.name, "figures_text": one.label} for one in individual.families()]
    )
    found = listed.join(standing, on="family_name", how="left", maintain_order="left")
    found = found.with_columns(pl.col("is_on", "is_taken_over").fill_null(False))
    picked = ("figures_text", "is_on", "is_taken_over", "since_date", "by_text", "purpose_text")
    show(found if as_json else found.select(picked), title="Policy", as_json=as_json)


@privacy_app.command("example")
def privacy_example() -> None:
    """Print a policy to begin with: every kind of figures, each as lines to take the # away from."""
    from etl.policy_file import policy_text
    from sql.individual import families
    from sql.policy import Named

    named = {one.name: Named(purpose=one.example_purpose) for one in families()}
    typer.echo(policy_text(named, is_off=True), nl=False)


@privacy_app.command("apply")
def privacy_apply(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
) -> None:
    """Put policy.toml into force now: what it does not let exist is deleted for single agents."""
    from etl.demo_home import clock_in_use, settings_file_in_use
    from etl.policy_file import apply, labels, load_policy, losses, policy_path, taken_over
    from sql import policy
    from sql.warehouse import connected

    file = policy_path(settings_file_in_use())
    named = load_policy(file)
    if named is None:
        raise FrontDoorError(
            f"{file} was not found, expected the policy beside the settings; write it (`floorboard privacy example`)."
        )
    with warehouse(migrating=False) as engine:
        if dry_run:
            with connected(engine, deadline_seconds=300.0) as connection:
                changed = policy.rehearsed(connection, named, noted_at=clock_in_use()())
                rows = policy.standing(connection).to_dicts()
            over = taken_over([row for row in rows if row["family_name"] not in named])
            tell(f"Would be switched on: {labels(changed.switched_on) or 'nothing'}.")
            tell(f"Would be switched off: {labels(changed.switched_off) or 'nothing'}.")
            tell(f"Of what is stored: {'; '.join(losses(changed)) or 'nothing is lost'}.")
            if over:
                tell(over)
            return
        if not apply(engine, now=clock_in_use(), tell=tell, file=file):
            tell(f"{file} is in force; it changed nothing.")


@privacy_app.command("assessment")
def privacy_assessment(
    output: Annotated[Path, typer.Option("--output", help="Where the sheet is written: a file of HTML.")],
) -> None:
    """Write the data-protection assessment as a sheet to print, made of what is in force."""
    from dashboard import queries
    from dashboard.privacy import assessment
    from etl.demo_home import clock_in_use
    from sql.warehouse import connected

    if output.suffix.lower() not in (".html", ".htm"):
        raise FrontDoorError(
            f"The file is called {output.name}, expected a name that ends in .html; give it one."
        )
    with warehouse(migrating=False) as engine, connected(engine) as connection:
        sites = queries.QUESTIONS["sites"](connection)
        known = assessment.Known(
            site_name=str(sites[0, "site_name"]) if sites.height else "Floorboard",
            zone_name=str(sites[0, "time_zone_name"]) if sites.height else "UTC",
            made_at=clock_in_use()(),
            figures=queries.QUESTIONS["individual_figures"](connection),
            tables=queries.QUESTIONS["data_tables"](connection),
            kept=queries.QUESTIONS["retention"](connection),
            consents=queries.QUESTIONS["consent_counts"](connection),
        )
    try:
        with noting_export("exported.answer", of_name="privacy assessment", told={"file_name": output.name}):
            output.write_text(assessment.html(known), encoding="utf-8")
    except OSError as error:
        raise FrontDoorError(f"{output}: cannot be written ({error.strerror}); name another file.") from None
    tell(f"{output}: open it in a browser and print it; lines with {assessment.TO_FILL} are for you.")
