# `make help` lists what there is. Everything runs in .venv, made from requirements.lock.

SHELL := /bin/sh
.DEFAULT_GOAL := help

# The first of these that exists makes .venv; PYTHON=... on the command line overrides it.
PYTHON ?= $(firstword $(foreach name,python3 python3.13 python3.12 python3.11,$(shell \
	$(name) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null \
	&& echo $(name))))

VENV := .venv
READY := $(VENV)/.ready
BIN := $(VENV)/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)

#: What `make reproduce` measures; `python -m course_lib.reproduce --help` says what they are.
ROWS ?= pca deep-autoencoder features autorec quadrants vae vae-long

# Two processes of one thread each are faster than one of two: most tests use a core and a bit.
TWO_AT_ONCE := TF_NUM_INTRAOP_THREADS=1 python -m pytest -n 2 --dist loadscope

.PHONY: help book book-full test test-jax lint format bench reproduce grade-demo lock clean \
	full-clean

help:  ## show this list
	@echo "Usage: make TARGET      (times: two cores, .venv made already)"
	@sed -n 's/^\([a-z-]*\):[^#]*## /  \1\t/p' Makefile | awk -F '\t' '{ printf "  %-12s %s\n", $$1, $$2 }'

$(READY): requirements.lock
	@if [ -z "$(PYTHON)" ]; then \
		echo "This course needs Python 3.11, 3.12 or 3.13, and found: $$(python3 --version 2>/dev/null || echo no python3)." >&2; \
		echo "Install one of them, or name it: make PYTHON=/path/to/python3.12 ..." >&2; exit 1; fi
	@echo "Making $(VENV) with $$($(PYTHON) --version): a download of about 700 MB, two to six minutes."
	@rm -rf $(VENV)
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index -e .
	@touch $(READY)
	@echo "$(VENV) is ready."

book: $(READY)  ## build the book, embedded data (10 min; seconds if nothing changed)
	@COURSE_DATA=embedded python tools/build_book.py

book-full: $(READY)  ## build the book with the real data (20 min); COURSE_DATA_DIR holds them
	@COURSE_DATA=full python tools/build_book.py

test: $(READY) lint book  ## book, lint and all tests but those on JAX (50 min)
	@$(TWO_AT_ONCE)

test-jax: $(READY)  ## the package's tests on Keras' JAX backend (15 min)
	@KERAS_BACKEND=jax JAX_ENABLE_X64=1 $(TWO_AT_ONCE) tests/course_lib course_lib

lint: $(READY)  ## check style, notebooks and prose (5 s)
	@ruff check .
	@ruff format --check --quiet . || { echo "Not formatted: run make format." >&2; exit 1; }
	@python tools/check_sources.py
	@python tools/check_docstrings.py
	@python tools/check_assignments.py

format: $(READY)  ## rewrite the Python files in the project's style (2 s)
	@ruff check --fix --quiet . ; ruff format --quiet .

bench: $(READY)  ## time the package against others; BENCH=--write renders the table (15 min)
	@python benchmarks/run.py $(BENCH)

reproduce: $(READY)  ## measure published results again (3 hours; ROWS=pca: 1 min); full data
	@for row in $(ROWS); do \
		COURSE_DATA=full KERAS_BACKEND=jax python -m course_lib.reproduce $$row \
			--checkpoints _build/reproduce || exit 1; done

grade-demo: $(READY)  ## grade a small made-up class of ps1 with nbgrader (2 min)
	@python tools/grade_demo.py ps1

lock: $(READY)  ## write requirements.lock anew, for all platforms (10 s)
	@uv pip compile --quiet --universal --fork-strategy fewest --python-version 3.11 \
		--generate-hashes --no-emit-index-url --all-extras --group lock \
		--no-annotate --no-header -o requirements.lock pyproject.toml

clean:  ## remove the pages; keep executed results and .venv
	@rm -rf _build/html _build/.doctrees _build/jupyter_execute _build/finished _build/full/_build/html \
		_build/full/_build/.doctrees _build/full/_build/jupyter_execute _build/full/_build/finished

full-clean:  ## remove everything that make made
	@rm -rf _build $(VENV) .venv-bench .pytest_cache .ruff_cache *.egg-info
