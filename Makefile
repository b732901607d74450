# Development tasks. `make` without a target lists them.

PYTHON ?= python3
VENV ?= .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip install --disable-pip-version-check -c constraints.txt
NO_PACKAGES := "The packages could not be installed. Check the network; $(VENV)/pip.log has the details."
# Settings of a deployment, for the deployment checks of `make check`.
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

test: $(VENV)/.for-tests check ## Run all checks and all tests
	@CHROMIUM_OPTIONAL=$(if $(CI),,1) .ci/chromium
	$(PY) -m pytest --create-db

check: $(VENV)/.for-tests ## Run all checks: format, lint, types, layers, settings, migrations
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy
	$(PY) -c "from importlinter.cli import lint_imports_command; lint_imports_command()"
	$(DEPLOYED) $(PY) manage.py check --deploy --fail-level WARNING
	$(PY) manage.py makemigrations --check --dry-run

fix: $(VENV)/.for-tests ## Format the code and fix lint errors
	$(PY) -m ruff format .
	$(PY) -m ruff check --fix .

messages: $(VENV)/.for-tests ## Update and compile the translation catalogue
	@DJANGO_SETTINGS_MODULE=tracetrack.settings $(PY) -m tests.translation_catalogue

docs: $(VENV)/.for-running ## Generate docs/errors.md and docs/api-reference.md
	$(PY) manage.py generate_docs

budgets: $(VENV)/.for-tests ## Update the query budgets of the endpoints
	UPDATE_BUDGETS=1 $(PY) -m pytest -n 0 tests/api/test_query_budgets.py

bench: $(VENV)/.for-tests ## Run the benchmark
	$(PY) -m bench.run

screenshots: $(VENV)/.for-tests ## Render every page of the demo in light, dark, on a phone and in Hindi
	$(PY) -m tests.screenshots

db: $(VENV)/.for-running ## Open the embedded database in psql
	@$(PY) manage.py devdb shell

clean: ## Remove generated files; the data in .local/pg stays
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

# Both stamp files depend on the requirements: a changed requirement installs the packages again.
$(VENV)/.for-running: $(VENV)/.made requirements.txt constraints.txt
	@echo "Installing the packages of TraceTrack (once) ..."
	@$(PIP) -r requirements.txt >$(VENV)/pip.log 2>&1 || { echo $(NO_PACKAGES); exit 1; }
	@touch $@

$(VENV)/.for-tests: $(VENV)/.for-running requirements-dev.txt
	@echo "Installing the packages of the tests (once) ..."
	@$(PIP) -r requirements-dev.txt >$(VENV)/pip.log 2>&1 || { echo $(NO_PACKAGES); exit 1; }
	@touch $@
