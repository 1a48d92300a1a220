# Every target does all its own set-up in .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
LINKS := build/links/eeg2vid
DEMO ?= demo
JOBS ?= 2

.PHONY: help setup demo demo-eeg2video test lint test-recipes test-study test-slurm clean
help:
	@echo "make demo   simulate a small study, decode it, open demo/workspace/... in a browser"
	@echo "make demo-eeg2video   the same by the recipe eeg2video, small: about six minutes on two cores"
	@echo "make test   lint, types, layers, tests"
	@echo "make lint   ruff, mypy, import-linter"
	@echo "make test-recipes   every recipe once on the smallest study"
	@echo "make test-study   long tests: many seeds, full size"
	@echo "make test-slurm   on a real one-node SLURM, started beside the checkout"

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "eeg2vid needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version). Try: make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt torch
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,notebook]'
	@touch $@

setup: $(STAMP)

demo: $(STAMP)
	$(BIN)/eeg2vid demo --out $(DEMO)

demo-eeg2video: $(STAMP)
	$(BIN)/eeg2vid demo --out $(DEMO)-eeg2video --recipe examples/eeg2video/demo.toml

lint: $(STAMP)
	@mkdir -p $(LINKS)
	@for name in __init__.py __main__.py py.typed notebook; do ln -sfn $(CURDIR)/eeg2vid_api/$$name $(LINKS)/$$name; done
	@ln -sfn $(CURDIR)/eeg2vid_cli $(LINKS)/cli
	@ln -sfn $(CURDIR)/stages $(LINKS)/stages
	@ln -sfn $(CURDIR)/schemas $(LINKS)/schemas
	@ln -sfn $(CURDIR)/examples/recipes $(LINKS)/recipes
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	MYPYPATH=build/links $(BIN)/mypy --namespace-packages --explicit-package-bases -p eeg2vid
	PYTHONPATH=build/links $(BIN)/lint-imports

test: lint
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -n $(JOBS) --dist loadgroup

test-recipes: $(STAMP)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -m recipes -n $(JOBS) --timeout=1200

test-study: $(STAMP)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -m study --timeout=3600

test-slurm: $(STAMP)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -m slurm --timeout=1800

clean:
	rm -rf build $(DEMO) $(DEMO)-eeg2video
