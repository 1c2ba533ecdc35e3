# make setup, make demo, make test: each from a fresh clone, with Python 3.11 or newer and nothing else installed.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed

.PHONY: setup demo test fast-test check leaderboard report

setup: $(STAMP)

# torch goes first and pinned: on a machine without a GPU a later, unpinned wish for torch pulls gigabytes of CUDA.
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

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/traceinv leaderboard --check

leaderboard: setup
	$(BIN)/traceinv leaderboard

# The committed records, and the traces of the last `traceinv run lab` where there is one.
report: setup
	mkdir -p runs
	$(BIN)/traceinv report --results results $(if $(wildcard runs/lab/*.json),--run runs/lab) --out runs/report.html
