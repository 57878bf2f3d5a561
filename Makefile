# Thin on purpose: every target is a line or two that you could type yourself.
.PHONY: run dev test test-long test-bare check cover ready ready-peers ready-test
BIN := .venv/bin
WORKERS ?= 2

# Each process of a test would compile its two thousand modules anew.
unexport PYTHONDONTWRITEBYTECODE

PYTEST := $(BIN)/pytest -n $(WORKERS) --dist loadgroup

# What failed beside other tests gets a second try alone, in full view, and fails then or is named.
ALONE := $(BIN)/pytest -n 1 --dist loadgroup --last-failed --last-failed-no-failures none --few

READY := $(if $(filter 1 true yes,$(INVOICER_PEERS)),ready-peers,ready)

run: $(READY)         ## the whole of Invoicer with a demo business, on this machine only
	exec $(BIN)/invoicer up --demo

dev: $(READY)         ## the same, starting again when a file changes
	exec $(BIN)/invoicer up --demo --reload

test: check           ## every kind of test, with small counts
	$(PYTEST) --cov --cov-report=term:skip-covered || $(ALONE)

test-long: check      ## the same tests with large counts, and the core's without any plugin
	$(PYTEST) --scale=large --timeout=3600
	$(MAKE) test-bare

test-bare: ready-test ## the core's tests where no plugin but those inside is installed
	deploy/bootstrap.sh bare
	.venv-bare/bin/pytest -n $(WORKERS) --dist loadgroup tests

check: ready-test     ## format, lint, types, imports, budgets
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -q -p no:randomly tests/contract/test_budgets.py

cover: ready-test     ## coverage line by line, in coverage/index.html
	$(PYTEST) --cov --cov-report=html:coverage

ready:
	@deploy/bootstrap.sh run

ready-peers:
	@deploy/bootstrap.sh peers

ready-test:
	@deploy/bootstrap.sh test
