# The two commands of the README, and what a developer needs beside them.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
INTEROP_VENV := .venv-interop
TF_AGENTS_VENV := .venv-tf-agents
BIN := $(VENV)/bin
LOGDIR ?= logs
CONFIG ?= pendulum
SEED ?= 0
COUNT ?= 20
WORKERS ?= 2
# They look for what is left on the whole machine, and so run while nothing else does.
ALONE := tests/leaks tests/fixtures tests/test_pytest_plugin.py
# A cluster has processes of its own, in which others would see leaks.
RAY := tests/cluster tests/wrappers tests/benchmarks tests/test_batch_env_checks.py

.PHONY: train test test-slow test-interop lint types bench bench-ppo soak kills clean

train: $(VENV)/.installed
	$(BIN)/python -m examples.ppo.train --logdir=$(LOGDIR) --config=$(CONFIG) --seed=$(SEED) --env_processes

test: lint types
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile -m "not slow and not ray" $(ALONE:%=--ignore=%)
	$(BIN)/python -m pytest -m "not slow and ray" $(RAY)
	$(BIN)/python -m pytest $(ALONE)

# What takes long and repeats what faster tests have seen, with other networks or kills.
test-slow: $(VENV)/.installed
	$(BIN)/python -m pytest -m slow

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
	$(BIN)/python -m benchmarks.ppo_learning --configs pendulum cartpole --seeds 0 1 2

# Beside other libraries, each where its versions can be installed.
bench-ppo: $(VENV)/.installed $(INTEROP_VENV)/.installed-ppo $(TF_AGENTS_VENV)/.installed
	$(BIN)/python -m benchmarks.ppo_speed --others $(INTEROP_VENV)/bin/python
	$(BIN)/python -m benchmarks.in_graph --tf-agents $(TF_AGENTS_VENV)/bin/python

# The tests of faults over and over, while all cores have other work.
soak: $(VENV)/.installed
	$(BIN)/python tests/soak.py --count $(COUNT)

# The trainer is killed at random moments, and must end with the same bits.
kills: $(VENV)/.installed
	$(BIN)/python -m benchmarks.resume --kills $(COUNT)

clean:
	rm -rf $(VENV) $(INTEROP_VENV) $(TF_AGENTS_VENV) build dist *.egg-info

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

$(INTEROP_VENV)/.installed-ppo: PIP := $(INTEROP_VENV)/bin/python -m pip install --quiet --disable-pip-version-check
$(INTEROP_VENV)/.installed-ppo: $(INTEROP_VENV)/.installed
	$(PIP) sbx-rl "gymnasium[mujoco]"
	touch $@

# Its last release needs a TensorFlow, and so a NumPy, that are too old for the others.
$(TF_AGENTS_VENV)/.installed: PIP := $(TF_AGENTS_VENV)/bin/python -m pip install --quiet --disable-pip-version-check
$(TF_AGENTS_VENV)/.installed:
	test -x $(TF_AGENTS_VENV)/bin/python || $(PYTHON) -m venv $(TF_AGENTS_VENV)
	$(PIP) tf-agents==0.19.0 "tensorflow==2.15.*" gymnasium cloudpickle
	touch $@
