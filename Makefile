# Floorboard from a checkout. Needs Python 3.11 or newer and make; everything else is fetched into .venv.
.DEFAULT_GOAL := check
.PHONY: help check install demo test lint bench torture pictures clean
SHELL := /bin/sh

VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= $(firstword $(foreach name,python3 python3.14 python3.13 python3.12 python3.11,\
	$(shell command -v $(name) >/dev/null 2>&1 \
	&& $(name) -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo $(name))))
SUM = $(shell cksum < $(1) | cut -d' ' -f1)
RUN_STAMP := $(VENV)/.run-$(call SUM,requirements.lock)-$(call SUM,pyproject.toml)
DEV_STAMP := $(VENV)/.dev-$(call SUM,requirements-dev.lock)-$(call SUM,pyproject.toml)
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input install -qq
WORKERS ?= 3

check: lint test ## Lint and test (what a bare `make` does)

help: ## This list
	@awk -F':.*## ' '/^[a-z]+:.*## /{printf "make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(RUN_STAMP) ## Make .venv with what Floorboard needs to run

demo: $(RUN_STAMP) ## A simulated contact centre on http://127.0.0.1:8501
	@exec $(BIN)/floorboard demo $(ARGS)

test: $(DEV_STAMP) ## Tests of all four levels: unit, db, app, e2e
	@echo "==> Tests: unit, db, app, e2e"
	@$(BIN)/python -m pytest -n $(WORKERS) $(ARGS)

lint: $(DEV_STAMP) ## ruff, mypy, sqlfluff and the test of the architecture
	@echo "==> ruff: rules and format"
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@echo "==> mypy: types"
	@$(BIN)/mypy
	@echo "==> sqlfluff: statements"
	@$(BIN)/sqlfluff lint --disable-progress-bar --nocolor sql
	@echo "==> architecture: who may import whom"
	@$(BIN)/python -m pytest -q tests/unit/test_architecture.py

bench: $(DEV_STAMP) ## Measure the load (one million rows) and the walls, from the log to the pixel, against their targets
	@$(BIN)/python -m tests.bench $(ARGS)

torture: $(DEV_STAMP) ## Faults of every kind, for about two hours; writes docs/torture.md
	@$(BIN)/python -m tests.torture $(ARGS)

pictures: $(DEV_STAMP) ## New pictures of the pages for README and docs, from a demo; needs Chromium
	@$(BIN)/python -m tests.e2e.pictures $(ARGS)

clean: ## Remove .venv
	@rm -rf $(VENV)

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Found no Python of version 3.11 or newer on PATH; install one \
	(Debian: apt-get install python3 python3-venv), or name it: make PYTHON=/path/to/python3" >&2; exit 1; }
	@echo "==> Making $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "Making the environment failed; expected the module \
	venv with ensurepip (Debian: apt-get install python3-venv)." >&2; exit 1; }

# A stamp bears the checksum of its lock: nothing is fetched twice, and a changed lock is never overlooked.
$(RUN_STAMP): | $(BIN)/python
	@echo "==> Installing the locked libraries"
	@$(PIP) --require-hashes -r requirements.lock
	@echo "==> Installing Floorboard"
	@$(PIP) --no-deps --no-build-isolation -e .
	@rm -f $(VENV)/.run-*
	@touch $@

$(DEV_STAMP): | $(BIN)/python
	@echo "==> Installing the locked libraries and tools"
	@$(PIP) --require-hashes -r requirements-dev.lock
	@echo "==> Installing Floorboard"
	@$(PIP) --no-deps --no-build-isolation -e .
	@rm -f $(VENV)/.dev-*
	@touch $@
