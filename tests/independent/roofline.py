"""Dense models under the paper's constants, from docs/physics.md with numbers of its own: what one instance can do.

Figures are those of published configs and data sheets, and the constants of arXiv 2506.04645 (P1, P2, P4, P7 to P13, P18,
P19, P22; `erdil-2025`). Tensor parallel inside a node of 8, no pipeline, no speculation.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from tests.independent.program import Offer


@dataclass(frozen=True)
class Model:
    """Shape of a dense model with grouped-query attention and gated feed-forward blocks."""

    layers: int
    width: int
    heads: int
    kv_heads: int
    head: int
    inner: int
    vocabulary: int


@dataclass(frozen=True)
class Chip:
    """Data-sheet figures: bytes, bytes/s, FLOP/s by format, unidirectional link bytes/s."""

    memory: float
    bandwidth: float
    flops: dict[str, float]
    link: float


@dataclass(frozen=True)
class Work:
    """A workload on a model: tokens, and the pace that it needs."""

    model: str
    context: float
    prompt: float
    output: float
    pace: float = 0.0


GIB = 2.0**30
MODELS = {
    "llama-3.1-8b": Model(32, 4096, 32, 8, 128, 14336, 128256),
    "llama-3.1-70b": Model(80, 8192, 64, 8, 128, 28672, 128256),
    "qwen3-8b": Model(36, 4096, 32, 8, 128, 12288, 151936),
    "phi-4": Model(40, 5120, 40, 10, 128, 17920, 100352),
}
CHIPS = {
    "paper-h100": Chip(80e9, 3.3e12, {"bf16": 1e15, "fp8": 2e15}, 450e9),
    "h100-sxm": Chip(79.2 * GIB, 3.35e12, {"bf16": 989.5e12, "fp8": 1979e12}, 450e9),
}
BYTES = {"bf16": 2.0, "fp8": 1.0}
COMPUTE, BANDWIDTH, LAUNCH = 0.7, 0.75, 4e-6
PROTOCOLS = ((6.8e-6, 0.6e-6, 0.5), (14e-6, 1.25e-6, 0.95), (0.0, 28e-6, 1.0))
"""NCCL's: base seconds, seconds per rank, efficiency."""
ACTIVATION = 2.0


@dataclass(frozen=True)
class Instance:
    """One model on so many ranks of one chip: seconds of a step by batch and context."""

    model: Model
    chip: Chip
    ranks: int
    weights: str
    cache: str

    @property
    def matrices(self) -> float:
        """Parameters of all layers."""
        m = self.model
        attention = (m.heads + 2 * m.kv_heads) * m.head * m.width + m.width * m.heads * m.head
        return float(m.layers * (attention + 3 * m.width * m.inner))

    @property
    def embedding(self) -> float:
        return float(self.model.vocabulary * self.model.width)

    @property
    def read(self) -> float:
        """Seconds in which all ranks read what every step reads: the layers and the output head."""
        return BYTES[self.weights] * (self.matrices + self.embedding) / self._bandwidth

    @property
    def kernel(self) -> float:
        return 4 * self.model.layers * LAUNCH

    def cached(self, context: float) -> float:
        """Bytes of KV cache of a sequence."""
        m = self.model
        return 2.0 * m.kv_heads * m.head * m.layers * BYTES[self.cache] * context

    def memory(self, context: float) -> float:
        """Seconds of memory traffic that a sequence adds to a step."""
        return (self.cached(context) + ACTIVATION * self._activations()) / self._bandwidth

    def compute(self, context: float) -> float:
        """Seconds of arithmetic that a sequence adds to a step."""
        m = self.model
        attention = 4.0 * m.heads * m.head * m.layers * context
        return (2.0 * (self.matrices + 2 * self.embedding) + attention) / self._flops

    def prompt(self, tokens: float) -> float:
        """Seconds of a step's time that a request's prompt takes."""
        m = self.model
        work = 2.0 * (self.matrices + 2 * self.embedding) * tokens
        work += 2.0 * m.layers * m.heads * m.head * tokens**2
        transfer = min(slope for _, slope in self._protocols()) * 2 * m.layers if self.ranks > 1 else 0.0
        return work / self._flops + transfer * tokens

    def network(self, batch: float) -> float:
        """Seconds of two all-reduces a layer, each over its cheapest protocol."""
        if self.ranks == 1:
            return 0.0
        return 2 * self.model.layers * min(base + slope * batch for base, slope in self._protocols())

    def capacity(self, context: float) -> int:
        """Whole sequences that fit beside the weights."""
        held = BYTES[self.weights] * (self.matrices + 2 * self.embedding)
        free = self.ranks * self.chip.memory - held
        return max(0, math.floor(free / self.cached(context) * (1 + 1e-12)))

    @property
    def _bandwidth(self) -> float:
        return self.ranks * self.chip.bandwidth * BANDWIDTH

    @property
    def _flops(self) -> float:
        return self.ranks * self.chip.flops[self.weights] * COMPUTE

    def _protocols(self) -> list[tuple[float, float]]:
        """Seconds and seconds per token of one all-reduce of d_model words: it passes twice."""
        moved = ACTIVATION * self.model.width * (self.ranks - 1) / (self.ranks * self.chip.link)
        return [(base + 2 * (self.ranks - 1) * rank, 2 * moved / share) for base, rank, share in PROTOCOLS]

    def _activations(self) -> float:
        """Words per token that matrices read and write on a grid of ranks."""
        m = self.model
        shapes = (
            ((m.heads + 2 * m.kv_heads) * m.head, m.width, 1), (m.width, m.heads * m.head, 1), (m.width, m.inner, 3),
        )  # fmt: skip
        words = 0.0
        for rows, columns, copies in shapes:
            first = min(max(math.sqrt(rows * self.ranks / columns), 1.0), float(self.ranks))
            words += copies * (first * columns + self.ranks / first * rows)
        return m.layers * words


def offers(
    work: dict[str, Work], chips: list[str], sizes: tuple[int, ...], weights: tuple[str, ...], prefill: bool
) -> list[Offer]:
    """Everything that may run. Models of several workloads must be on one rank, where a step is linear in its batch."""
    found = []
    for name in sorted({w.model for w in work.values()}):
        mine = {key: w for key, w in work.items() if w.model == name}
        for chip in chips:
            for ranks in sizes:
                for precision in weights:
                    instance = Instance(MODELS[name], CHIPS[chip], ranks, precision, "bf16")
                    kind = f"{name}/{chip}/tp{ranks}/{precision}"
                    for pace in sorted({w.pace for w in mine.values()}):
                        content = {key: w for key, w in mine.items() if w.pace <= pace}
                        found += _offer(kind, chip, instance, content, pace, prefill)
    return found


def _offer(
    kind: str, chip: str, instance: Instance, work: dict[str, Work], pace: float, prefill: bool
) -> list[Offer]:
    """The offer of a kind under a pace; none where nothing fits."""
    beside = {
        key: instance.prompt(w.prompt) / w.output if prefill and w.prompt else 0.0 for key, w in work.items()
    }
    if len(work) == 1:
        ((key, w),) = work.items()
        batch = _largest(
            instance.capacity(w.context), pace, lambda b: _step(instance, w.context, b) + b * beside[key]
        )
        if batch < 1:
            return []
        seconds = _step(instance, w.context, batch) / batch + beside[key]
        return [Offer(kind, chip, instance.ranks, ((0.0, {key: seconds}),))]
    assert instance.ranks == 1
    memory = (
        instance.kernel + instance.read,
        {k: instance.memory(w.context) + beside[k] for k, w in work.items()},
    )
    compute = (instance.kernel, {k: instance.compute(w.context) + beside[k] for k, w in work.items()})
    resources = [{k: float(instance.capacity(w.context)) for k, w in work.items()}]
    if pace > 0:
        resources += [
            {k: float(math.floor((1.0 / pace - fixed) / slopes[k] * (1 + 1e-12))) for k in work}
            for fixed, slopes in (memory, compute)
        ]
    served = [k for k in work if all(limits[k] >= 1 for limits in resources)]
    if not served:
        return []
    kept = tuple({k: limits[k] for k in served} for limits in resources)
    roofs = tuple((fixed, {k: slopes[k] for k in served}) for fixed, slopes in (memory, compute))
    return [Offer(kind, chip, instance.ranks, roofs, kept)]


def _step(instance: Instance, context: float, batch: float) -> float:
    memory = instance.read + instance.memory(context) * batch
    return instance.kernel + instance.network(batch) + max(memory, instance.compute(context) * batch)


def _largest(most: int, pace: float, step: Callable[[float], float]) -> int:
    """The largest whole batch up to `most` whose step keeps a pace."""
    if pace <= 0:
        return most
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if step(middle) * pace <= 1 + 1e-12 else (low, middle - 1)
    return low
