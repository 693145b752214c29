# `make run` and `make test` start from nothing: they set up .venv first.
.PHONY: run serve test check bench pictures clean

VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3

run: $(VENV)/.installed  ## set up, then run the flagship lesson
	$(BIN)/seelearn run batch_normalization

serve: $(VENV)/.installed  ## set up, then serve the course
	$(BIN)/seelearn serve

test: $(VENV)/.installed check  ## set up, then check and run all tests
	$(BIN)/python -m pytest --numprocesses 2 --dist loadgroup --no-loadscope-reorder

check: $(VENV)/.installed  ## types, lint and arrows; warnings are errors
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.installed  ## the figures of the README
	$(BIN)/python benchmarks/flagship.py
	$(BIN)/python benchmarks/page.py
	$(BIN)/python benchmarks/viewers.py
	$(BIN)/python benchmarks/lessons.py
	$(BIN)/python benchmarks/many.py 64 1024

pictures: $(VENV)/.installed  ## the pictures of the README
	$(BIN)/python tools/readme_pictures.py

$(VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --group dev --editable ".[torch]"
	touch $@

clean:
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache
