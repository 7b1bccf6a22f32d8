# `make serve` and `make test` are the two commands to know; each sets up .venv first, as `make install` does.
#
# PYTHON   the interpreter to make .venv with (3.11, 3.12 or 3.13)
# VENV     another place for it:  make test PYTHON=python3.13 VENV=.venv-3.13
# WORKERS  processes that run tests: as many as there are processors; one more was slower
# OPTIONS  more options for pytest:  make test OPTIONS='-k cursor'
# QUICK    a round of a second each:  make bench QUICK=1; or say how many, and of how long:  make bench ROUNDS=3 SECONDS=2

PYTHON ?= python3
VENV ?= .venv
WORKERS ?= 2
OPTIONS ?=
QUICK ?=
ROUNDS ?=
SECONDS ?=

EXTRAS := development,testing,test,lint
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
# The benchmarks' own: it has the other frameworks in it.
BENCH_VENV := .venv-bench

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

.PHONY: help
help:  ## say what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-15s %s\n", $$1, $$2 }' Makefile

.PHONY: install
install: $(INSTALLED)  ## set up .venv with the exact versions of constraints.txt

$(INSTALLED): pyproject.toml constraints.txt
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || { \
	    $(PYTHON) -c 'import sys; v = sys.version_info; (3, 11) <= v < (3, 14) or sys.exit("Colonnade needs Python 3.11, 3.12 or 3.13, but $(PYTHON) is %d.%d: name another one, as in `make install PYTHON=python3.13`" % v[:2])' \
	    && echo '$(PYTHON) -m venv --clear $(VENV)' && $(PYTHON) -m venv --clear $(VENV); }
	$(BIN)/python -m pip install --constraint constraints.txt --editable '.[$(EXTRAS)]'
	@touch $@

# Nobody who serves can do anything about what is not to be said: https://github.com/Pylons/pyramid/issues/3731
.PHONY: serve
serve: install  ## prepare a database with demo data, then serve on http://127.0.0.1:6543
	$(BIN)/colonnade -c development.ini demo
	@PYTHONWARNINGS='ignore:pkg_resources is deprecated as an API:UserWarning' $(BIN)/pserve development.ini

.PHONY: test
test: lint  ## lint, then run the whole suite, random tests with small counts
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(OPTIONS)
	$(BIN)/python -m pytest examples  # by itself, as its author would: its models are a stranger's

.PHONY: test-thorough
test-thorough: export COLONNADE_TEST_COUNTS = thorough
test-thorough: override OPTIONS += -o faulthandler_timeout=3600
test-thorough: test  ## the same with large counts and new random examples

.PHONY: lint
lint: install  ## look at the code without running it
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

.PHONY: format
format: install  ## put the code into its usual form
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

.PHONY: coverage
coverage: install  ## run the suite and report what it did not reach
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest $(OPTIONS)
	$(BIN)/coverage combine
	$(BIN)/coverage report

.PHONY: bench
bench: $(BENCH_VENV)/.installed  ## measure beside other frameworks: benchmarks/RESULTS.md; needs wrk and PostgreSQL
	$(BENCH_VENV)/bin/python -W ignore -m benchmarks $(if $(QUICK),--quick) \
	    $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(SECONDS),--seconds $(SECONDS))

$(BENCH_VENV)/.installed: pyproject.toml benchmarks/requirements.txt
	$(PYTHON) -m venv $(BENCH_VENV)
	$(BENCH_VENV)/bin/python -m pip install --requirement benchmarks/requirements.txt --editable .
	@touch $@

.PHONY: lock
lock:  ## resolve constraints.txt anew; needs every supported Python: PYTHONS='python3.11 python3.12 python3.13'
	.ci/lock $(PYTHONS)

.PHONY: clean
clean:  ## remove what tools and builds leave; .venv and databases stay
	rm -rf build dist htmlcov .coverage .coverage.* .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +
