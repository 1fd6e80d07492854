"""Every file that a user hands in: one that is right, the command that reads it, and how it is mutated."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.planner.calibration.sample import HEADER, ROWS
from tests.planner.calibration.test_benchmark_files import AIPERF, GENAI_PERF, VLLM

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"

EVERYTHING = """
version: 1
name: everything
fleet:
  supply:
    - {accelerator: h100-sxm, name: a, price_usd_per_hour: 2.2, limit: 64, unit: 8, site: one, carbon_kg_per_kwh: 0.3,
       availability: 0.98}
    - {accelerator: l40s, price_usd_per_hour: 0.9, power_kw_per_accelerator: 0.5, site: two, carbon_kg_per_kwh: 0.4}
    - accelerator:
        {name: own, hbm_gb: 80, hbm_bandwidth_gb_s: 2000, tflops: {bf16: 400}, tdp_w: 400, scaleup_gb_s: 300,
         scaleup_domain: 8}
      price_usd_per_hour: 1.5
      site: two
      carbon_kg_per_kwh: 0.4
  sites: {one: {power_limit_kw: 400, carbon_kg_per_kwh: 0.2}}
models:
  m:
    architecture: llama-3.1-8b
    weight_precisions: [bf16, fp8]
    kv_precisions: [bf16, fp8]
    speculation: [{draft: llama-3.1-8b, acceptance: 0.7, draft_tokens: [1, 3]}]
    usable_memory_share: 0.9
    max_num_seqs: 64
    max_model_len: 20000
workloads:
  - {name: chat, model: m, demand_tokens_per_s: 5000, input_tokens: 1000, output_tokens: 200, min_pace_tokens_per_s: 20,
     max_ttft_ms: 1500, prefix_hit_rate: 0.3, safety: 10%}
  - {name: bulk, model: m, demand_requests_per_s: 3, input_tokens: 4000, output_tokens: 300, max_tpot_ms: 80}
question: {minimise: cost}
engine: vllm 0.17
power_limit_kw: 500
carbon_limit_kg_per_hour: 1000
utilisation: 0.9
safety: p90
serving: [aggregated, disaggregated]
layouts: {instance_gpus: [1, 2], pipeline: [1, 2], tensor_parallel: [1d], expert_parallel: [false], attention_groups: [1]}
spares: {number: 1}
simplicity: 0.5%
max_kinds_per_workload: 3
alternatives: {count: 2, within: 2%}
detail: quick
solver: {gap: 0.01, time_limit_s: 10, threads: 1, seed: 3}
"""

MEASURED = """
version: 1
name: measured
fleet:
  supply: [{accelerator: h100-sxm, price_usd_per_hour: 2.2, limit: 64}, {accelerator: l40s, price_usd_per_hour: 0.9}]
workloads:
  - {name: chat, model: assistant, demand_requests_per_s: 60, max_tpot_ms: 40, max_ttft_ms: 1000}
question: {minimise: cost}
physics: false
profiles: [profile.csv]
"""
PROFILE = """model,accelerator,gpus,workload,role,requests_per_s,tpot_ms,ttft_ms,label
assistant,h100-sxm,2,chat,aggregated,8.5,30,400,
assistant,l40s,1,chat,aggregated,2.5,38.5,700,small
assistant,h100-sxm,1,chat,prefill,20,,150,fast-prefill
assistant,l40s,2,chat,decode,6,35,,decode
"""
OWN_MODEL = """
version: 1
name: own
fleet: {supply: [{accelerator: h100-sxm, price_usd_per_hour: 2.2}]}
models: {m: {architecture: model/config.json}}
workloads: [{name: chat, model: m, demand_tokens_per_s: 5000, input_tokens: 1000, output_tokens: 200}]
question: {minimise: cost}
"""
LLAMA = {
    "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 4096, "intermediate_size": 14336,
    "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 8, "head_dim": 128, "vocab_size": 128256,
    "tie_word_embeddings": False, "torch_dtype": "bfloat16", "max_position_embeddings": 131072,
}  # fmt: skip
MIXTURE = {
    "model_type": "qwen3_moe", "hidden_size": 2048, "intermediate_size": 6144, "moe_intermediate_size": 768,
    "num_hidden_layers": 48, "num_attention_heads": 32, "num_key_value_heads": 4, "head_dim": 128, "vocab_size": 151936,
    "num_experts": 128, "num_experts_per_tok": 8, "decoder_sparse_step": 1, "mlp_only_layers": [],
    "tie_word_embeddings": False, "torch_dtype": "bfloat16",
    "quantization_config": {"quant_method": "fp8", "weight_block_size": [128, 128], "fmt": "e4m3"},
}  # fmt: skip
HYBRID = {
    "model_type": "qwen3_5_moe", "tie_word_embeddings": False, "vision_config": {"hidden_size": 1152, "depth": 27},
    "text_config": {
        "model_type": "qwen3_5_moe_text", "hidden_size": 2048, "num_hidden_layers": 8, "num_attention_heads": 16,
        "num_key_value_heads": 2, "head_dim": 256, "vocab_size": 248320, "attn_output_gate": True,
        "layer_types": ["linear_attention", "full_attention"] * 4, "linear_num_key_heads": 16,
        "linear_num_value_heads": 32, "linear_key_head_dim": 128, "linear_value_head_dim": 128,
        "linear_conv_kernel_dim": 4, "mamba_ssm_dtype": "float32", "num_experts": 64, "num_experts_per_tok": 8,
        "moe_intermediate_size": 512, "shared_expert_intermediate_size": 512, "mtp_num_hidden_layers": 1,
    },
}  # fmt: skip
COMPRESSED = {
    "model_type": "deepseek_v4", "hidden_size": 4096, "num_hidden_layers": 4, "num_attention_heads": 64, "head_dim": 512,
    "num_key_value_heads": 1, "q_lora_rank": 1024, "o_groups": 8, "o_lora_rank": 1024, "index_n_heads": 64,
    "index_head_dim": 128, "index_topk": 512, "sliding_window": 128, "compress_ratios": [0, 4, 128, 4, 4], "hc_mult": 4,
    "n_routed_experts": 64, "n_shared_experts": 1, "num_experts_per_tok": 6, "moe_intermediate_size": 2048,
    "vocab_size": 129280, "expert_dtype": "fp4", "quantization_config": {
        "quant_method": "fp8", "quant_algo": "MIXED_PRECISION", "ignore": ["*.attn.*", "re:.*shared_experts.*"],
        "quantized_layers": {"layers.0.ffn.experts": {"quant_algo": "NVFP4"}},
    },
}  # fmt: skip
SEARCHED = {
    "model_type": "nemotron-nas", "hidden_size": 8192, "num_hidden_layers": 3, "num_attention_heads": 64,
    "vocab_size": 128256, "block_configs": [
        {"attention": {"n_heads_in_group": 8, "no_op": False}, "ffn": {"ffn_mult": 5.25, "no_op": False}},
        {"attention": {"n_heads_in_group": None, "no_op": True}, "ffn": {"ffn_mult": 1.0, "no_op": False}},
        {"attention": {"n_heads_in_group": 8, "no_op": False}, "ffn": {"no_op": True}},
    ],
}  # fmt: skip
ARCHITECTURE = """
name: my-hybrid
layers:
  - {count: 6, blocks: [delta, experts]}
  - {count: 2, blocks: [attention, experts]}
d_model: 3072
vocabulary: 248320
blocks:
  delta: {mixer: gated_delta, key_heads: 16, value_heads: 64, key_dim: 128, value_dim: 128}
  attention: {mixer: gqa, query_heads: 32, kv_heads: 2, head_dim: 256, output_gate: full, window: 4096}
  experts: {mixer: moe, d_ff: 1024, experts: 256, active_experts: 8, shared_experts: 1}
draft_head: {blocks: [attention, experts]}
encoder_parameters: 4.5e8
residual_streams: 2
"""
OWN_ARCHITECTURE = OWN_MODEL.replace("model/config.json", "model.yaml")
SCENARIOS = """
version: 1
name: all ways
base: quickstart.yaml
scenarios:
  - {name: cheap, set: {"fleet.supply[h100-sxm].price_usd_per_hour": 1.2}}
  - {name: more, multiply: {"workloads.chat-70b.demand_tokens_per_s": 1.5, "fleet.supply[*].price_usd_per_hour": 1.1}}
grid: {"fleet.supply[h200-sxm].limit": [8, 16], "workloads.chat-8b.demand_tokens_per_s": {multiply: [1, 2]}}
table: whatif-table.csv
monte_carlo:
  samples: 4
  seed: 7
  distributions:
    workloads.chat-70b.demand_tokens_per_s: {distribution: lognormal, median: 1.0, sigma: 0.3, factor: true}
    workloads.long-context.input_tokens: {distribution: choice, values: [20000, 30000], weights: [1, 2]}
    fleet.supply[h100-sxm].price_usd_per_hour: {distribution: triangular, low: 1.2, mode: 1.8, high: 3.0}
    fleet.supply[h200-sxm].limit: {distribution: uniform, low: 0, high: 128, whole: true}
"""
POINTS = """model,accelerator,n_gpu,batch,input_len,draft
llama-3.1-70b,h100-sxm,8,32,1000,
llama-3.1-8b,h200-sxm,1,1,0,
"""
CURVES = """
version: 1
name: curves
models: {m: {architecture: llama-3.1-8b}}
fleet: {supply: [{accelerator: h100-sxm, price_usd_per_hour: 2.2}]}
context_tokens: [1000]
assumptions: erdil-2025
enumeration: real
real: {accelerators: {points: 8}, batch: {points: 8}}
"""
RUN = ("scenarios.parquet", "instances.parquet", "scenarios.parquet.sha256")
"""Files of a run that are read back; a damaged table is found by its checksum, before its bytes are parsed."""


@dataclass(frozen=True)
class Format:
    """Files of a folder, which of them is mutated and how (yaml, json, csv, bytes), and the commands that read it."""

    name: str
    files: Mapping[str, str | bytes]
    target: str
    form: str
    commands: tuple[tuple[str, ...], ...]

    @property
    def content(self) -> bytes:
        """The right file, in the form in which it is mutated."""
        return as_bytes(self.files[self.target])

    def write(self, folder: Path) -> None:
        """Write all files, as they should be."""
        for name, content in self.files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(as_bytes(content))


def as_bytes(content: str | bytes) -> bytes:
    """Content as it stands in a file."""
    return content.encode() if isinstance(content, str) else content


def formats(plan: str = "", run: Mapping[str, bytes] | None = None) -> Iterator[Format]:
    """All formats; `plan` is the JSON of one, `run` the files of a finished run (only names without them)."""
    yield from _configs()
    yield from _batches()
    yield from _results(plan, run or {})
    yield from _tables()


def _configs() -> Iterator[Format]:
    check = (("check", "config.yaml"),)
    yield Format("config", {"config.yaml": EVERYTHING}, "config.yaml", "yaml", check)
    for name in ("quickstart", "first-token", "two-sites", "frontier-cost-pace"):
        yield Format(
            f"config {name}", {"config.yaml": _example(f"{name}.yaml")}, "config.yaml", "yaml", check
        )
    measured = {"config.yaml": MEASURED, "profile.csv": PROFILE}
    yield Format("profile", measured, "profile.csv", "csv", check)
    solve = (("solve", "config.yaml", "-o", "json"), ("solve", "config.yaml", "--no-screening"))
    yield Format("profile, solved", measured, "profile.csv", "csv", solve)
    yield Format("config, solved", measured, "config.yaml", "yaml", solve)
    models = {
        "dense": LLAMA,
        "mixture": MIXTURE,
        "hybrid": HYBRID,
        "compressed": COMPRESSED,
        "searched": SEARCHED,
    }
    for name, config in models.items():
        files = {"config.yaml": OWN_MODEL, "model/config.json": json.dumps(config)}
        yield Format(f"config.json {name}", files, "model/config.json", "json", check)
    own = {"config.yaml": OWN_ARCHITECTURE, "model.yaml": ARCHITECTURE}
    yield Format("architecture", own, "model.yaml", "yaml", check)
    yield Format("curves", {"curves.yaml": CURVES}, "curves.yaml", "yaml", (("frontier", "curves.yaml"),))


def _batches() -> Iterator[Format]:
    files = {
        "scenarios.yaml": SCENARIOS,
        "quickstart.yaml": _example("quickstart.yaml"),
        "whatif-table.csv": _example("whatif-table.csv"),
    }
    dry = (("whatif", "scenarios.yaml", "--dry-run"),)
    yield Format("scenarios", files, "scenarios.yaml", "yaml", dry)
    yield Format("scenarios, table", files, "whatif-table.csv", "csv", dry)


def _results(plan: str, run: Mapping[str, bytes]) -> Iterator[Format]:
    read = (
        ("report", "plan.json", "--out", "page.html"),
        ("compare", "plan.json", "other.json"),
        ("compare", "other.json", "plan.json", "-o", "csv"),
    )
    yield Format("plan", {"plan.json": plan, "other.json": plan}, "plan.json", "json", read)
    files = {f"run/{name}": content for name, content in run.items()}
    both = files | {f"other/{name}": content for name, content in run.items()}
    for name in RUN:
        commands = (("report", "run", "--out", "page.html"), ("compare", "other", "run"))
        yield Format(f"run {name}", both, f"run/{name}", "bytes", commands)


def _tables() -> Iterator[Format]:
    result = (("import", "benchmark", "result.json", "--system", "h100-sxm", "--precision", "bf16"),)
    for name, data in (("vllm", VLLM), ("aiperf", AIPERF), ("genai-perf", GENAI_PERF)):
        yield Format(f"benchmark {name}", {"result.json": json.dumps(data)}, "result.json", "json", result)
    measured = "\n".join((HEADER, *ROWS[:4]))
    yield Format("measurements", {"rows.csv": measured}, "rows.csv", "csv", (("validate", "rows.csv"),))
    steps = (("step-time", "points.csv", "--output", "csv"), ("step-time", "points.csv"))
    yield Format("points", {"points.csv": POINTS}, "points.csv", "csv", steps)


def _example(name: str) -> str:
    return (EXAMPLES / name).read_text(encoding="utf-8")
