"""Recurrent states beside a KV cache: blocks and sequences as engines' logs have them."""

from __future__ import annotations

import numpy as np
import pytest

from fleets import catalog
from fleets.schema.assumptions import ServingEngine
from fleets.schema.blocks import GatedDelta, GroupedQuery
from formulations.physics.context import Context
from formulations.physics.hybrid_cache import reused_tokens, sequence_held
from formulations.physics.kv_cache import cache_held, cache_moved
from formulations.physics.layout import Layout

GIB = 2.0**30
VLLM = catalog.assumption_set("vllm-2026")
NO_ENGINE = catalog.assumption_set("default")
ONE = Layout.of(1)
QWEN_A3B, QWEN_27B = catalog.architecture("qwen3.5-35b-a3b"), catalog.architecture("qwen3.6-27b-nvfp4")


def block(model: str, kv_bytes: float) -> float:
    """Tokens of a block, from where a prefix is first found again."""
    tokens = np.arange(1.0, 5000.0)
    return float(tokens[reused_tokens(catalog.architecture(model), VLLM, ONE, kv_bytes, tokens) > 0][0])


@pytest.mark.parametrize(
    ("model", "kv_bytes", "tokens"),
    [("qwen3.5-35b-a3b", 1.0, 2096), ("qwen3.6-27b-nvfp4", 2.0, 784)],  # two public logs of vLLM
)
def test_a_block_is_as_large_as_a_state(model: str, kv_bytes: float, tokens: int) -> None:
    assert block(model, kv_bytes) == tokens


def test_so_many_sequences_fit_as_a_log_says() -> None:
    # 5.98 GiB of KV cache hold 4.33 sequences of 131,072 tokens of Qwen3.6-35B-A3B in 8 bits
    held = float(sequence_held(QWEN_A3B, VLLM, ONE, 1.0, 131_072.0))
    assert 5.98 * GIB / held == pytest.approx(4.33, rel=0.005)


def test_without_an_engine_states_take_what_they_take() -> None:
    state = 30 * (32 * 128 * 128 * 4 + (2 * 16 * 128 + 32 * 128) * 3 * 2)
    assert cache_held(QWEN_A3B, NO_ENGINE.choices, ONE, 2.0, 0.0) == state == 64_389_120
    assert sequence_held(QWEN_A3B, NO_ENGINE, ONE, 2.0, 0.0, drafted=3) == 4 * state
    assert reused_tokens(QWEN_A3B, NO_ENGINE, ONE, 2.0, 100.0) == 100.0


def test_drafted_tokens_have_states_of_their_own() -> None:
    plain, three = (float(sequence_held(QWEN_27B, VLLM, ONE, 2.0, 8000.0, g)) for g in (0, 3))
    assert three - plain == 3 * 48 * 784 * 4096  # three states of 48 layers, each as large as a block


def test_states_are_read_and_written_and_prompts_reuse_whole_blocks() -> None:
    state = cache_held(QWEN_27B, VLLM.choices, ONE, 2.0, 0.0)
    assert cache_moved(QWEN_27B, VLLM.choices, ONE, 2.0, 0.0) == 2 * state
    assert reused_tokens(QWEN_27B, VLLM, ONE, 2.0, 2000.0) == 2 * 784


def test_ranks_split_states_and_copy_what_they_cannot_split() -> None:
    both = [float(sequence_held(QWEN_27B, VLLM, Layout.of(ranks), 2.0, 1e6)) for ranks in (1, 4, 8)]
    assert both[1] == both[0]
    assert both[2] > 1.5 * both[0]  # four KV heads on eight ranks


def test_whole_blocks_over_a_request_are_the_mean_of_all_its_steps() -> None:
    steps = np.arange(1000.0, 4000.0) + 0.5
    mean = np.mean(np.ceil(steps / 784) * 784)
    assert Context(np.array(1000.0), np.array(4000.0)).in_blocks(np.array(784.0)) == pytest.approx(
        mean, rel=1e-3
    )


def test_an_engine_may_be_of_another_version() -> None:
    old = VLLM.model_copy(update={"serving_engine": ServingEngine(name="vllm", version="0.8")})
    assert sequence_held(QWEN_27B, old, ONE, 2.0, 0.0) < sequence_held(QWEN_27B, VLLM, ONE, 2.0, 0.0)


def test_the_blocks_are_those_of_the_catalogue() -> None:
    kinds = {type(block): count for count, block in QWEN_27B.token_mixers}
    assert kinds == {GatedDelta: 48, GroupedQuery: 16}


def test_an_indexed_latent_cache_is_what_a_log_says() -> None:
    # DeepSeek-V3.2 under SGLang: 48,072 bytes per token of 61 layers, of which the latent record has 40,020
    glm = catalog.architecture("glm-5.2")
    own = 21 / 78 * 132  # of 78 layers 21 have an indexer
    per_layer = float(cache_held(glm, NO_ENGINE.choices, ONE, 1.0, 1.0)) / 78
    assert per_layer == pytest.approx(656 + own, rel=1e-9)
    assert pytest.approx(40_020, rel=1e-3) == 61 * 656 and pytest.approx(48_072, rel=1e-3) == 61 * (656 + 132)
