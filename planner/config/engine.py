"""The config's serving engine: which one in which version, and whether its settings hold the workloads."""

from __future__ import annotations

from fleets import catalog
from fleets.schema.assumptions import AssumptionSet, ServingEngine
from fleets.schema.engines import EngineEntry
from planner.config.lookup import Lookup
from planner.config.schema.study import Study


def with_engine(
    lookup: Lookup, written: str | None, assumptions: AssumptionSet | None
) -> AssumptionSet | None:
    """The set with the engine that the config names (`vllm`, `vllm 0.17`), or as it is; what is unknown is a problem."""
    if assumptions is None:
        return None
    named = assumptions.serving_engine
    if written is not None:
        label, _, given = written.partition(" ")
        named = ServingEngine(name=label, version=given or None)
    if named is None:
        return assumptions
    key = "engine" if written is not None else "assumptions"
    name, version = named.name, named.version
    entry: EngineEntry | None = lookup.find(key, lambda: catalog.engine(name))
    if entry is None:
        return assumptions
    try:
        known = entry.at(version)
    except LookupError as error:
        listed = ", ".join(v.version for v in entry.versions)
        lookup.fail(key, f"{error}; write one of {listed}, or a newer version")
        return assumptions
    exact = ServingEngine(name=entry.name, version=version or known.version)
    return assumptions.model_copy(update={"serving_engine": exact})


def check_longest(lookup: Lookup, study: Study) -> None:
    """`max_model_len` must hold the requests of every workload of the model."""
    for index, workload in enumerate(study.workloads):
        name = workload.model or (next(iter(study.models)) if len(study.models) == 1 else None)
        model = study.models.get(name) if name is not None else None
        if model is None or model.max_model_len is None:
            continue
        longest = workload.request_tokens
        if longest > model.max_model_len:
            lookup.fail(
                f"models.{name}.max_model_len",
                f"is {model.max_model_len:,} tokens, but requests of workloads[{index}] '{workload.name}' have "
                f"{longest:,.15g} (prompt and answer); raise it to {longest:,.15g} or more",
            )
