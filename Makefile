# Two commands on a fresh machine: `make demo` and `make test`. They need Python 3.11+ and make.

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
VITRINE := $(PY) -m deployments.commands.main
LOCK := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	--no-annotate --no-emit-index-url pyproject.toml --extra build

ifdef LIBRARY
export VITRINE_LIBRARY := $(LIBRARY)
endif

.DEFAULT_GOAL := help
.PHONY: help setup demo up down check format test bench prove lock migration clean

help: ## Show this help
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile

setup: $(VENV)/.installed ## Install everything that running needs

demo: ## Publish the sample library and show the link (LIBRARY=, FOLDER=, ONCE=1)
	@began=$$(date +%s) && $(MAKE) --no-print-directory setup && \
	$(VITRINE) demo $(if $(ONCE),--once) --folder "$(FOLDER)" \
		--seconds-setup $$(( $$(date +%s) - began ))

up: setup ## Start the stack until Ctrl-C, or in the background (DETACH=1)
	@$(VITRINE) up $(if $(DETACH),--detach)

down: setup ## Stop the stack
	@$(VITRINE) down

check: $(VENV)/.dev ## Format, lint, types, import contracts, templates, house rules
	$(PY) -m ruff format --check --quiet .
	$(PY) -m ruff check --quiet .
	$(PY) -m mypy
	$(PY) -c "from importlinter.cli import lint_imports_command as run; run()"
	$(PY) -m djlint page_builder/templates --lint --profile=jinja --quiet
	$(PY) -m pytest -q tests/house

format: $(VENV)/.dev ## Put the code into shape
	$(PY) -m ruff format .
	$(PY) -m ruff check --fix .

test: $(VENV)/.dev ## Run all tests (ARGS= for pytest)
	$(PY) -m pytest -n 2 --dist loadscope --no-loadscope-reorder $(ARGS)

bench: $(VENV)/.dev ## Measure us against the peers (NAME=, else all)
	@$(PY) -m benchmarks $(NAME)

prove: $(VENV)/.dev ## Prove something at full size (NAME=)
	@$(PY) -m benchmarks --proofs $(NAME)

lock: ## Pin all dependencies anew (needs uv)
	$(LOCK) -o requirements.lock
	$(LOCK) --extra dev -c requirements.lock -o requirements-dev.lock

migration: setup ## Write a migration for changed models (NAME="what it does")
	$(PY) -m alembic revision --autogenerate -m "$(NAME)"

clean: ## Remove the environment; data in .vitrine stays
	rm -rf $(VENV)

# The environment is made anew only when a lock file changes, so that the next start needs no network.
$(VENV)/.installed: requirements.lock pyproject.toml
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and 'Vitrine needs Python 3.11 or newer')"
	@test -x $(PY) || $(PYTHON) -m venv $(VENV)
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.installed requirements-dev.lock
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@
