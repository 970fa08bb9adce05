# Needs Python 3.11 or newer and make. Everything else is installed into .venv/, client/node_modules/ and build/.
#   make run ARGS="--port 9000"      make test ARGS="tests/house -x"

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
ARGS ?=
DO = @test -n "$(PYTHON)" || { echo "opsloom: Python 3.11 or newer is needed and there is none on the PATH." >&2; exit 1; }; \
	exec $(PYTHON) .ci/bootstrap.py

.DEFAULT_GOAL := help
.PHONY: help setup run test check bench bench-blocks bench-rag faults lock

help: ## Say what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Install what is missing; quick when nothing has changed
	$(DO) setup

run: ## Install what is missing, then start the server (ARGS: options of opsloom serve)
	$(DO) run $(ARGS)

test: ## Run the tests (ARGS: options of pytest)
	$(DO) test $(ARGS)

check: ## Lint, types, layers, stale generated files, tests
	$(DO) check

bench: ## Measure speed and memory; figures go to build/bench.json
	$(DO) bench $(ARGS)

bench-blocks: ## Measure blocks that grow in a browser; figures go to build/bench-blocks.json
	$(DO) bench-blocks $(ARGS)

bench-rag: ## Measure retrieval; figures go to build/bench-rag.json
	$(DO) bench-rag $(ARGS)

faults: ## Kill, cut and stop things, often
	$(DO) faults $(ARGS)

lock: ## Write requirements.lock anew (ARGS=--upgrade: with the newest versions)
	$(DO) lock $(ARGS)
