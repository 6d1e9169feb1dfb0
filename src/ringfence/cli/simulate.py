"""`ringfence simulate`: labelled call records of a made-up network. It places no calls."""

from __future__ import annotations

import sys
from pathlib import Path

import typer


def register(app: typer.Typer) -> None:
    @app.command()
    def simulate(
        out: Path = typer.Option(Path("net"), "--out", help="Folder to write the network into."),
        scenario: str = typer.Option("national", "--scenario", help="Name of a scenario, or a TOML file."),
        days: int | None = typer.Option(None, "--days", min=1, help="Days to simulate."),
        subscribers: int | None = typer.Option(None, "--subscribers", help="Subscribers of the network."),
        seed: int | None = typer.Option(None, "--seed", min=0, help="The same seed gives the same network."),
        settings: list[str] = typer.Option([], "--set", metavar="KEY=VALUE", help="Change one parameter."),
        list_scenarios: bool = typer.Option(False, "--list", help="List the named scenarios and stop."),
        json: bool = typer.Option(False, "--json", help="Print the result as one JSON object."),
    ) -> None:
        """Write call records of a made-up national network, with the truth beside them."""
        import msgspec

        from ringfence.simulate.scenario import NAMED, build

        if list_scenarios:
            for name, (text, _) in NAMED.items():
                row = {"scenario": name, "text": text}
                print(msgspec.json.encode(row).decode() if json else f"{name:16} {text}")
            return
        is_file = scenario.endswith(".toml") or "/" in scenario
        made = build(
            None if is_file else scenario,
            Path(scenario) if is_file else None,
            settings,
            days=days,
            subscribers=subscribers,
            seed=seed,
        )

        from rich.console import Console
        from rich.progress import Progress

        from ringfence.simulate.simulation import run

        with Progress(console=Console(stderr=True), disable=not sys.stderr.isatty(), transient=True) as bar:
            task = bar.add_task("simulating", total=made.days)
            summary = run(made, out, lambda done, total: bar.update(task, completed=done))
        if json:
            print(msgspec.json.encode(summary).decode())
        else:
            print(
                f"{summary.out}: {summary.calls:,} simulated calls over {summary.days} days, "
                f"{summary.fraudulent} of them fraudulent ({summary.fraud_rate:.1e}), "
                f"by {summary.platforms} services for {summary.customers} customers"
            )
