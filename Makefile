# Two commands do everything from a fresh clone: make demo, make test. The others are listed by: make help
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

# First Python that is new enough; override with make PYTHON=/path/to/python3
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
  "$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { command -v "$$p"; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
HTTPBIN := .venv-httpbin
SCANNERS := .venv-scanners
WHEEL := .venv-wheel
INSTALL = -m pip install --quiet --disable-pip-version-check --require-hashes --requirement

.PHONY: help demo test check test-tree test-wheel fuzz fuzz-api serve format lock schemas criteria bench bench-security bench-search bench-diagnosis bench-saturation bench-reference bench-memory bench-collector bench-extrapolation samples clean
help: ## List the targets
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 22

demo: $(VENV)/.run $(SCANNERS)/.run ## Assess the reference service: decision, grade, capacity, HTML scorecard
	@$(BIN)/portance demo

test: check test-tree test-wheel ## Everything that must hold: style, types, layers, tests on the tree and on the wheel

check: $(VENV)/.dev ## Style, types and the direction of the imports
	@$(BIN)/ruff format --check --quiet . && $(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo 2>/dev/null || $(BIN)/lint-imports

test-tree: $(VENV)/.dev $(SCANNERS)/.run $(HTTPBIN)/.run ## Tests on the source tree
	@$(BIN)/python -m pytest -n auto --dist loadfile --ignore tests/loadtests --ignore tests/httpbin
	@$(BIN)/python -m pytest tests/loadtests tests/httpbin # they measure: nothing else runs beside them

test-wheel: $(VENV)/.dev $(SCANNERS)/.run $(HTTPBIN)/.run ## Tests of the built wheel, as a user gets it
	@rm -rf dist $(WHEEL)
	@$(BIN)/python -m build --wheel --no-isolation . > /dev/null
	@$(BIN)/python -m venv --without-pip $(WHEEL)
	@$(BIN)/python -c 'import site; print(site.getsitepackages()[0])' \
	  > "$$($(WHEEL)/bin/python -c 'import site; print(site.getsitepackages()[0])')/libraries.pth"
	@$(BIN)/python -m pip --python $(WHEEL)/bin/python install --quiet --no-deps --no-index --force-reinstall --ignore-installed dist/*.whl
	@PORTANCE_WHEEL=1 PYTHONSAFEPATH=1 $(WHEEL)/bin/python -m pytest -m wheel

fuzz: $(VENV)/.dev ## Property tests on examples never tried before, many more than make test tries
	@$(BIN)/python -m pytest $$(grep -rl --include='test_*.py' '^from hypothesis' tests) -k 'not wheel' --hypothesis-profile=fuzz

fuzz-api: $(VENV)/.dev $(SCANNERS)/.run ## The whole API of the reference service by schemathesis, with far more examples than make test
	@PORTANCE_FUZZ_EXAMPLES=200 PORTANCE_FUZZ_SEED=$$RANDOM $(BIN)/python -m pytest tests/reference_app/test_api_fuzz.py -k no_request

serve: $(VENV)/.run ## The reference service, to click through
	@$(BIN)/portance reference up

bench: $(VENV)/.dev ## Benchmarks, one after the other: load generator, scaling, tracing, receiver, grading, portfolio (10 minutes)
	@for name in load_generator scaling tracing_overhead span_cost receiver grading portfolio; do echo "== $$name =="; $(BIN)/python tests/benchmarks/$$name.py; done

bench-security: $(VENV)/.dev $(SCANNERS)/.run ## Which scanner finds which planted defect (15 minutes); writes docs/security/scanners.md
	@$(BIN)/python tests/benchmarks/proving_ground.py

bench-search: $(VENV)/.dev ## How often the search is right: 200 simulated services, six real ones (15 minutes)
	@$(BIN)/python tests/benchmarks/search_truth.py --kinds
	@$(BIN)/python tests/benchmarks/known_servers.py

bench-diagnosis: $(VENV)/.dev ## What is named first in 24 slow services and in their mended twins (5 minutes); writes docs/observability/diagnosis.md
	@$(BIN)/python tests/benchmarks/diagnosis.py

bench-saturation: $(VENV)/.dev ## What is used up first, in six services made to give way (5 minutes)
	@$(BIN)/python tests/benchmarks/saturation.py

bench-reference: $(VENV)/.dev ## The reference service: opening rush, peak day and agents over 1 000 000 dossiers, filing against pgbench (15 minutes)
	@$(BIN)/python tests/benchmarks/opening_rush.py --highest
	@$(BIN)/python tests/benchmarks/peak_day.py
	@$(BIN)/python tests/benchmarks/agents_at_scale.py
	@$(BIN)/python tests/benchmarks/filing.py

bench-memory: $(VENV)/.dev ## Memory of each worker of the reference service over ten minutes of load
	@$(BIN)/python tests/benchmarks/memory.py

bench-collector: $(VENV)/.dev ## The shipped collector configuration in a real collector: make bench-collector OTELCOL=path
	@[ -n "$(OTELCOL)" ] || { echo "portance: give the program: make bench-collector OTELCOL=path" >&2; exit 2; }
	@$(BIN)/python tests/benchmarks/collector.py "$(OTELCOL)"

bench-extrapolation: $(VENV)/.dev ## Extrapolation against published curves: make bench-extrapolation CURVES=file.json
	@[ -n "$(CURVES)" ] || { echo "portance: give the curves: make bench-extrapolation CURVES=file.json" >&2; exit 2; }
	@$(BIN)/python tests/benchmarks/extrapolation.py "$(CURVES)"

samples: $(VENV)/.run $(SCANNERS)/.run ## The three sample runs of docs/samples, made anew (8 minutes)
	@docs/samples/make $(BIN)/portance

format: $(VENV)/.dev ## Format the code
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

criteria: $(VENV)/.dev ## Refresh the documentation of the criteria from the catalogue
	@for lang in en fr; do $(BIN)/portance criteria --format md --lang $$lang > docs/criteria/$$lang.md; done

schemas: $(VENV)/.dev ## Refresh the published JSON Schemas from the models
	@$(BIN)/python -m scorecard.schemas

lock: $(VENV)/.dev ## Refresh the locked dependencies, with hashes and without index addresses
	@compile() { $(BIN)/uv pip compile --quiet --upgrade --universal --generate-hashes --no-emit-index-url --no-header "$$@"; }; \
	compile pyproject.toml --extra pages --group install --group dev -o requirements-dev.txt; \
	compile pyproject.toml --extra pages --group install -c requirements-dev.txt -o requirements.txt; \
	compile security/requirements.in -o security/requirements.txt; \
	compile reference_app/requirements.in -c requirements.txt -o reference_app/requirements.txt; \
	compile tests/httpbin/requirements.in --python-version 3.11 -o tests/httpbin/requirements.txt

clean: ## Remove what make built; runs are kept
	@rm -rf $(VENV) $(HTTPBIN) $(SCANNERS) $(WHEEL) dist build .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache

$(VENV)/.made:
	@[ -n "$(PYTHON)" ] || { echo "portance: no Python 3.11 or newer on the PATH" >&2; exit 2; }
	@"$(PYTHON)" -m venv $(VENV) || { rm -rf $(VENV); \
	  echo "portance: $(PYTHON) cannot make a virtual environment (on Debian: apt install python3-venv)" >&2; exit 2; }
	@touch $@

$(VENV)/.run: $(VENV)/.made requirements.txt pyproject.toml
	@echo "Installing the dependencies (about a minute, once) …"
	@$(BIN)/python $(INSTALL) requirements.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements-dev.txt
	@echo "Installing the development tools …"
	@$(BIN)/python $(INSTALL) requirements-dev.txt
	@touch $@

$(SCANNERS)/.run: $(VENV)/.made security/requirements.txt
	@echo "Installing the scanners …"
	@$(BIN)/python -m venv $(SCANNERS)
	@$(SCANNERS)/bin/python $(INSTALL) security/requirements.txt
	@touch $@

$(HTTPBIN)/.run: $(VENV)/.made tests/httpbin/requirements.txt
	@$(BIN)/python -m venv $(HTTPBIN)
	@$(HTTPBIN)/bin/python $(INSTALL) tests/httpbin/requirements.txt
	@touch $@
