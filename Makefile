# Two commands do everything: `make bench` (the main job on the simulated rig, a report at the end) and `make test`.
# Only python3 with venv, make and a package registry are assumed.

PYTHON ?= python3
VENV ?= .venv
RUNS ?= reports/runs
BIN := $(VENV)/bin
PYVERSION := $(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])')
CONSTRAINTS := $(wildcard constraints/python$(PYVERSION).txt)

.PHONY: bench test prove lint benchmark clean

$(VENV)/.installed: pyproject.toml $(CONSTRAINTS)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet $(if $(CONSTRAINTS),--constraint $(CONSTRAINTS)) --editable '.[dev]'
	touch $@

bench: $(VENV)/.installed ## features of both cars on their simulated rigs, then the report
	$(BIN)/telltale bench --runs $(RUNS)

test: $(VENV)/.installed ## the harness's own tests
	$(BIN)/python -m pytest -n 2 --dist loadgroup

prove: $(VENV)/.installed ## every scenario against the clean units and every defect
	$(BIN)/telltale prove

lint: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

benchmark: $(VENV)/.installed ## figures, never run by the tests
	for file in benchmarks/*.py; do echo "== $$file"; $(BIN)/python $$file || exit 1; done

clean:
	rm -rf $(VENV) $(RUNS)
