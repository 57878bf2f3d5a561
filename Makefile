# Thin on purpose: every target is a line or two that you could type yourself.
.PHONY: run dev test test-long check cover ready ready-test
BIN := .venv/bin
WORKERS ?= 2
PYTEST := $(BIN)/pytest -n $(WORKERS) --dist loadgroup

run: ready            ## the whole of Invoicer with a demo business, on this machine only
	exec $(BIN)/invoicer up --demo

dev: ready            ## the same, starting again when a file changes
	exec $(BIN)/invoicer up --demo --reload

test: check           ## every kind of test, with small counts
	$(PYTEST) --cov --cov-report=term:skip-covered

test-long: check      ## the same tests with large counts
	$(PYTEST) --scale=large --timeout=3600

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

ready-test:
	@deploy/bootstrap.sh test
