# Everything a person does here. `make help` lists it.
# run and test set up by themselves whatever they need.

PORT ?= 8000
ARGS ?=
FULL ?=
CANDIDATES := python3.13 python3.12 python3.11 python3
PYTHON ?= $(or $(shell for p in $(CANDIDATES); do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done),python3)
VENV := .venv/bin/python

.DEFAULT_GOAL := help
.PHONY: help run reset install test lint soak mutants lighthouse bench services

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Run the site with its demo on this machine (PORT=8000, VERBOSE=1)
	@$(PYTHON) sandbox/bootstrap.py
	@$(VENV) -m sandbox.run --port $(PORT) $(if $(VERBOSE),--verbose)

reset: ## Start the demo over: remove its data
	@$(PYTHON) sandbox/bootstrap.py
	@$(VENV) -m sandbox.run --reset

install: ## Install what the tests and checks need from PyPI
	@$(PYTHON) sandbox/bootstrap.py --dev

test: ## Run the tests (ARGS="-k ledger -x" are passed to pytest)
	@$(PYTHON) sandbox/bootstrap.py --dev
	@$(VENV) -m sandbox.suite $(ARGS)

lint: ## Check style, types, import rules, migrations and translations
	@$(PYTHON) sandbox/bootstrap.py --dev
	@$(VENV) -m ruff format --check .
	@$(VENV) -m ruff check .
	@$(VENV) -m bandit -q -c pyproject.toml -r home campaigns pledges updates site sandbox manage.py
	@$(VENV) -m sandbox.licences --check
	@$(VENV) -m mypy
	@PYTHONPATH=site .venv/bin/lint-imports
	@$(VENV) manage.py check
	@SECRET_KEY=$$($(VENV) -c 'import secrets; print(secrets.token_urlsafe(50))') \
		SUPPRESSION_KEY=$$($(VENV) -c 'import secrets; print(secrets.token_urlsafe(50))') \
		$(VENV) manage.py check --deploy --fail-level WARNING --settings config.settings.production
	@$(VENV) manage.py makemigrations --check --dry-run
	@$(VENV) -m sandbox.translations --check

soak: ## What is too long for every change: 2,000 stories (45 minutes), what is killed or looked at often (30 more)
	@$(PYTHON) sandbox/bootstrap.py --dev
	@$(VENV) -m sandbox.soak

mutants: ## Change the modules of money one bit at a time: do their tests notice? (45 minutes)
	@$(PYTHON) sandbox/bootstrap.py --dev
	@$(VENV) -m sandbox.mutants $(ARGS)

lighthouse: ## Measure the demo's pages with Lighthouse, five times each (ARGS="--only four --runs 1")
	@$(PYTHON) sandbox/bootstrap.py --dev
	@$(VENV) -m bench.lighthouse $(ARGS)

bench: ## Measure, and compare with the limit and with peers (40 minutes; ARGS="reading": one; FULL=1: whole sizes)
	@$(PYTHON) sandbox/bootstrap.py --dev
	@$(VENV) -m bench $(if $(FULL),--full) $(ARGS)

services: ## Install what some tests need: Chromium, PostgreSQL, Redis, nginx, gettext, Java (Debian, as root)
	@sh sandbox/services.sh
