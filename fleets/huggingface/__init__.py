"""Hugging Face `config.json` to `Architecture`: what is not understood is refused by name."""

from fleets.huggingface.reader import read_config

__all__ = ["read_config"]
