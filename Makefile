# Every target sets itself up in .venv; nothing needs to be installed but Python 3.11 or later, and make.
# What is compiled is kept, also where the environment turns that off, as it does in many containers: without it every
# process of the tests compiles the packages of the test runner again.
unexport PYTHONDONTWRITEBYTECODE
VENV := .venv
BIN := $(VENV)/bin
MEASURED := .venv-runtime
SODA := .venv-soda
DBT := .venv-dbt
# The first of these that is Python 3.11 or later and can make an environment; PYTHON=... names another.
PYTHON ?= python3 python3.14 python3.13 python3.12 python3.11
ENVIRONMENT = @sh requirements/environment.sh $(1) $(PYTHON)
# A set-up ends with a stamp that says where. An environment without it, or without its Python, or in a folder that was
# moved or copied, is made anew.
ANEW = $(shell [ -x $(1)/bin/python ] && [ "$$(cat $(2) 2>/dev/null)" = "$$(pwd -P)" ] || echo anew)
STAMP = @pwd -P > $(1)
# The lock names every package with its hashes, so no resolver decides anything: pip before 23.3 does not match an extra
# of a package (google-auth[pyopenssl]) to its pin once a newer release exists. What is missing or clashes is said at the end.
PIP = -m pip --disable-pip-version-check
INSTALL = @$(1)/bin/python $(PIP) install --quiet --no-deps --require-hashes -r $(2)
CONSISTENT = @broken=$$($(1)/bin/python $(PIP) check) || { echo "$$broken" >&2; exit 1; }
AS_JSON = $(if $(JSON),--json $(JSON))
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header pyproject.toml

.PHONY: help demo test test-all lint audit pin pinned fresh bench emulators slack-server kill-points race storm soak chaos drill compare explore mutants docs picture lock clean anew

help:  ## List the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/demo.stamp  ## Open the playground, with no account anywhere; without a terminal, print one incident
	@$(BIN)/reveille demo

test: $(VENV)/dev.stamp  ## Run the tests of every day (emulator tests need Java and the Cloud SDK)
	@$(BIN)/pytest

test-all: $(VENV)/dev.stamp  ## Run every test, also the slow ones, with more examples of each property
	@$(BIN)/pytest --hypothesis-profile=thorough
	@$(BIN)/pytest --hypothesis-profile=thorough -m slow

lint: $(VENV)/dev.stamp  ## Formatting, lint, types, import contract
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/hadolint Dockerfile

# What the tests hold against the audit is wrong on purpose.
audit: $(VENV)/demo.stamp  ## Audit the project's own deploy files
	@$(BIN)/reveille audit --strict .ci $(filter-out tests/,$(wildcard */)) cloudbuild.yaml

pin:  ## Write the digest of the base image into Dockerfile and cloudbuild.yaml (asks the registry)
	@$(firstword $(PYTHON)) requirements/base_image.py pin

pinned:  ## Refuse a base image without a digest; a release begins with it
	@$(firstword $(PYTHON)) requirements/base_image.py check

fresh: $(VENV)/dev.stamp  ## Prove make demo and the image on a Debian without anything (needs root and debootstrap)
	@$(BIN)/python -m tests.fresh

bench: $(VENV)/dev.stamp $(MEASURED)/runtime.stamp  ## Measure a full validation; BENCH_JSON=FILE writes JSON too
	@$(BIN)/python -m tests.bench --python $(MEASURED)/bin/python $(if $(BENCH_JSON),--json $(BENCH_JSON))

emulators: $(VENV)/dev.stamp  ## Validate SCENARIO=NAME through emulators; RUN="COMMAND" runs another command there
	@$(BIN)/python -m tests.servers --scenario $(or $(SCENARIO),$(error Name a scenario: make emulators SCENARIO=invoker-lost)) $(if $(RUN),-- $(RUN))

slack-server: $(VENV)/dev.stamp  ## Be Slack for a bot on this machine; PORT=, APP=URL where the bot listens
	@$(BIN)/python -m tests.servers.slack_laptop $(if $(PORT),--port $(PORT)) $(if $(APP),--app $(APP))

kill-points: $(VENV)/dev.stamp  ## Die at random points, again and again, and count what is lost or double; COUNT=, MODE=, SEED=, JSON=FILE
	@$(BIN)/python -m tests.faults kill-points $(if $(COUNT),--count $(COUNT)) $(if $(MODE),--mode $(MODE)) $(if $(SEED),--seed $(SEED)) $(AS_JSON)

race: $(VENV)/dev.stamp  ## Let two instances race on one Firestore; DIGESTS=, JSON=FILE
	@$(BIN)/python -m tests.faults race $(if $(DIGESTS),--digests $(DIGESTS)) $(AS_JSON)

storm: $(VENV)/dev.stamp  ## Kill a serving process while Slack fails and people repair; MINUTES=, SEED=, JSON=FILE
	@$(BIN)/python -m tests.faults storm $(if $(MINUTES),--minutes $(MINUTES)) $(if $(SEED),--seed $(SEED)) $(AS_JSON)

soak: $(VENV)/dev.stamp  ## Let days pass at high speed while things break, and count what is lost, double, late, wrong; DAYS=, SEED=, MINUTES=, FORMER=COMMIT, JSON=FILE
	@nice $(BIN)/python -m tests.faults.soak soak $(if $(FORMER),--former $(FORMER)) $(if $(DAYS),--days $(DAYS)) $(if $(MINUTES),--minutes $(MINUTES)) $(if $(SEED),--seed $(SEED)) $(AS_JSON)

chaos: $(VENV)/dev.stamp  ## The same for MINUTES in which everything fails all the time; SEED=, DAYS=, JSON=FILE
	@nice $(BIN)/python -m tests.faults.soak chaos $(if $(MINUTES),--minutes $(MINUTES)) $(if $(DAYS),--days $(DAYS)) $(if $(SEED),--seed $(SEED)) $(AS_JSON)

drill: $(VENV)/dev.stamp  ## Break the healthy worlds of the NBA pipeline and count what is noticed; SEED=, COUNT=
	@$(BIN)/reveille drill --pipeline nba $(if $(SEED),--seed $(SEED)) $(if $(COUNT),--count $(COUNT))

compare: $(VENV)/dev.stamp $(SODA)/soda.stamp $(DBT)/dbt.stamp  ## Compare with Soda Core and dbt on one file; RUNS=
	@$(BIN)/python -m tests.compare --soda $(SODA)/bin --dbt $(DBT)/bin $(if $(RUNS),--runs $(RUNS))

explore: $(VENV)/dev.stamp  ## Draw new examples for the properties, a thousand each; ONLY=FILES
	@$(BIN)/pytest --hypothesis-profile=exploring --timeout 1800 -m "" $(or $(ONLY),$$(grep -rl --include='test_*.py' 'hypothesis' tests))

mutants: $(VENV)/dev.stamp  ## See which small changes of the code the tests notice; SEED=, COUNT=, ONLY=FOLDER
	@nice $(BIN)/python -m tests.mutants $(if $(SEED),--seed $(SEED)) $(if $(COUNT),--count $(COUNT)) $(ONLY)

docs: $(VENV)/dev.stamp  ## Write the generated parts of README and docs, and the golden files
	@UPDATE_MANUAL=1 UPDATE_GOLDEN=1 $(BIN)/pytest -n0 $$(grep -rlE --include='test_*.py' 'UPDATE_(MANUAL|GOLDEN)' tests)

picture: $(VENV)/dev.stamp  ## Draw the pictures of README and docs (needs Chromium)
	@$(BIN)/python -m tests.picture docs/report.svg
	@$(BIN)/python -m tests.preview
	@$(BIN)/python -m tests.preview.playground

lock: $(VENV)/dev.stamp  ## Resolve the dependencies anew
	@$(LOCK) --upgrade --extra demo --extra pictures --extra telemetry --extra dev --output-file requirements/dev.txt
	@$(LOCK) --constraint requirements/dev.txt --extra demo --extra pictures --output-file requirements/demo.txt
	@$(LOCK) --constraint requirements/dev.txt --extra pictures --output-file requirements/runtime.txt

clean:  ## Remove everything that the targets made
	rm -rf $(VENV) $(MEASURED) $(SODA) $(DBT) .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage *.egg-info build

$(VENV)/demo.stamp: requirements/demo.txt $(call ANEW,$(VENV),$(VENV)/demo.stamp)
	@echo "Setting up $(VENV) ..."
	$(call ENVIRONMENT,$(VENV))
	$(call INSTALL,$(VENV),$<)
	@$(BIN)/python $(PIP) install --quiet --no-deps --no-build-isolation --editable .
	$(call CONSISTENT,$(VENV))
	$(call STAMP,$@)

$(VENV)/dev.stamp: requirements/dev.txt $(VENV)/demo.stamp
	@echo "Installing the tools for the tests (once; about a minute) ..."
	@rm $(VENV)/demo.stamp
	$(call INSTALL,$(VENV),$<)
	$(call CONSISTENT,$(VENV))
	$(call STAMP,$(VENV)/demo.stamp)
	$(call STAMP,$@)

$(MEASURED)/runtime.stamp: requirements/runtime.txt $(call ANEW,$(MEASURED),$(MEASURED)/runtime.stamp)
	$(call ENVIRONMENT,$(MEASURED))
	$(call INSTALL,$(MEASURED),$<)
	$(call CONSISTENT,$(MEASURED))
	$(call STAMP,$@)

# The tools that are compared have an environment of their own each: they are no part of Reveille, nor of its tests.
$(SODA)/soda.stamp: requirements/soda.txt $(call ANEW,$(SODA),$(SODA)/soda.stamp)
	$(call ENVIRONMENT,$(SODA))
	$(call INSTALL,$(SODA),$<)
	$(call STAMP,$@)

$(DBT)/dbt.stamp: requirements/dbt.txt $(call ANEW,$(DBT),$(DBT)/dbt.stamp)
	$(call ENVIRONMENT,$(DBT))
	$(call INSTALL,$(DBT),$<)
	$(call STAMP,$@)
