# The front door. `make` alone says what there is.

PYTHON ?= python3
VENV ?= .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip install --disable-pip-version-check -c constraints.txt
NO_PACKAGES := "The packages could not be installed: is there a network? $(VENV)/pip.log says more."
# Where `make check` pretends to be deployed, so that the checks for deployment have something to say.
DEPLOYED := DATABASE_URL=postgresql://check@localhost/check HTTPS=true DEBUG=false \
	ALLOWED_HOSTS=tracetrack.example FORWARDED_ALLOW_IPS=127.0.0.1 \
	REDIS_URL=redis://localhost/0 WORKERS=4 DB_SERVER_CONNECTIONS=100 STATIC_HASHED=true \
	SECRET_KEY=a-long-key-that-no-installation-uses-0123456789-abcdefghijklmnop

.DEFAULT_GOAL := help
.PHONY: help run test check fix messages docs budgets bench screenshots db clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' Makefile
	@echo
	@echo "  Variables: PORT=8000 HOST=127.0.0.1 DATA=.local WORKERS= THREADS= VENV=.venv PYTHON=python3"

run: $(VENV)/.for-running ## Start TraceTrack with its own database and a month of demo data
	@exec $(PY) manage.py serve

test: $(VENV)/.for-tests check ## Run the gates, then every test
	@CHROMIUM_OPTIONAL=$(if $(CI),,1) .ci/chromium
	$(PY) -m pytest --create-db

check: $(VENV)/.for-tests ## Run the gates: format, lint, types, floors, settings, migrations
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy
	$(PY) -c "from importlinter.cli import lint_imports_command; lint_imports_command()"
	$(DEPLOYED) $(PY) manage.py check --deploy --fail-level WARNING
	$(PY) manage.py makemigrations --check --dry-run

fix: $(VENV)/.for-tests ## Format the code and repair what can be repaired
	$(PY) -m ruff format .
	$(PY) -m ruff check --fix .

messages: $(VENV)/.for-tests ## Bring the list of what is translated up to date, and compile it
	@DJANGO_SETTINGS_MODULE=tracetrack.settings $(PY) -m tests.catalogue

docs: $(VENV)/.for-running ## Generate docs/errors.md and docs/api-reference.md
	$(PY) manage.py generate_docs

budgets: $(VENV)/.for-tests ## Write down how many queries each endpoint needs now
	UPDATE_BUDGETS=1 $(PY) -m pytest -n 0 tests/api/test_query_budgets.py

bench: $(VENV)/.for-tests ## Measure, and compare with the stored results
	$(PY) -m bench.run

screenshots: $(VENV)/.for-tests ## Take every page of the demo in light, dark, on a phone and in Hindi
	$(PY) -m tests.screenshots

db: $(VENV)/.for-running ## Open the embedded database in psql
	@$(PY) manage.py devdb shell

clean: ## Remove what can be made again; the data in .local stays
	@if [ -x $(PY) ] && [ -d .local/pg-test ]; then \
		$(PY) -c "from pathlib import Path; from tracetrack.db.embedded import cluster; cluster.stop(Path('.local/pg-test').absolute())"; \
	fi
	rm -rf .local/pg-test staticfiles .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -not -path './$(VENV)/*' -prune -exec rm -rf {} +
	rm -rf $(VENV)

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "TraceTrack needs Python 3.11 or newer, as in: make PYTHON=python3.12"; exit 1; }
	@rm -rf $(VENV)
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo "Python's venv module is missing or broken. On Debian and Ubuntu: apt install python3-venv"; exit 1; }
	@touch $@

# Both stamps are younger than what they were made from; a changed requirement makes them old.
$(VENV)/.for-running: $(VENV)/.made requirements.txt constraints.txt
	@echo "Installing what TraceTrack needs (once) ..."
	@$(PIP) -r requirements.txt >$(VENV)/pip.log 2>&1 || { echo $(NO_PACKAGES); exit 1; }
	@touch $@

$(VENV)/.for-tests: $(VENV)/.for-running requirements-dev.txt
	@echo "Installing what the tests need (once) ..."
	@$(PIP) -r requirements-dev.txt >$(VENV)/pip.log 2>&1 || { echo $(NO_PACKAGES); exit 1; }
	@touch $@
