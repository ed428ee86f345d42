# Everything a developer runs. `make` alone lists it.

PYTHON ?= python3
PORT ?= 8000
MUTATION_PROCESSES ?= 2
PROFILE ?= full
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
SANDBOX_READY := $(VENV)/.sandbox-ready
BENCH_READY := $(VENV)/.bench-ready
DJSTRIPE := .venv-bench-djstripe
BENCH = PYTHONPATH=.:sandbox $(BIN)/python -m benchmarks
MUTATION_READY := $(VENV)/.mutation-ready
SYSTEM_READY := $(VENV)/.system-ready

# What mysqlclient is compiled against: found through pkg-config.
MARIADB_FOUND = pkg-config --exists libmariadb || pkg-config --exists mysqlclient || pkg-config --exists mariadb

.DEFAULT_GOAL := help
.PHONY: help setup sandbox test test-fast bench bench-short mutation lint format docs diagrams field-failures messages compilemessages clean

help: ## list what can be made
	@sed -n 's/^\([a-z][a-z-]*\):.*## \(.*\)/\1 \2/p' $(MAKEFILE_LIST) | while read -r name text; do printf '  make %-16s %s\n' "$$name" "$$text"; done

setup: $(READY) ## create or refresh .venv with everything for development

sandbox: $(SANDBOX_READY) ## a shop to try: http://127.0.0.1:8000/, or another PORT
	@exec $(BIN)/python sandbox/run.py --port $(PORT)

# The whole matrix of tox.ini. Pythons that pyenv keeps are found too.
test: $(READY) $(SYSTEM_READY) ## run every test that can run on this machine, and report coverage
	@rm -rf .coverage .coverage.* test-results
	@if command -v pyenv >/dev/null; then \
		for versions in "$$(pyenv root)"/versions/*/bin; do PATH="$$PATH:$$versions"; done; export PATH; \
	fi; \
	if ! { $(MARIADB_FOUND); } 2>/dev/null; then \
		echo "MariaDB's client library is not installed: its tests are left out."; \
		export TOX_SKIP_ENV=.*mariadb; \
	fi; \
	$(BIN)/tox run
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

test-fast: $(READY) ## run the tests once, on SQLite, without the slow ones
	$(BIN)/python -m pytest -n auto --no-migrations -m "not browser and not clone"

# DATABASE_URL names a PostgreSQL server; databases of its own are made there, and dropped.
bench: $(BENCH_READY) ## measure beside Oscar's own and dj-stripe; PROFILE=short is quick, PROFILE=million takes long
	$(BENCH) --profile $(PROFILE) --output docs/performance

bench-short: $(BENCH_READY) ## the same with less of everything, and nothing written
	$(BENCH) --profile short

# Mutants are made anew: mutmut doesn't notice that a test has changed.
mutation: $(MUTATION_READY) ## change the app in a thousand small ways: do the tests notice? (takes long)
	@rm -rf mutants
	$(BIN)/mutmut run --max-children $(MUTATION_PROCESSES)
	@$(BIN)/mutmut results --all true | $(BIN)/python -m tests.mutation.score

lint: $(READY) ## style, types and the direction of imports
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	PYTHONPATH=sandbox $(BIN)/lint-imports

format: $(READY) ## let ruff put the code in order
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

# A link to nowhere, and whatever else Sphinx has to say, is an error.
docs: $(READY) ## build the documentation: docs/_build/html/index.html
	PYTHONPATH=. $(BIN)/sphinx-build -W -n --keep-going -q -b html docs docs/_build/html

diagrams: $(READY) ## draw the pictures in docs/ that come from the code
	PYTHONPATH=.:sandbox DJANGO_SETTINGS_MODULE=tests.settings $(BIN)/python docs/diagrams.py

field-failures: $(READY) ## list in docs/ the tests that name a failure of the field
	$(BIN)/python docs/field_failures.py

messages: $(READY) $(SYSTEM_READY) ## collect the texts to translate
	cd oscar_vipps && ../$(BIN)/django-admin makemessages --all --no-location

compilemessages: $(READY) $(SYSTEM_READY) ## compile the translations
	cd oscar_vipps && ../$(BIN)/django-admin compilemessages

clean: ## remove what was made here, the sandbox's database included
	rm -rf $(VENV) $(DJSTRIPE) .tox .coverage .coverage.* test-results mutants build dist *.egg-info docs/_build sandbox/var

# Packages are installed again only when their list changes.
$(READY): pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable . --group dev
	@touch $@ $(SANDBOX_READY)

# The sandbox needs fewer of them.
$(SANDBOX_READY): pyproject.toml | $(BIN)/python
	@echo "Installing the sandbox's packages ..."
	@$(BIN)/python -m pip install --quiet --editable . --group sandbox
	@touch $@

# Nothing but `make bench` needs these, and dj-stripe needs an environment of its own: it wants an older stripe.
$(BENCH_READY): pyproject.toml | $(BIN)/python
	@echo "Installing what is measured with ..."
	@$(BIN)/python -m pip install --quiet --editable . --group bench
	@$(PYTHON) -m venv $(DJSTRIPE)
	@$(DJSTRIPE)/bin/python -m pip install --quiet --upgrade "pip>=25.1"
	@$(DJSTRIPE)/bin/python -m pip install --quiet --group bench-djstripe || { \
		echo "dj-stripe needs Python 3.11 or later, and is left out."; rm -r $(DJSTRIPE); }
	@touch $@

# Nothing but `make mutation` needs mutmut.
$(MUTATION_READY): pyproject.toml | $(BIN)/python
	@echo "Installing mutmut ..."
	@$(BIN)/python -m pip install --quiet --editable . --group mutation
	@touch $@

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { \
		echo "Python 3.10 or later is needed, for example: make PYTHON=python3.11" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"

# What tests and translations need of the system. Installed only by root where there is apt-get; elsewhere it is named.
$(SYSTEM_READY): | $(BIN)/python
	@missing=""; \
	command -v msgfmt >/dev/null || missing="$$missing gettext"; \
	command -v redis-server >/dev/null || missing="$$missing redis-server"; \
	command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null \
		|| missing="$$missing chromium"; \
	{ $(MARIADB_FOUND); } 2>/dev/null || missing="$$missing pkg-config gcc libmariadb-dev"; \
	if [ -n "$$missing" ] && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "Installing$$missing ..."; \
		apt-get update --quiet=2 && DEBIAN_FRONTEND=noninteractive apt-get install --quiet=2 --yes --no-install-recommends \
			$$missing >/dev/null && missing=""; \
	fi; \
	if [ -z "$$missing" ]; then touch $@; \
	elif [ "$$CI" = true ]; then echo "Not installed:$$missing" >&2; exit 1; \
	else echo "Not installed, and what needs it is left out:$$missing (Debian's names)"; fi
