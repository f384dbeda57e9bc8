# What a person runs; `make` alone lists it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PROGRAM := $(VENV)/.program
STAMP := $(VENV)/.stamp
# Three for two cores, because tests also wait for servers; each has two PostgreSQL of its own.
TEST_PROCESSES ?= 3

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint bench clean

help: ## This list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(STAMP) ## Make .venv and install what the program and its tests need
	@:

# The program alone, which is what a first look needs; the tests need TensorFlow, some 600 MB.
$(PROGRAM): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "claims needs Python 3.11 or later; '$(PYTHON)' is not. Install one and say make PYTHON=python3.11 (or later)." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "Python's venv module is missing. On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@echo "Making $(VENV) and installing the program (about a minute the first time) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --editable .
	@touch $@

$(STAMP): $(PROGRAM)
	@echo "Installing what the tests and linters need (a minute or two the first time) ..."
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --editable '.[test]'
	@touch $@
	@echo "Ready: $(BIN)/claims --help"

demo: $(PROGRAM) ## The main job on the embedded PostgreSQL, from nothing to a summary
	@$(BIN)/claims demo

test: setup ## All tests, on PostgreSQL 15 (the distribution's) and 18 (embedded)
	@tests/install-servers
	@$(BIN)/pytest --numprocesses $(TEST_PROCESSES) --dist loadfile

lint: setup ## ruff, mypy and sqlfluff
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/sqlfluff lint --processes 2 sql

bench: $(PROGRAM) ## The benchmark: the pipeline against its floor
	@$(BIN)/claims bench

clean: ## Stop the embedded server and remove .venv and caches; data in .claims stay
	@if [ -x $(BIN)/claims ]; then $(BIN)/claims db stop; fi
	@rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist
