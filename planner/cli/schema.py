"""`fleetplan schema`: the JSON schema of the config, for editors."""

from __future__ import annotations


def schema() -> None:
    """Print the JSON schema of the config (name it in your editor to complete and check keys)."""
    import json

    from planner.config.schema import Study

    print(json.dumps(Study.model_json_schema(), indent=2, ensure_ascii=False))
