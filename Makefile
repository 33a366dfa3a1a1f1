# Two commands do everything, set-up included:
#   make reproduce   the quick preset of every experiment, ending in a report
#   make test        lint, types and tests
PYTHON ?= $(shell command -v python3.11 || echo python3)
VENV := .venv
BIN := $(VENV)/bin
RUN := $(BIN)/python -m

.PHONY: reproduce test check figure2 figure3 report benchmark clean

reproduce: figure2 figure3 report

figure2 figure3: $(VENV)/.ready
	$(RUN) reproduce.$@ --preset=quick

report: $(VENV)/.ready
	$(RUN) reproduce.report

test: check
	$(RUN) pytest

check: $(VENV)/.ready
	$(BIN)/ruff check .
	$(BIN)/mypy

benchmark: $(VENV)/.ready
	$(RUN) benchmarks.regression

clean:
	rm -rf runs build

$(VENV)/.ready: requirements.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@
