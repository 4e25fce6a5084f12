# `make help` lists every verb. Nothing here needs more than make and Python 3.11, 3.12 or 3.13.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready
AS_ROOT := $(if $(filter 0,$(shell id -u)),--allow-root)
# Tools find each other by name, as they would in an activated environment: nbgrader runs `alembic`.
export PATH := $(CURDIR)/$(BIN):$(PATH)
LOCK := $(BIN)/uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 \
	--generate-hashes --no-annotate --no-header --no-emit-index-url --no-emit-find-links \
	--quiet --output-file requirements.lock

.DEFAULT_GOAL := help
.PHONY: help start test soak grade mutants lint notebooks coverage pictures bench lock install browser pythons clean

help:  ## list these verbs
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

start: $(READY)  ## open JupyterLab on chapter 00
	$(BIN)/jupyter lab $(AS_ROOT) --LabApp.default_url=/lab/tree/course/00-start-here.ipynb

test: lint browser pythons  ## run everything that CI runs
	$(BIN)/ds101 notebooks --check
	$(BIN)/pytest

soak: lint browser pythons  ## the same with every repeated test in full (takes long)
	$(BIN)/ds101 notebooks --check
	$(BIN)/pytest --soak

grade: $(READY)  ## grade what was submitted of a lab: make grade LAB=lab01
	@$(BIN)/ds101 grade $(LAB)

mutants: $(READY)  ## judge the wrong solutions: each must be caught by exactly what is listed for it
	$(BIN)/python -m autograder.mutants

lint: $(READY)  ## check style, format and types
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

notebooks: $(READY)  ## build every notebook that is out of step with its text source
	$(BIN)/ds101 notebooks

coverage: $(READY)  ## list the items that the course has to teach, and the cells that show each
	@$(BIN)/ds101 coverage

pictures: $(READY)  ## draw the pictures of the README and the course again, from real runs
	$(BIN)/python course/source/pictures.py

bench: $(READY)  ## measure the speeds that we promise, side by side
	$(BIN)/python -m benchmarks

lock: $(READY)  ## choose the newest versions that pyproject.toml allows, and lock them
	$(LOCK) --upgrade

install: $(READY)  ## make the environment, and no more

browser: $(READY)  ## get Chromium for the tests that need a browser
	@sh .ci/browser

pythons: $(READY)  ## make an environment for each other Python that this machine has, 3.11 to 3.13
	@$(BIN)/python .ci/pythons.py

clean:  ## remove the environment and what tools left behind
	rm -rf $(VENV) .venv-3.* .mypy_cache .pytest_cache .ruff_cache .hypothesis

# A second run finds the stamp and installs nothing.
$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
		{ echo "ds101 needs Python 3.11 to 3.13: say which with  make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --no-deps --no-build-isolation -e .
	@mkdir -p $(VENV)/share/jupyter/lab/settings
	@cp .jupyter/overrides.json $(VENV)/share/jupyter/lab/settings/  # JupyterLab asks nobody about news, and phones nobody
	@touch $@
