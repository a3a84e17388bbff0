# Every target sets itself up in .venv; nothing needs to be installed but Python 3.11 and make.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes
EDITABLE := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header pyproject.toml
MEASURED := .venv-runtime

.PHONY: help demo test lint bench picture lock clean

help:  ## List the targets
	@awk -F':.*## ' '/^[a-z]+:.*## /{printf "make %-7s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/demo.stamp  ## Walk through one recorded incident, with no account anywhere
	@$(BIN)/reveille demo

test: $(VENV)/dev.stamp  ## Run every test (emulator tests need Java and the Cloud SDK)
	@$(BIN)/pytest

lint: $(VENV)/dev.stamp  ## Formatting, lint, types, import contract
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/hadolint Dockerfile

bench: $(VENV)/dev.stamp $(MEASURED)/runtime.stamp  ## Measure a full validation; BENCH_JSON=FILE writes JSON too
	@$(BIN)/python -m tests.bench --python $(MEASURED)/bin/python $(if $(BENCH_JSON),--json $(BENCH_JSON))

picture: $(VENV)/dev.stamp  ## Draw the pictures of README and docs (needs Chromium)
	@$(BIN)/python -m tests.picture docs/report.svg
	@$(BIN)/python -m tests.preview

lock: $(VENV)/dev.stamp  ## Resolve the dependencies anew
	@$(LOCK) --upgrade --extra demo --extra dev --output-file requirements/dev.txt
	@$(LOCK) --constraint requirements/dev.txt --extra demo --output-file requirements/demo.txt
	@$(LOCK) --constraint requirements/dev.txt --output-file requirements/runtime.txt

clean:  ## Remove everything that the targets made
	rm -rf $(VENV) $(MEASURED) .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage *.egg-info build

$(VENV)/demo.stamp: requirements/demo.txt
	@echo "Setting up $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) -r requirements/demo.txt
	@$(EDITABLE)
	@touch $@

$(VENV)/dev.stamp: requirements/dev.txt $(VENV)/demo.stamp
	@echo "Installing the tools for the tests (once; about a minute) ..."
	@$(PIP) -r requirements/dev.txt
	@touch $@

$(MEASURED)/runtime.stamp: requirements/runtime.txt
	@$(PYTHON) -m venv $(MEASURED)
	@$(MEASURED)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/runtime.txt
	@touch $@
