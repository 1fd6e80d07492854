"""Simplicity: which deployments, options and rates are in use, while another objective keeps what was granted.

    Limit_Granted:  objective ≤ granted                      (≥ where it is maximised), both as shares of granted
    Link_Running:   Instances[option, supply] ≤ most·Running
    Link_Feeding:   SequenceRate[option, supply, workload] ≤ most·Feeding

Built only for the second solve, over the few offers that it chooses from; the cost program needs no such binary.
"""

from __future__ import annotations

import pyomo.environ as pyo

from formulations.program.data import ProgramData
from formulations.program.deployments import add_used
from formulations.program.linear import weighted
from formulations.program.objectives import sense_of, terms


def add(model: pyo.ConcreteModel, data: ProgramData) -> None:
    """Add the binaries of use and the granted objective, where there is one."""
    if data.granted is None:
        return
    add_used(model, data)
    offers = {offer.key: offer for offer in data.offers}
    model.Running = pyo.Var(model.OFFERS, domain=pyo.Binary, doc="the option has instances here [1]")
    model.Feeding = pyo.Var(model.SERVICES, domain=pyo.Binary, doc="the workload is served here [1]")

    def run(model: pyo.ConcreteModel, option: str, supply: str) -> object:
        most = max(1.0, offers[option, supply].most_instances)
        instances = (1.0 / most, model.Instances[option, supply])
        return weighted([instances, (-1.0, model.Running[option, supply])]) <= 0.0

    def feed(model: pyo.ConcreteModel, option: str, supply: str, workload: str) -> object:
        offer = offers[option, supply]
        most = float(offer.most_lots[offer.row_of_workload(workload)])
        rate = (1.0 / most, model.SequenceRate[option, supply, workload])
        return weighted([rate, (-1.0, model.Feeding[option, supply, workload])]) <= 0.0

    model.Link_Running = pyo.Constraint(model.OFFERS, rule=run, doc="instances only where running [1]")
    model.Link_Feeding = pyo.Constraint(model.SERVICES, rule=feed, doc="rate only where it is served [1]")
    scale = data.granted.value if data.granted.value > 0 else 1.0
    counted = terms(model, data, data.granted.objective)
    kept = weighted([(coefficient / scale, variable) for coefficient, variable in counted])
    share = data.granted.value / scale
    model.Limit_Granted = pyo.Constraint(
        expr=kept <= share if sense_of(data.granted.objective) == pyo.minimize else kept >= share,
        doc="the objective as good as granted [share of it]",
    )
