# Every target works from a fresh clone, with Python 3.11 or newer and make; the first one sets up .venv.
#
#   make demo         run the whole method once in the embedded lab, with one seed
#   make real         run the method on GSM8K with a real small model (DATA=DIR), 15 minutes on two cores
#   make test         all checks and all tests
#   make fast-test    the tests that are not marked slow
#   make test-plain-user  the fast tests as others run them: without root, /dev/shm and a home, from a read-only checkout, by python -O
#   make simulations  the simulations of the statistics, 10 to 30 minutes
#   make fuzz         try readers, graders, records, recipes, replies and templates with arbitrary input for ten minutes
#   make check        ruff, mypy, import-linter, and whether leaderboard.md is up to date
#   make families     get chat templates and tokenizers of model families from the package indexes, for tests
#   make golden       write tests/golden/stages.json anew (CONTRIBUTING.md says when)
#   make schema       write docs/record.schema.json anew
#   make lock         write requirements.lock anew: the pins of constraints.txt that `make setup` installs, with their hashes
#   make audit        ask the advisories of PyPI whether a pinned package has a known fault
#   make docs         build the site of docs/ in build/site, in an environment of its own
#   make leaderboard  write leaderboard.md anew from the records in results/
#   make perf         print one table of speeds beside their references (DATA=DIR for the programs of the sandbox, MODEL=DIR)
#   make report       write runs/report.html: the records in results/, and the traces of a run
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed

.PHONY: help setup demo real test fast-test test-plain-user simulations fuzz check families golden schema lock audit docs leaderboard report perf

help:
	@sed -n '/^#   make/s/^#   //p' Makefile

setup: $(STAMP)

# What is downloaded is compared with its hash, torch excepted: which build it is depends on the machine. It is installed before
# anything that requires it: on a machine without a GPU another requirement would pull gigabytes of CUDA. The last command finds all
# else there. (pip refuses an editable project beside a constraint with a hash, so the hashes stand in a file of their own.)
$(STAMP): pyproject.toml constraints.txt requirements.lock
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --require-hashes --no-deps --requirement requirements.lock
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

test-plain-user: setup
	tests/helpers/as_others_run_it.sh $(BIN)/python $(TESTS)

fuzz: setup
	PYTHONPATH=tests/helpers:tests/golden $(BIN)/python tests/helpers/fuzzing.py --minutes 10

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/traceinv leaderboard --check

families: setup
	$(BIN)/python tests/helpers/get_families.py build/families

golden: setup
	$(BIN)/python tests/golden/crossings.py

schema: setup
	$(BIN)/python -c 'import json, traceinv; print(json.dumps(traceinv.record_schema(), indent=1))' >docs/record.schema.json

# The lock has no torch and nothing of CUDA, so a CPU build of torch is asked for; TORCH='--find-links DIR' takes one from a folder.
TORCH ?= --torch-backend cpu
lock:
	test -d build/lock-venv || $(PYTHON) -m venv build/lock-venv
	build/lock-venv/bin/pip install --quiet uv
	build/lock-venv/bin/uv pip compile --quiet pyproject.toml --extra dev --constraint constraints.txt --python-version 3.11 \
	    $(TORCH) --no-emit-package torch --generate-hashes --no-annotate --custom-compile-command 'make lock' \
	    --output-file requirements.lock

# --strict: a package whose advisories cannot be had is a failure, and not a package without any.
audit:
	test -d build/audit-venv || $(PYTHON) -m venv build/audit-venv
	build/audit-venv/bin/pip install --quiet pip-audit
	build/audit-venv/bin/pip-audit --strict --disable-pip --no-deps --requirement constraints.txt

# The site is made from the text of the pages and the source, so nothing of the project is installed.
docs:
	test -d build/docs-venv || $(PYTHON) -m venv build/docs-venv
	build/docs-venv/bin/pip install --quiet --constraint constraints.txt mkdocs-material 'mkdocstrings[python]'
	build/docs-venv/bin/mkdocs build --strict

leaderboard: setup
	$(BIN)/traceinv leaderboard

# The committed records, and the traces of `traceinv run lab` or else of `make demo`, if one of them was run.
RUN = $(firstword $(dir $(wildcard runs/lab/*.json runs/demo/*.json)))
report: setup
	mkdir -p runs
	$(BIN)/traceinv report --results results $(if $(RUN),--run $(RUN)) --out runs/report.html

# The model comes from the package index. DATA is a folder with GSM8K as its authors publish it, train.jsonl and test.jsonl under
# the names gsm8k_train.jsonl and gsm8k_test.jsonl. docs/real-models.md says what came out, and what it can and cannot say.
real: setup
	@test -n "$(DATA)" || { echo "make real: expected DATA=DIR, a folder with gsm8k_train.jsonl and gsm8k_test.jsonl"; exit 2; }
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[gguf]'
	$(BIN)/python examples/get_smollm2.py models/smollm2
	$(BIN)/traceinv run gsm8k-recorded --seeds 1 --out runs/real --set data_dir=$(DATA) --set questions.count=32 \
	    --set benchmark.limit=32 --set benchmark.max_tokens=160 --set sampling.max_new_tokens=160 \
	    --set max_dropped=0.9 --set candidates.count=2 --set inverter.training.epochs=6 \
	    --set faithfulness.likelihood_traces=16 --set faithfulness.reading_questions=6

perf: setup
	$(BIN)/python perf/all.py $(if $(DATA),--data-dir $(DATA)) $(if $(MODEL),--model $(MODEL))
