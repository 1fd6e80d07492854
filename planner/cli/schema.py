"""`fleetplan schema`: the JSON schemas of config and scenario file, for editors, and of plans, for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from pydantic import BaseModel


def schema(
    scenarios: Annotated[bool, typer.Option("--scenarios", help="Of the scenario file of whatif.")] = False,
    plan: Annotated[
        bool, typer.Option("--plan", help="Of plans as solve --output json writes them.")
    ] = False,
) -> None:
    """Print the JSON schema of the config (name it in your editor to complete and check keys)."""
    import json

    from planner.batch.schema import ScenarioFile
    from planner.config.schema.study import Study
    from planner.plan.schema import PlanEntry

    model: type[BaseModel] = PlanEntry if plan else ScenarioFile if scenarios else Study
    print(json.dumps(model.model_json_schema(), indent=2, ensure_ascii=False))
