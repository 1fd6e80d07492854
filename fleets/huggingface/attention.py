"""Attention of a config as blocks: which of its kinds is meant, by the keys that only one of them has."""

from __future__ import annotations

from fleets.huggingface.families import Family
from fleets.huggingface.fields import Fields
from fleets.huggingface.grouped_query import read_grouped
from fleets.huggingface.latent_attention import read_compressed, read_latent
from fleets.schema.blocks import Block


def read_attention(
    fields: Fields, family: Family, layers: int, width: int, kinds: list[str]
) -> list[Block] | None:
    """The attention block of every layer whose kind is attention, in order; None after a refusal."""
    before = len(fields.problems)
    if fields.has("compress_ratios"):
        found: list[Block] = [read_compressed(fields, kind) for kind in kinds]
    elif fields.has("kv_lora_rank"):
        found = read_latent(fields, family, layers, kinds)
    else:
        found = read_grouped(fields, family, layers, width, kinds)
    return None if len(fields.problems) > before else found
