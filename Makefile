# `make demo` and `make test` set everything up themselves, on a machine with Python 3.11+, git and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
LOWEST := .venv-lowest
PYTHONS := 3.11 3.12 3.13 3.14
# Tests that run side by side. What they measure is never time.
JOBS ?= 2
DEMO_HOME := .demo/home
DEMO_REPORT := .demo/report.html
DEMO := $(BIN)/untag --home $(DEMO_HOME)

.DEFAULT_GOAL := help
.PHONY: help demo test coverage check-lowest check-all lint format types bench soak docs docs-cli reader lock release clean

help:
	@echo "make demo    scan the sample photos and write a report"
	@echo "make test    run the test suite"
	@echo "make lint    check style        make format  apply it"
	@echo "make types   check types        make bench   run the benchmarks"
	@echo "make docs    check that the documentation is true;  make docs-cli  write docs/cli.md anew"
	@echo "make soak    scan 20,000 photos, change the engine, forget: nothing may grow or be left"
	@echo "make reader NAME=site   start a reader for a new site: module, list, page, fixture"
	@echo "make release  build and prove what is published, upload nothing;  make lock  requirements-dev.txt anew"
	@echo "make coverage  run the tests and name the lines that none of them reaches"
	@echo "make check-lowest   run the tests with the lowest versions of all dependencies"
	@echo "make check-all   and on every Python of $(PYTHONS) that is here"
	@echo "make clean   remove what was made here"

# A stamp for each set of packages: made again when pyproject.toml changes, else nothing is asked of the network.
$(VENV)/.made:
	$(PYTHON) -c 'import sys; sys.exit("untag needs Python 3.11 or newer" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.run: $(VENV)/.made pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.made pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@ $(VENV)/.run

$(VENV)/.bench: $(VENV)/.made pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev,bench]'
	@touch $@ $(VENV)/.dev $(VENV)/.run

$(VENV)/.release: $(VENV)/.made pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev,release]'
	@touch $@ $(VENV)/.dev $(VENV)/.run

demo: $(VENV)/.run
	@mkdir -p .demo
	$(DEMO) sources sample_photos/archive
	$(DEMO) enroll sample_photos/me --called 'Ana Doe' --called ana.doe
	$(DEMO) scan sample_photos/archive
	$(DEMO) list
	$(DEMO) report --output $(DEMO_REPORT)
	@echo "The report is at $(CURDIR)/$(DEMO_REPORT)"
	@echo "To decide as untag suggests: $(DEMO) decide --suggested --yes"

test: $(VENV)/.dev
	$(BIN)/python -m pytest --numprocesses $(JOBS)

# Fails below 95 % of the lines. Slower than `make test`, which does not count them.
coverage: $(VENV)/.dev
	$(BIN)/python -m pytest --numprocesses $(JOBS) --cov --cov-report=term-missing:skip-covered

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(VENV)/.dev
	$(BIN)/mypy

docs: $(VENV)/.dev
	$(BIN)/python -m pytest tests/test_docs.py tests/test_docs_cli.py tests/test_docs_data.py tests/test_map.py tests/test_readme.py

# docs/cli.md is what the commands say of themselves; a table in docs/act.md what the platforms' files do.
docs-cli: $(VENV)/.dev
	$(BIN)/python scripts/cli_page.py
	$(BIN)/python scripts/act_page.py

# For example: make reader NAME=mastodon
reader: $(VENV)/.dev
	$(BIN)/python scripts/new_reader.py "$(NAME)"

# Builds, checks, installs into an empty environment, runs the main job there; leaves it all in dist/. Uploads nothing.
release: $(VENV)/.release
	$(BIN)/python scripts/release.py

# The newest versions that pyproject.toml allows, with hashes, for every system and Python.
lock: $(VENV)/.release
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --extra dev --generate-hashes --upgrade \
		--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
		--output-file requirements-dev.txt pyproject.toml

# For example: make bench BENCH=--quick
bench: $(VENV)/.bench
	$(BIN)/python -m benchmarks $(BENCH)

# For example: make soak SOAK='--photos 2000 --engine yunet+0095 --from /media/usb/models'
soak: $(VENV)/.dev
	$(BIN)/python -m benchmarks.soak $(SOAK)

# The tests with the lowest version of each dependency that pyproject.toml allows, in an environment of their own.
check-lowest:
	$(PYTHON) -m venv $(LOWEST)
	$(LOWEST)/bin/python -m pip install --quiet --disable-pip-version-check uv
	$(LOWEST)/bin/uv pip install --python $(LOWEST)/bin/python --resolution lowest-direct --only-binary :all: \
		--no-binary face-recognition-models --no-binary untag --editable '.[dev]'
	$(LOWEST)/bin/python -m pytest --numprocesses $(JOBS)

# The tests on each Python that is here, in an environment of its own, then with the lowest versions.
check-all:
	@set -e; for version in $(PYTHONS); do \
		for python in python$$version "$$HOME"/.pyenv/versions/$$version.*/bin/python3 none; do \
			if "$$python" -c '' 2>/dev/null; then break; fi; \
		done; \
		if [ "$$python" = none ]; then echo "Python $$version is not here: left out"; continue; fi; \
		echo "Python $$version: $$python"; \
		$(MAKE) test PYTHON="$$python" VENV=.venv-$$version; \
	done
	$(MAKE) check-lowest

clean:
	rm -rf $(VENV) $(LOWEST) $(PYTHONS:%=.venv-%) .demo .coverage build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +
