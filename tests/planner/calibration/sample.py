"""A few measured serving points with their figures, for tests that always run.

Mean TTFT and TPOT in ms. Source: NVIDIA aiconfigurator repository (Apache-2.0), its tables of SemiAnalysis InferenceX
(Apache-2.0) and of NVIDIA's sweeps, October 2025 to March 2026.
"""

from __future__ import annotations

from pathlib import Path

HEADER = (
    "model,system,precision,gemm_quant,backend,isl,osl,concurrency,n_gpus,attn_tp,attn_dp,ep,pp,"
    "ttft_mean_ms,tpot_mean_ms,measured_date"
)
ROWS = (
    "MiniMaxAI/MiniMax-M2.5,h200_sxm,fp8,fp8,vllm,8192,1024,4,4,4,1,1,1,319.1,13.35,2026-03-01",
    "MiniMaxAI/MiniMax-M2.5,h200_sxm,fp8,fp8,vllm,8192,1024,16,8,8,1,1,1,349.5,12.71,2026-03-28",
    "MiniMaxAI/MiniMax-M2.5,h200_sxm,fp8,fp8,vllm,1024,8192,64,4,4,1,1,1,220.7,27.04,2026-03-01",
    "Qwen/Qwen3-32B,h100_sxm,bf16,,sglang,2048,512,16,4,4,1,1,1,697.5,11.34,",
    "Qwen/Qwen3-32B,h100_sxm,bf16,,vllm,1024,1024,8,8,8,1,1,1,91.81,7.958,",
    "Qwen/Qwen3-32B,h100_sxm,bf16,,vllm,1024,128,32,8,8,1,1,1,141.2,14.35,",
    "Qwen/Qwen3-32B,h100_sxm,bf16,,vllm,1024,128,128,4,4,1,1,1,426.1,50.49,",
    "Qwen/Qwen3-32B,h100_sxm,fp8,fp8,trtllm,4096,512,8,8,8,1,1,1,349.0,6.794,",
    "Qwen/Qwen3-32B,h100_sxm,fp8,fp8,trtllm,2048,256,32,1,1,1,1,1,652.5,38.00,",
    "Qwen/Qwen3-32B,h100_sxm,fp8,fp8,trtllm,1024,128,128,2,2,1,1,1,982.6,56.80,",
    "deepseek-ai/DeepSeek-V3,b200_sxm,fp8,fp8_block,sglang,1024,8192,16,8,8,1,1,1,367.2,12.84,2026-03-25",
    "deepseek-ai/DeepSeek-V3,b200_sxm,fp8,fp8,trtllm,8192,1024,4,8,8,1,1,1,348.0,10.92,2026-01-29",
    "deepseek-ai/DeepSeek-V3,h200_sxm,fp8,fp8_block,sglang,1024,8192,32,8,8,1,1,1,310.8,22.10,2026-03-25",
    "deepseek-ai/DeepSeek-V3,h200_sxm,fp8,fp8,trtllm,1024,1024,64,8,8,1,8,1,994.8,33.11,2025-12-15",
    "meta-llama/Llama-3.1-70B,b200_sxm,fp8,fp8,trtllm,1024,1024,16,1,1,1,1,1,430.8,15.98,2025-10-29",
    "meta-llama/Llama-3.1-70B,b200_sxm,fp8,fp8,vllm,8192,1024,4,4,4,1,1,1,330.0,8.714,2025-10-29",
    "meta-llama/Llama-3.1-70B,h100_sxm,fp8,fp8,vllm,1024,1024,64,4,4,1,1,1,256.4,19.51,2025-10-29",
    "meta-llama/Llama-3.1-8B-Instruct,h100_sxm,bf16,,trtllm,4096,256,8,1,1,1,1,1,605.3,10.25,",
    "meta-llama/Llama-3.1-8B-Instruct,h100_sxm,bf16,,trtllm,2048,512,32,2,2,1,1,1,222.9,8.172,",
    "meta-llama/Llama-3.1-8B-Instruct,h200_sxm,fp8,fp8_block,sglang,8000,1000,64,1,1,1,1,1,1097.3,29.64,",
    "openai/gpt-oss-120b,h200_sxm,fp4,nvfp4,trtllm,8192,1024,4,2,2,1,2,1,215.4,6.254,2025-12-15",
    "openai/gpt-oss-120b,h200_sxm,fp4,nvfp4,vllm,8192,1024,16,4,4,1,1,1,293.7,7.023,2026-03-27",
    "openai/gpt-oss-120b,h200_sxm,fp4,nvfp4,vllm,1024,1024,64,8,8,1,1,1,80.90,7.054,2026-03-27",
)

BAD_ROWS = (
    ("zero TPOT", "Qwen/Qwen3-32B,h100_sxm,bf16,,vllm,1024,1024,8,8,8,1,1,1,91.8,0,", "tpot_mean_ms = 0"),
    ("no GPUs", "Qwen/Qwen3-32B,h100_sxm,bf16,,vllm,1024,1024,8,,8,1,1,1,91.8,7.9,", "n_gpus is missing"),
    ("unit", "Qwen/Qwen3-32B,h100_sxm,bf16,,vllm,1024,1024,8,8,8,1,1,1,91.8,7.9ms,", "'7.9ms' is not a number"),
    ("seconds", "Qwen/Qwen3-32B,h100_sxm,bf16,,vllm,1024,1024,8,8,8,1,1,1,91.8,0.0079,", "is it in seconds?"),
    ("nanoseconds", "Qwen/Qwen3-32B,h100_sxm,bf16,,vllm,1024,1024,8,8,8,1,1,1,91.8,7900000,", "more than an hour"),
    ("ranks", "Qwen/Qwen3-32B,h100_sxm,bf16,,vllm,1024,1024,8,8,4,1,1,1,91.8,7.9,", "differs from n_gpus = 8"),
    ("precision", "Qwen/Qwen3-32B,h100_sxm,fp12,,vllm,1024,1024,8,8,8,1,1,1,91.8,7.9,", "precision 'fp12' is unknown"),
    ("model", "Qwen/Qwen9-32B,h100_sxm,bf16,,vllm,1024,1024,8,8,8,1,1,1,91.8,7.9,", "unknown architecture"),
    ("system", "Qwen/Qwen3-32B,h900_sxm,bf16,,vllm,1024,1024,8,8,8,1,1,1,91.8,7.9,", "unknown accelerator"),
)  # fmt: skip


def write(folder: Path, *rows: str) -> Path:
    """The sample, or the given rows, as a file."""
    path = folder / "measured.csv"
    path.write_text("\n".join((HEADER, *(rows or ROWS))) + "\n", encoding="utf-8")
    return path
