# Two commands do everything, set-up included:
#   make reproduce   the quick preset of every experiment, ending in a report;
#                    JOBS processes, one per core, share each of them
#   make test        lint, types and tests
# A third tests the extra legacy-atari (needs a C++ compiler and zlib's headers):
#   make test-legacy
# A fourth kills every entrypoint again and again, each one 20 times:
#   make faults
# A fifth computes every committed run again, into results/:
#   make campaign
# A sixth builds the site, with the API reference; a warning is an error:
#   make docs

# The newest Python with wheels of all of requirements.txt (promise builds from
# source) that can make environments. A name may be a shim that fails: try it.
PYTHON ?= $(shell for name in python3.13 python3.12 python3.11 python3; do \
  $$name -c "$(USABLE)" 2>/dev/null && { echo $$name; break; }; done)
USABLE := import ensurepip, sys, venv; \
  sys.exit(sys.version_info[:2] not in ((3, 11), (3, 12), (3, 13)))
NO_PYTHON := Python 3.13, 3.12 or 3.11 with its venv module is needed and was \
  not found (TensorFlow 2.21 has no wheel for Python 3.14): install one, for \
  example by apt-get install python3.13-venv, or name it by make PYTHON=...
JOBS ?= $(shell getconf _NPROCESSORS_ONLN)
VENV := .venv
BIN := $(VENV)/bin
LEGACY := $(VENV)/legacy
BENCH := $(VENV)/bench
DOCS := $(VENV)/docs
RUN := $(BIN)/python -m

# JOBS is the parallelism there is.
.NOTPARALLEL:
EXPERIMENTS := theory figure2 order2 figure3 figure4 section5 table1 surrogate \
  pricing forces balancing
.PHONY: reproduce $(EXPERIMENTS) report campaign
.PHONY: test test-legacy faults check benchmark benchmark-peers docs clean

reproduce: $(VENV)/.ready
	$(RUN) reproduce --preset=quick --jobs=$(JOBS)
	$(RUN) reproduce.report

$(EXPERIMENTS): $(VENV)/.ready
	$(RUN) reproduce.$@ --preset=quick --jobs=$(JOBS)

report: $(VENV)/.ready
	$(RUN) reproduce.report

# Every committed run again, into results/; what has PyTorch needs its layer.
campaign: $(VENV)/.ready $(BENCH)/.ready
	$(RUN) reproduce.campaign --jobs=$(JOBS)

test: check
	$(RUN) pytest --numprocesses=auto --maxprocesses=8 --dist=loadfile

faults: $(VENV)/.ready
	$(RUN) pytest -m faults --numprocesses=auto --maxprocesses=8 \
	  --dist=loadgroup tests/reliability/kills_test.py \
	  tests/reliability/moments_test.py

test-legacy: $(LEGACY)/.ready
	$(LEGACY)/bin/python -m pytest -m legacy

check: $(VENV)/.ready
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

benchmark: $(VENV)/.ready
	$(RUN) benchmarks.regression
	$(RUN) benchmarks.breakdown
	$(RUN) benchmarks.distillation
	$(RUN) benchmarks.synthetic_gradients
	$(RUN) benchmarks.terms
	$(RUN) benchmarks.alternatives

# Against PyTorch, JAX and JENN, in a layer over .venv; and by itself.
benchmark-peers: $(BENCH)/.ready
	$(BENCH)/bin/python -m benchmarks.compare
	$(BENCH)/bin/python -m benchmarks.scaling

docs: $(DOCS)/.ready
	rm -rf docs/api build/docs
	$(DOCS)/bin/python -m sphinx --fail-on-warning --keep-going --quiet \
	  --conf-dir docs . build/docs

clean:
	rm -rf runs build docs/api

$(VENV)/.ready: requirements.txt
	@"$(PYTHON)" -c "$(USABLE)" 2>/dev/null || { echo >&2 "$(NO_PYTHON)"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

# gym and atari-py go into a layer over .venv, which stays as requirements.txt
# has it. atari-py is built from source by a cmake that must be older than 4.
$(LEGACY)/.ready: $(VENV)/.ready pyproject.toml
	@echo '#include <zlib.h>' | c++ -x c++ -fsyntax-only - || { echo >&2 \
	"atari-py needs a C++ compiler and zlib: apt-get install g++ zlib1g-dev."; \
	exit 1; }
	$(BIN)/python -m venv $(LEGACY)
	$(BIN)/python -c "$(SITE)" > "$$($(LEGACY)/bin/python -c "$(SITE)")/venv.pth"
	$(LEGACY)/bin/pip install --quiet --disable-pip-version-check "cmake<4"
	PATH="$$($(LEGACY)/bin/python -c "$(CMAKE)"):$$PATH" \
	CMAKE_BUILD_PARALLEL_LEVEL=$$(getconf _NPROCESSORS_ONLN) \
	$(LEGACY)/bin/pip install --quiet --disable-pip-version-check \
	  -c requirements.txt -e ".[legacy-atari]"
	touch $@
SITE := import site; print(site.getsitepackages()[0])
$(LEGACY)/.ready: CMAKE := import cmake; print(cmake.CMAKE_BIN_DIR)

# Other layers hold one extra each, which has the layer's name. PyTorch brings
# triton, whose LLVM and TensorFlow's abort each other in one process.
$(BENCH)/.ready: UNWANTED := triton
$(BENCH)/.ready $(DOCS)/.ready: $(VENV)/.ready pyproject.toml
	$(BIN)/python -m venv $(@D)
	$(BIN)/python -c "$(SITE)" > "$$($(@D)/bin/python -c "$(SITE)")/venv.pth"
	$(@D)/bin/pip install --quiet --disable-pip-version-check \
	  -c requirements.txt -e ".[$(notdir $(@D))]"
	$(if $(UNWANTED),$(@D)/bin/pip uninstall --quiet --yes $(UNWANTED))
	touch $@
