"""Dense and hybrid models under the paper's constants, from docs/physics.md with numbers of its own: what one can do.

Figures are those of published configs and data sheets, and the constants of arXiv 2506.04645 (P1, P2, P4, P7 to P13, P18,
P19, P22; `erdil-2025`). Tensor parallel inside a node of 8, no pipeline, no speculation.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from tests.independent.program import Offer


@dataclass(frozen=True)
class Attention:
    """Layers with grouped-query attention of one kind."""

    layers: int
    heads: int
    kv_heads: int
    head: int
    window: float = math.inf


@dataclass(frozen=True)
class Delta:
    """Layers with a gated delta net: key and value heads of one size, a convolution of four taps."""

    layers: int
    key_heads: int
    value_heads: int
    size: int

    @property
    def keys(self) -> int:
        return self.key_heads * self.size

    @property
    def values(self) -> int:
        return self.value_heads * self.size

    @property
    def state(self) -> float:
        """Bytes of a sequence: the state in 32 bits, three inputs of the convolution in 16."""
        return self.layers * (4.0 * self.values * self.size + 2.0 * 3 * (2 * self.keys + self.values))


@dataclass(frozen=True)
class Model:
    """Shape of a model with gated feed-forward blocks in every layer."""

    width: int
    inner: int
    vocabulary: int
    attention: tuple[Attention, ...]
    delta: Delta | None = None
    gated: bool = False
    """Attention has a gate as wide as its output."""
    towers: float = 0.0
    """Parameters that take memory alone, in 16 bits."""

    @property
    def layers(self) -> int:
        return sum(a.layers for a in self.attention) + (self.delta.layers if self.delta else 0)

    @property
    def matrices(self) -> list[tuple[float, float, float]]:
        """(rows, columns, copies)."""
        found: list[tuple[float, float, float]] = [(self.width, self.inner, 3 * self.layers)]
        for a in self.attention:
            queries = a.heads * a.head * (2 if self.gated else 1)
            found += [
                (queries + 2 * a.kv_heads * a.head, self.width, a.layers),
                (self.width, a.heads * a.head, a.layers),
            ]
        if self.delta:
            d, n = self.delta, self.delta.layers
            found += [(2 * d.keys + 2 * d.values, self.width, n), (2 * d.value_heads, self.width, n)]
            found += [(2 * d.keys + d.values, 4, n), (self.width, d.values, n)]
        return found


@dataclass(frozen=True)
class Chip:
    """Data-sheet figures: bytes, bytes/s, FLOP/s by format, unidirectional link bytes/s."""

    memory: float
    bandwidth: float
    flops: dict[str, float]
    link: float


@dataclass(frozen=True)
class Span:
    """Tokens that a sequence attends to, from its first to its last step."""

    first: float
    last: float

    def mean(self, window: float) -> float:
        """Mean of min(x, window)."""
        if self.last <= window:
            return (self.first + self.last) / 2
        if self.first >= window:
            return window
        below = (window - self.first) * (self.first + window) / 2
        return (below + (self.last - window) * window) / (self.last - self.first)


@dataclass(frozen=True)
class Work:
    """A workload on a model: tokens, and the pace that it needs."""

    model: str
    context: Span
    prompt: float
    output: float
    pace: float = 0.0


GIB = 2.0**30
MODELS = {
    "llama-3.1-8b": Model(4096, 14336, 128256, (Attention(32, 32, 8, 128),)),
    "llama-3.1-70b": Model(8192, 28672, 128256, (Attention(80, 64, 8, 128),)),
    "qwen3-8b": Model(4096, 12288, 151936, (Attention(36, 32, 8, 128),)),
    "phi-4": Model(5120, 17920, 100352, (Attention(40, 40, 10, 128),)),
}
HYBRIDS = {
    "qwen3.5-9b": Model(
        4096, 12288, 248320, (Attention(8, 16, 4, 256),), Delta(24, 16, 32, 128), True,
        27 * (4 * 1152**2 + 2 * 1152 * 4304) + 4608**2 + 4608 * 4096.0,
    ),
    "olmo-3.1-32b-instruct": Model(5120, 27648, 100278, (Attention(16, 40, 8, 128), Attention(48, 40, 8, 128, 4096.0))),
}  # fmt: skip
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
        return sum(rows * columns * copies for rows, columns, copies in self.model.matrices)

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

    def cached(self, span: Span) -> float:
        """Bytes of KV cache of a sequence, as a mean over its steps."""
        kept = sum(2.0 * a.kv_heads * a.head * a.layers * span.mean(a.window) for a in self.model.attention)
        return kept * BYTES[self.cache]

    @property
    def state(self) -> float:
        """Bytes of recurrent states of a sequence."""
        return self.model.delta.state if self.model.delta else 0.0

    def memory(self, span: Span) -> float:
        """Seconds of memory traffic that a sequence adds to a step: states are read and written."""
        moved = self.cached(span) + 2.0 * self.state + ACTIVATION * self._activations()
        return moved / self._bandwidth

    def compute(self, span: Span) -> float:
        """Seconds of arithmetic that a sequence adds to a step."""
        attention = sum(4.0 * a.heads * a.head * a.layers * span.mean(a.window) for a in self.model.attention)
        d = self.model.delta
        states = 7.0 * d.layers * d.values * d.size if d else 0.0
        return (2.0 * (self.matrices + 2 * self.embedding) + attention + states) / self._flops

    def prompt(self, tokens: float) -> float:
        """Seconds of a step's time that a request's prompt takes."""
        m, d = self.model, self.model.delta
        work = 2.0 * (self.matrices + 2 * self.embedding) * tokens
        for a in m.attention:
            seen = min(tokens, a.window)
            work += 4.0 * a.layers * a.heads * a.head * (seen * tokens - seen**2 / 2)
        if d:
            work += tokens * d.layers * d.value_heads * (2.0 * 64 * 2 * d.size + 4.0 * d.size**2)
        transfer = min(slope for _, slope in self._protocols()) * 2 * m.layers if self.ranks > 1 else 0.0
        return work / self._flops + transfer * tokens

    def network(self, batch: float) -> float:
        """Seconds of two all-reduces a layer, each over its cheapest protocol."""
        if self.ranks == 1:
            return 0.0
        return 2 * self.model.layers * min(base + slope * batch for base, slope in self._protocols())

    def capacity(self, span: Span) -> int:
        """Whole sequences that fit beside the weights."""
        held = BYTES[self.weights] * (self.matrices + 2 * self.embedding) + 2.0 * self.model.towers
        free = self.ranks * self.chip.memory - held
        return max(0, math.floor(free / (self.cached(span) + self.state) * (1 + 1e-12)))

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
        words = 0.0
        for rows, columns, copies in self.model.matrices:
            first = min(max(math.sqrt(rows * self.ranks / columns), 1.0), float(self.ranks))
            words += copies * (first * columns + self.ranks / first * rows)
        return words


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
                    instance = Instance((MODELS | HYBRIDS)[name], CHIPS[chip], ranks, precision, "bf16")
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


def _step(instance: Instance, context: Span, batch: float) -> float:
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
