# The two commands of the README, and what a developer needs beside them.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
INTEROP_VENV := .venv-interop
BIN := $(VENV)/bin
LOGDIR ?= logs
CONFIG ?= pendulum
SEED ?= 0
COUNT ?= 20
WORKERS ?= 2
# They look for what is left on the whole machine, and so run while nothing else does.
ALONE := tests/leaks tests/fixtures tests/test_pytest_plugin.py

.PHONY: train test test-interop lint types bench soak clean

train: $(VENV)/.installed
	$(BIN)/python -m examples.ppo.train --logdir=$(LOGDIR) --config=$(CONFIG) --seed=$(SEED) --env_processes

test: lint types
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup $(ALONE:%=--ignore=%)
	$(BIN)/python -m pytest $(ALONE)

# With torch, which the other tests do without.
test-interop: $(INTEROP_VENV)/.installed
	$(INTEROP_VENV)/bin/python -m pytest tests/interop tests/interop/with_torch

lint: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.installed
	$(BIN)/mypy

bench: $(VENV)/.installed
	$(BIN)/python -m benchmarks.nested
	$(BIN)/python -m benchmarks.strategies
	$(BIN)/python -m benchmarks.start_up
	$(BIN)/python -m benchmarks.vector_env
	$(BIN)/python -m benchmarks.ray_actor
	$(BIN)/python -m benchmarks.ppo_learning --config pendulum --seeds 0 1 2
	$(BIN)/python -m benchmarks.ppo_learning --config cartpole --seeds 0 1 2 --noenv_processes

# The tests of faults over and over, while all cores have other work.
soak: $(VENV)/.installed
	$(BIN)/python tests/soak.py --count $(COUNT)

clean:
	rm -rf $(VENV) $(INTEROP_VENV) build dist *.egg-info

# The stamp makes a second run start at once; a changed dependency installs again.
$(VENV)/.installed: setup.cfg pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[dev]"
	touch $@

$(INTEROP_VENV)/.installed: PIP := $(INTEROP_VENV)/bin/python -m pip install --quiet --disable-pip-version-check
$(INTEROP_VENV)/.installed: setup.cfg pyproject.toml
	test -x $(INTEROP_VENV)/bin/python || $(PYTHON) -m venv $(INTEROP_VENV)
	$(PIP) torch==2.13.0
	$(PIP) --editable ".[sb3,testing]" pytest-timeout array-api-compat
	touch $@
