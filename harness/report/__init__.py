"""Make one HTML page of results that needs no network: plots, the tables behind them, and a trace browser."""

from harness.report.page import Built, build

__all__ = ["Built", "build"]
