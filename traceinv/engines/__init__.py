"""Text in, text out: the engines that run a model."""

from traceinv.engines.base import Completion, Engine, Sampling

__all__ = ["Completion", "Engine", "Sampling"]
