"""The minimum over layouts, with and without speculation, against the paper's code."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from formulations.physics.candidates import SearchSpace
from formulations.physics.layout import Layout
from formulations.physics.search import fastest, fastest_speculation
from tests.formulations.physics.golden import assert_close, case, read

COLUMNS = {
    "lat_as_presented_s": SearchSpace(model="as-presented"),
    "lat_new_scaledown_s": SearchSpace(),
    "lat_new_noscaledown_s": SearchSpace(attention_scaledown=False),
}


@pytest.mark.parametrize("column", COLUMNS)
def test_latency_of_every_point(shared_data: Path, column: str) -> None:
    rows = read(shared_data, "pointwise_latency.csv").dropna(subset=column)
    for (model, gpu, pipeline, tokens), group in rows.groupby(["model", "gpu", "use_pp", "seq_len"]):
        space = SearchSpace(
            model=COLUMNS[column].model,
            pipeline=bool(pipeline),
            attention_scaledown=COLUMNS[column].attention_scaledown,
        )
        found = fastest(case(model, gpu), group.n_gpu, group.batch, group.input_len, space, tokens)
        assert_close(found.seconds, group[column], f"{column} {model} {gpu} pp={pipeline} q={tokens}")


def test_speculation_of_every_point(shared_data: Path) -> None:
    rows = read(shared_data, "speculation_pointwise.csv")
    keys = ["model", "approx_model", "gpu", "use_pp", "acceptance", "gamma_max"]
    for (model, draft, gpu, pipeline, acceptance, most), group in rows.groupby(keys):
        space = SearchSpace(pipeline=bool(pipeline))
        target, approx = case(model, gpu), case(draft, gpu)
        points = (group.n_gpu, group.batch, group.input_len)
        what = f"{model} with {draft}"
        found = fastest_speculation(target, approx, *points, space, acceptance, most)
        assert_close(fastest(target, *points, space).seconds, group.lat_base_s, what)
        assert_close(fastest(approx, *points, space).seconds, group.lat_draft_s, what)
        assert_close(found.seconds, group.lat_spec_dec_s, what)
        fits = np.isfinite(found.seconds)
        assert_close(np.maximum(found.drafted, 1)[fits], group.best_gamma[fits], what)


def test_every_component_of_every_layout(shared_data: Path) -> None:
    rows = read(shared_data, "components.csv")
    for row in rows.itertuples():
        presented = row.function == "as_presented"
        layout = Layout.of(
            row.n_gpu,
            two_d=presented or row.two_d == 1,
            pipeline=1 if presented else row.n_pp,
            expert_parallel=not presented and row.n_ep > 1,
            attention_scaledown=1 if presented else row.attn_scaledown,
        )
        step = case(row.model, row.gpu).step(layout, row.input_len, row.seq_len).step_time(row.batch)
        what = f"{row.function} {row.model} {row.gpu} N={row.n_gpu} b={row.batch} q={row.seq_len}"
        assert_close(step.kernel, row.kernel_s, what)
        assert_close(step.network_latency, row.net_latency_s, what)
        assert_close(step.network_bandwidth, row.net_bandwidth_s, what)
        assert_close(step.memory, row.memory_s, what)
        assert_close(step.compute, row.compute_s, what)
        assert_close(step.total, row.total_s, what)
