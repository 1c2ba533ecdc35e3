"""Results as one HTML page that opens from disk, with no network: plots, the tables behind them, and a trace browser."""

from harness.report.page import Built, build

__all__ = ["Built", "build"]
