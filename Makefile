# Everything starts from Python 3.11 to 3.13, git and make. `make help` lists the targets.

PYTHON ?= $(firstword $(foreach v,3 3.13 3.12 3.11,$(if $(shell python$(v) -c \
	'import sys; print((3, 11) <= sys.version_info[:2] <= (3, 13) or "")' 2>/dev/null),python$(v))))
BIN := .venv/bin

# TensorFlow for this machine: `tensorflow-cpu` is half the size, but there is one for Linux on x86-64 only.
ifeq ($(shell uname -s)-$(shell uname -m),Linux-x86_64)
TENSORFLOW ?= $(if $(shell nvidia-smi -L 2>/dev/null),cuda,cpu)
else
TENSORFLOW ?= other
endif
LOCK := requirements/$(TENSORFLOW).lock
INSTALLED := .venv/installed-$(TENSORFLOW)
TOOLS := .venv/installed-tools
JAX := .venv/installed-jax

.PHONY: help install run test test-all check format bench bench-peers screenshots lock clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 20

install: $(INSTALLED) ## the environment in .venv

run: $(INSTALLED) ## the page at http://127.0.0.1:8050
	$(BIN)/gunicorn app:server

test: $(TOOLS) ## every test but the slow ones, the browser's included
	$(BIN)/python -m pytest -m "not slow" -n 2 --dist loadfile --no-loadscope-reorder

test-all: $(TOOLS) $(JAX) ## every test, on JAX as well
	$(BIN)/python -m pytest

check: $(TOOLS) ## format, lint, types, import rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

format: $(TOOLS) ## what `make check` can mend by itself
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(TOOLS) ## how fast it is, as ratios to a plain forward pass
	$(BIN)/python -m bench

bench-peers: $(TOOLS) ## other libraries beside ours, each in an environment below build/peers
	@$(BIN)/python -m bench.peers

screenshots: $(TOOLS) ## take the README's pictures again
	WHYLIGHT_SCREENSHOTS=docs $(BIN)/python -m pytest tests/browser/test_readme.py

lock: ## resolve the pinned versions anew (needs uv)
	for tensorflow in cpu cuda other; do \
	  uv pip compile pyproject.toml --extra $$tensorflow --upgrade $(RESOLVE) -o requirements/$$tensorflow.lock || exit; done
	uv pip compile --group dev -c requirements/other.lock --upgrade $(RESOLVE) -o requirements/dev.lock
	uv pip compile --group jax -c requirements/other.lock --upgrade $(RESOLVE) -o requirements/jax.lock
RESOLVE := --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header --quiet

clean: ## remove the environment
	rm -rf .venv

.venv/pyvenv.cfg:
	$(if $(PYTHON),,$(error No Python 3.11, 3.12 or 3.13 found: install one, or name it: make PYTHON=/path/to/python))
	$(PYTHON) -m venv .venv

$(INSTALLED): .venv/pyvenv.cfg $(LOCK) pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(LOCK)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

$(TOOLS): $(INSTALLED) requirements/dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.lock
	touch $@

$(JAX): $(TOOLS) requirements/jax.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/jax.lock
	touch $@
