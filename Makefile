# Two commands matter: `make readiness` and `make test`. Each sets up what it needs:
# uv where it is present, python venv and pip where it is not. Versions are locked with hashes.
# Bytecode is made when a module is first imported: most of what is installed never is.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
UV     := $(shell command -v uv 2>/dev/null)
OUT    ?= ehds-out
ARGS   ?=

.PHONY: readiness test oracle check lint types bench docs sources lock clean

readiness: $(VENV)/.run
	$(BIN)/ehds readiness --out $(OUT) $(ARGS)

test: check oracle
	$(BIN)/pytest -n auto $(ARGS)

# The official HL7 validator judges our documents, veraPDF our PDF/A. They are fetched where Maven and npm are there and
# the HL7 packages lie beside the checkout (always under CI); elsewhere its tests are skipped.
ORACLES ?= $(or $(EHDS_ORACLES),../shared/oracles)
oracle: $(VENV)/.dev
	@if [ "$$CI" = true ] || { command -v mvn && command -v npm && [ -d $(ORACLES)/fhir-packages ]; } >/dev/null 2>&1; \
	  then $(BIN)/python tools/hl7_validator/prepare.py --packages $(ORACLES)/fhir-packages \
	    && $(BIN)/python tools/verapdf/prepare.py; \
	  else echo "The official HL7 validator is not at hand (Maven, npm, HL7 packages): its tests and those of PDF/A are skipped."; fi

check: lint types

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev
	$(BIN)/mypy

bench: $(VENV)/.dev
	$(BIN)/python -m bench

docs: $(VENV)/.dev
	$(BIN)/python tools/cli_reference.py

sources: $(VENV)/.dev
	$(BIN)/python tools/sources.py

$(VENV)/bin/python:
ifdef UV
	uv venv --quiet --seed --python '>=3.11' $(VENV)
else
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; choose one with: make PYTHON=/path/to/python3.11"; exit 2; }
	$(PYTHON) -m venv $(VENV)
endif

$(VENV)/.run: requirements.lock pyproject.toml | $(VENV)/bin/python
ifdef UV
	uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock
	uv pip install --quiet --python $(BIN)/python --no-deps -e .
else
	$(BIN)/python -m pip install --quiet --no-compile --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps -e .
endif
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.run
ifdef UV
	uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements-dev.lock
else
	$(BIN)/python -m pip install --quiet --no-compile --require-hashes -r requirements-dev.lock
endif
	@touch $@

# For maintainers: renew the locked versions (needs uv).
lock:
	uv pip compile --quiet --universal --generate-hashes --no-annotate --no-header --no-emit-index-url pyproject.toml -o requirements.lock
	uv pip compile --quiet --universal --generate-hashes --no-annotate --no-header --no-emit-index-url --extra dev -c requirements.lock pyproject.toml -o requirements-dev.lock

clean:
	rm -rf $(VENV) ehds-out dist build .pytest_cache .mypy_cache .ruff_cache
