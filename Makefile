# SPDX-License-Identifier: Apache-2.0
# `make` lists what there is.  Needs Python 3.11 or newer with pip; everything else goes into .venv.

PYTHON ?= python3
VENV := .venv/bin
COMITY := $(VENV)/comity
PYTEST := $(VENV)/python -m pytest
TWO := -n 2 --dist loadfile --no-loadscope-reorder
UP_FLAGS := $(if $(PORT),--port $(PORT))
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help up test test-full live check format lint types contracts cov bench case lock changelog clean _python _run _dev _model

help: ## List these targets
	@echo "usage: make TARGET  [PYTHON=python3.12] [PORT=9000] [ARGS='…']"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

up: _run ## Install, fetch the embedded model (hash checked) and start Comity on 127.0.0.1:8484
	@$(COMITY) models add --default
	@exec $(COMITY) up $(UP_FLAGS) $(ARGS)

test: _dev _model ## Run the tests (under 15 minutes on 2 cores)
	@$(PYTEST) $(TWO) $(ARGS)

test-full: _dev _model ## Run every test, the long ones too
	@$(PYTEST) --full $(TWO) $(ARGS)

live: _dev ## Ask the real services whose keys are in the environment (costs money; see docs/reference/doors-and-dialects.md)
	@$(PYTEST) tests/live/matrix/services.py $(ARGS)

check: lint types contracts ## Format, lint, types and import contracts (changes nothing)

format: _dev ## Format and mend what ruff can
	@$(VENV)/ruff check --fix --quiet . ; $(VENV)/ruff format --quiet .

lint: _dev ## ruff: rules and format
	@$(VENV)/ruff check --quiet . && $(VENV)/ruff format --check --quiet . && echo "lint: clean"

types: _dev ## mypy, strict
	@$(VENV)/mypy

contracts: _dev ## Imports point down the list of rooms only
	@$(VENV)/lint-imports --no-logo

cov: _dev _model ## Run the tests and show what they cover
	@$(PYTEST) --cov --cov-report=term $(ARGS)

bench: _dev ## Measure Comity beside its peers (see benchmarks/)
	@benchmarks/run $(ARGS)

case: _run ## Tell the founding case with real processes and a real model
	@$(COMITY) models add --default
	@$(COMITY) lab case $(ARGS)

lock: _dev ## Write requirements/*.txt anew from pyproject.toml (UPGRADE=1: newest versions)
	@sh requirements/lock.sh $(VENV)/uv $(if $(UPGRADE),--upgrade)

changelog: ## Move changes/*.md into CHANGELOG.md (VERSION=0.2.0 DATE=2027-01-31)
	@$(PYTHON) changes/assemble.py "$(VERSION)" "$(DATE)"

clean: ## Remove .venv, caches and build output (not your data, not the model)
	@rm -rf .venv build dist htmlcov .coverage .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find src tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

_python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "comity: needs Python 3.11 or newer, and \`$(PYTHON)\` is $$($(PYTHON) --version 2>&1 | head -n 1); name another: make PYTHON=python3.12 …" >&2; exit 2; }

_run: _python
	@$(PYTHON) requirements/install.py embedded

_dev: _python
	@$(PYTHON) requirements/install.py dev

# Once, 98, 86 and 31 MB, hashes checked.  Where they cannot be had the tests go on, and say what they could not do.
_model: _dev
	@$(COMITY) models add smollm2-135m-instruct >/dev/null || echo "comity: without that model, what needs one is NOT RUN" >&2
	@$(COMITY) models add names >/dev/null || echo "comity: without those models, what needs them is NOT RUN" >&2
	@$(COMITY) models add ocr >/dev/null || echo "comity: without those models, what needs them is NOT RUN" >&2
