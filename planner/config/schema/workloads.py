"""Workloads: streams of requests, and how fast they are to be answered."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator, model_validator

from fleets.schema.base import Count, FrozenModel, Name, Positive
from planner.config.schema.fields import Rate, Safety, Share, Tokens, percent


class Workload(FrozenModel):
    """A stream of requests to one model."""

    name: Name
    model: Name | None = None
    input_tokens: Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False, strict=True)] = 0.0
    """Prompt length, tokens per request."""
    output_tokens: Tokens | None = None
    """Generated tokens per request."""
    context_tokens: Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False, strict=True)] | None = None
    """Average context during decode; default: input_tokens + output_tokens/2."""
    demand_tokens_per_s: Rate | None = None
    """Generated tokens per second, all users together."""
    demand_requests_per_s: Rate | None = None
    """Requests per second, instead of demand_tokens_per_s."""
    min_pace_tokens_per_s: Rate | None = None
    """Tokens per second that every user must see, at least."""
    max_tpot_ms: Positive | None = None
    """Time per output token, at most, instead of min_pace_tokens_per_s."""
    max_ttft_ms: Positive | None = None
    """Time to first token, at most."""
    prefix_hit_rate: Share = 0.0
    """Share of prompt tokens found in the prefix cache."""
    safety: Safety | None = None
    """Margin on every predicted time of this workload: `10%`, or `p90` for that quantile of the set's error where its fit
    never saw the like, the widest of what the config allows; default: the config's."""
    max_num_seqs: Count | None = None
    """Sequences of this workload that an instance runs at once, at most; default: the model's."""
    max_kinds: Count | None = None
    """Serve it from at most this many kinds; default: the config's max_kinds_per_workload."""

    _percent = field_validator("safety", "prefix_hit_rate", mode="before")(percent)

    @model_validator(mode="after")
    def _one_of_each(self) -> Workload:
        if self.demand_tokens_per_s is not None and self.demand_requests_per_s is not None:
            raise ValueError("give demand_tokens_per_s or demand_requests_per_s, not both")
        if self.min_pace_tokens_per_s is not None and self.max_tpot_ms is not None:
            raise ValueError("give min_pace_tokens_per_s or max_tpot_ms, not both")
        return self

    @property
    def context(self) -> float:
        """Average context during decode, tokens."""
        if self.context_tokens is not None:
            return self.context_tokens
        return self.input_tokens + (self.output_tokens or 0.0) / 2

    @property
    def request_tokens(self) -> float:
        """Tokens of a request, prompt and output; its context where only that is given."""
        return max(self.input_tokens + (self.output_tokens or 0.0), self.context)

    @property
    def pace(self) -> float:
        """Required tokens per second per user; 0 where nothing is asked."""
        if self.max_tpot_ms is not None:
            return 1000.0 / self.max_tpot_ms
        return self.min_pace_tokens_per_s or 0.0
