"""The search over layouts on a few points of the paper's code that always run, and its own behaviour.

Figures: computed with the public code of arXiv 2506.04645 (final state of May 2025); the whole tables are compared in
test_golden_search.py where the data folder lies beside the checkout.
"""

from __future__ import annotations

import numpy as np
import pytest

from formulations.physics.candidates import SearchSpace, log_spaced
from formulations.physics.search import fastest, fastest_speculation
from tests.formulations.physics.golden import assert_close, case

# model, accelerator, N, batch, context, tokens in flight, pipeline: as presented, with and without scale-down
POINTS = [
    (("Llama_3_8B", "H100", 8, 128, 0, 1, False), 0.0032121956526284597, 0.002791032005620805, 0.002839935685095621),
    (("Llama_3_70B", "H100", 1, 1, 0, 1, False), np.inf, np.inf, np.inf),
    (("Llama_3_70B", "H100", 32, 2, 0, 1, True), 0.009183279080501155, 0.008026680637990101, 0.00864188675850296),
    (("DeepSeek_V3", "V100", 1024, 32, 1000, 2, True), 0.01586752563742918, 0.008676514184681227, 0.008676514184681227),
]  # fmt: skip


@pytest.mark.parametrize(("point", "presented", "scaled", "unscaled"), POINTS)
def test_points_of_the_papers_code(
    point: tuple[str, str, int, int, int, int, bool], presented: float, scaled: float, unscaled: float
) -> None:
    model, gpu, n, batch, context, q, pipeline = point
    spaces = (
        (SearchSpace(model="as-presented"), presented),
        (SearchSpace(pipeline=pipeline), scaled),
        (SearchSpace(pipeline=pipeline, attention_scaledown=False), unscaled),
    )
    for space, expected in spaces:
        assert_close(fastest(case(model, gpu), n, batch, context, space, q).seconds, expected, str(space))


def test_pipeline_degree_of_four_from_ten_log_spaced_values() -> None:
    # batch 8: 8^(6/9) = 4 stages exactly, so that 32/4 = 8 ranks fill one node and not two
    found = fastest(case("Llama_3_8B", "H100"), 32, 8, 10_000, SearchSpace(pipeline=True), 3)
    assert_close(found.seconds, 0.0024037231674029656, "pipeline")
    assert found.layout.pipeline == 4.0
    assert log_spaced(np.array(8.0), 10)[6] == 4.0


@pytest.mark.parametrize(
    ("batch", "context", "seconds", "gamma"),
    [(1, 0, 0.006518550906707209, 5), (16, 10_000, 0.00950270292280753, 5), (128, 0, 0.01167605399495109, 3)],
)
def test_speculation_of_the_papers_code(batch: int, context: int, seconds: float, gamma: int) -> None:
    target, draft = case("Llama_3_70B", "H100"), case("Llama_3_8B", "H100")
    found = fastest_speculation(target, draft, 8, batch, context, SearchSpace(), 0.8, 5)
    assert_close(found.seconds, seconds, "speculation")
    assert found.drafted == gamma


def test_joint_speculation_needs_room_for_both_and_no_drafts_is_no_speculation() -> None:
    target = case("Llama_3_70B", "H100", "default")
    draft = case("Llama_3_8B", "H100", "default")
    space = SearchSpace(attention_scaledown=False)
    # 2 × 72 GB usable: the target's 141.1 GB fit, with the draft's 16.1 GB they do not
    alone = fastest(target, 2, 1, 0, space)
    with_draft = fastest_speculation(target, draft, 2, 1, 0, space, 0.8, 5)
    assert np.isfinite(alone.seconds)
    assert with_draft.drafted == 0
    assert with_draft.seconds == alone.seconds
    roomy = fastest_speculation(target, draft, 8, 1, 0, space, 0.8, 5)
    assert roomy.drafted > 0
    none = fastest_speculation(target, draft, 8, 1, 0, space, 0.8, 0)
    assert none.seconds == fastest(target, 8, 1, 0, space).seconds


def test_wider_search_is_never_slower_and_points_broadcast() -> None:
    problem = case("Mixtral_8x22B", "H100")
    n, batch = np.array([[8.0], [32.0]]), np.array([1.0, 16.0, 256.0])
    narrow = fastest(problem, n, batch, 1000, SearchSpace(attention_scaledown=False))
    wide = fastest(problem, n, batch, 1000, SearchSpace(pipeline=True))
    assert wide.seconds.shape == (2, 3)
    assert np.all(wide.seconds <= narrow.seconds)
    again = problem.step(wide.layout, 1000).step_time(batch)
    assert_close(again.total, wide.seconds, "the layout reported is the layout timed")
