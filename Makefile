# `make` lists the targets. CI runs `make check`, then `make test` and `make slow`: the same commands as people.
SHELL := /bin/bash
PYTHON ?= python3.11
UV_VERSION := 0.13.9
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# Set to 1 in CI, where a skipped test is a failure.
NO_SKIPS ?=
export BEARBOT_TEST_NO_SKIPS := $(NO_SKIPS)

.DEFAULT_GOAL := list
.PHONY: list setup demo chat test test-postgres slow bench bench-model bench-bot bench-queue bench-ranking bench-data check format docs lock clean

list: ## list these targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "make %-11s %s\n", $$1, $$2}'

$(READY): requirements.txt pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) not found: install Python 3.11, or name yours: make PYTHON=python3 ..." >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@echo "Installing the pinned packages into $(VENV) (about 6 GB, a minute or two) ..."
	@$(BIN)/uv pip sync --quiet --python $(BIN)/python requirements.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
# Importing torch, torchvision, timm and fastai takes half a minute without bytecode, and some machines never write it.
	@env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m compileall -q -j 0 $(VENV)/lib/python3*/site-packages >/dev/null 2>&1 || true
	@touch $@

setup: $(READY) ## build .venv from requirements.txt (the other targets do it by themselves)

demo: $(READY) ## watch the whole loop run on real photos, as text
	@$(BIN)/bearbot demo bot/demo/photos/*.jpg bot/demo/photos/*.png bot/demo/photos/*.webp

chat: $(READY) ## the same bot with a chat page in the browser; Ctrl-C ends it
	@$(BIN)/bearbot demo

test: $(READY) ## the tests (what needs a browser skips visibly where none is installed)
	@$(BIN)/pytest -m "not slow" $(ARGS)

slow: $(READY) ## the tests that take long
	@$(BIN)/pytest -m slow $(ARGS)

bench: $(READY) ## all benchmarks, one after the other (ARGS="FOLDER --json" for other photos)
	@$(MAKE) --no-print-directory -j1 bench-model bench-bot bench-ranking
	@$(MAKE) --no-print-directory -j1 bench-queue bench-data ARGS=

bench-model: $(READY) ## photos a second, latency and memory of the champion against learn.predict
	@$(BIN)/python tests/benchmarks/serving.py $(ARGS)

bench-bot: $(READY) ## photos a second and reply latency of the bot against the usual bot, over HTTP
	@$(BIN)/python tests/benchmarks/end_to_end.py $(ARGS)

bench-ranking: $(READY) ## how many labels the order of the queue saves against random order, with a drawing
	@$(BIN)/python tests/benchmarks/ranking.py $(ARGS)

bench-queue: $(READY) ## how long reviewers wait among a million items while photos come in
	@$(BIN)/python tests/benchmarks/review_queue.py $(ARGS)

bench-data: $(READY) ## how long checking 10,000 photos takes, against merely decoding them (2.5 GB on the disk meanwhile)
	@$(BIN)/python tests/benchmarks/data_check.py $(ARGS)

test-postgres: $(READY) ## the tests of reviewing on Debian's PostgreSQL (apt-get install postgresql), which is started and ended
	@$(BIN)/python -m tests.postgres $(BIN)/pytest tests/review tests/bot/test_inbox.py tests/bot/test_delivery.py $(ARGS)

check: $(READY) ## format, lint, types, import contract, generated docs
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/cog --check README.md

format: $(READY) ## format the code and mend what ruff can mend
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

docs: $(READY) ## write the generated parts of the README anew
	@$(BIN)/cog -r README.md

lock: $(READY) ## resolve requirements.txt anew from pyproject.toml
	@$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --no-header --no-annotate \
		--group dev pyproject.toml requirements.in --output-file requirements.txt

clean: ## remove .venv and caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis dist
