# Every target works from a fresh clone, with Python 3.11 or newer and make; the first one sets up .venv.
#
#   make demo         run the whole method once in the embedded lab, with one seed
#   make test         all checks and all tests
#   make fast-test    the tests that are not marked slow
#   make simulations  the simulations of the statistics, 10 to 30 minutes
#   make check        ruff, mypy, import-linter, and whether leaderboard.md is up to date
#   make golden       write tests/golden/stages.json anew (CONTRIBUTING.md says when)
#   make leaderboard  write leaderboard.md anew from the records in results/
#   make report       write runs/report.html: the records in results/, and the traces of a run
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed

.PHONY: help setup demo test fast-test simulations check golden leaderboard report

help:
	@sed -n '/^#   make/s/^#   //p' Makefile

setup: $(STAMP)

# torch is installed first, at its pinned version: on a machine without a GPU another requirement would pull gigabytes of CUDA.
$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --constraint constraints.txt torch==2.13.0
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $(STAMP)

demo: setup
	$(BIN)/traceinv run lab --seeds 1 --out runs/demo

test: check
	$(BIN)/pytest

fast-test: setup
	$(BIN)/pytest -m 'not slow'

simulations: setup
	$(BIN)/pytest -s -m simulation

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/traceinv leaderboard --check

golden: setup
	$(BIN)/python tests/golden/crossings.py

leaderboard: setup
	$(BIN)/traceinv leaderboard

# The committed records, and the traces of `traceinv run lab` or else of `make demo`, if one of them was run.
RUN = $(firstword $(dir $(wildcard runs/lab/*.json runs/demo/*.json)))
report: setup
	mkdir -p runs
	$(BIN)/traceinv report --results results $(if $(RUN),--run $(RUN)) --out runs/report.html
