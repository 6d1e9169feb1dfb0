# make demo     simulate a network, hunt it, print what was found and what was missed, open the console on
#               127.0.0.1:8400
# make install  .venv alone
# make test     the whole test suite; STRICT=1 also checks style, types, layers and fuzzes the parsers,
#               and treats a skipped test as a failure
# Needs make, git and Python 3.11 or newer with venv. Everything else goes into .venv.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
SCENARIO ?= small
FUZZ_SECONDS ?= 15
FUZZ_JOBS ?= 2
# one seed: the check finds the same on each run; look further with another seed, more runs and more seconds
FUZZ_SEED ?= 1
FUZZ_RUNS ?= 3000

.PHONY: demo install test check fuzz clean
.DELETE_ON_ERROR:

install: .venv/installed

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "ringfence: no Python; install Python 3.11 or newer" >&2; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "ringfence: $$($(PYTHON) -V) is too old; install Python 3.11 or name one: make PYTHON=..." >&2; exit 2; }
	@$(PYTHON) -m venv .venv \
	  || { rm -rf .venv; echo "ringfence: $(PYTHON) cannot make a venv; on Debian: apt install python3-venv" >&2; exit 2; }

# one stamp for each set of extras; a larger set covers the smaller ones
define pip
	@echo "installing into .venv (a few minutes the first time)" >&2
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable '.$(1)'
	@touch $(2)
endef

.venv/installed: pyproject.toml | .venv/bin/python
	$(call pip,,$@)

.venv/installed-dev: pyproject.toml | .venv/bin/python
	$(call pip,[dev],$@ .venv/installed)

.venv/installed-strict: pyproject.toml | .venv/bin/python
	$(call pip,[dev$(comma)spark$(comma)threegpp$(comma)fuzz],$@ .venv/installed .venv/installed-dev)

comma := ,

demo: .venv/installed
	@rm -rf demo
	$(BIN)/ringfence simulate --out demo/net --scenario $(SCENARIO)
	$(BIN)/ringfence oneshot demo/net/calls --numbers demo/net/numbers.csv --out demo/run --headless
	@echo >&2; echo 'The network is simulated, so the truth about it is known:' >&2
	$(BIN)/ringfence score demo/run --truth demo/net/truth.parquet --brief
	@echo 'Now try your own records: .venv/bin/ringfence oneshot FILE' >&2
	$(if $(filter-out 0,$(HEADLESS)),,$(BIN)/ringfence serve demo/run)

ifneq ($(filter-out 0,$(STRICT)),)
test: .venv/installed-strict check fuzz
	STRICT=1 $(BIN)/pytest -n 2 --dist loadfile -m "not spark"
	STRICT=1 $(BIN)/pytest -m spark
else
test: .venv/installed-dev
	$(BIN)/pytest
endif

check: .venv/installed-strict
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# a crash leaves its input behind and fails the run
fuzz: .venv/installed-strict
	@mkdir -p build/fuzz
	@ls tests/fuzz/fuzz_*.py | PYTHONHASHSEED=0 xargs -P $(FUZZ_JOBS) -I TARGET \
	  sh -c '$(BIN)/python TARGET -seed=$(FUZZ_SEED) -runs=$(FUZZ_RUNS) -max_total_time=$(FUZZ_SECONDS) -timeout=60 -rss_limit_mb=3000 -print_final_stats=1 \
	    -artifact_prefix=build/fuzz/ >build/fuzz/$$(basename TARGET).log 2>&1 \
	    && echo "TARGET: $$(sed -n "s/^stat::number_of_executed_units: *//p" build/fuzz/$$(basename TARGET).log) inputs" \
	    || { echo "TARGET failed:"; tail -30 build/fuzz/$$(basename TARGET).log; exit 255; }'

clean:
	rm -rf build demo net run .mypy_cache .pytest_cache .ruff_cache .hypothesis
