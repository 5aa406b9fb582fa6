# `make help` prints this file's targets. Everything works from a fresh Debian 12 with a Swift 6.3 toolchain.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help run test build release lint format unit scenarios test-gpu docs-check bench man clean deps engine \
	demo-failover

# Warnings are errors everywhere; SwiftPM has no setting for that which 6.1 manifests may use.
STRICT := -Xswiftc -warnings-as-errors
DEBUG := swift build $(STRICT)
# glibc, libcurl and SQLite stay shared libraries; Swift's own runtime goes into the program. Without the debugger's
# tables it is 98 MiB instead of 137; the names that a crash trace needs stay.
RELEASE := swift build --configuration release --static-swift-stdlib -Xlinker --strip-debug $(STRICT)

SOURCES := $(shell find Sources Package.swift -type f 2>/dev/null)
PROGRAMS := .build/release/stoker .build/release/stoker-shim

help: ## print this list
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## the quickstart: packages, build, engine and model, then `stoker run`
	@scripts/quickstart.sh

test: ## everything that must pass: lint, build, unit tests, scenarios, release build with its budgets
	@scripts/test.sh

deps: ## install the Debian packages that building and testing need
	@scripts/install-deps.sh build run test

build: ## debug build of the programs
	$(DEBUG) --product stoker
	$(DEBUG) --product stoker-shim

release: $(PROGRAMS) ## release build of the programs

# Make compares the times itself: SwiftPM takes seconds to find out that nothing is to be done.
$(PROGRAMS) &: $(SOURCES)
	$(RELEASE) --product stoker
	$(RELEASE) --product stoker-shim
	@touch $(PROGRAMS)

engine: ## bring llama.cpp and the quickstart's model (.venv, .cache/models)
	@scripts/fetch-engine.sh

lint: ## swift-format and shellcheck, strict
	swift format lint --strict --recursive --parallel Package.swift Sources Tests
	shellcheck .ci/run scripts/*.sh

format: ## rewrite the Swift sources as swift-format wants them
	swift format --in-place --recursive --parallel Package.swift Sources Tests

unit: ## Swift tests: pure, shell, simulation, repository
	swift build --build-tests $(STRICT)
	swift test --skip-build $(STRICT) --skip StokerLoadTests
	swift test --skip-build $(STRICT) --filter StokerLoadTests

scenarios: build ## the real programs under faults (pytest); ARGS="-k kill" chooses
	@scripts/fetch-engine.sh --tests
	.venv/bin/pytest Tests/Scenarios $(ARGS)

test-gpu: build ## what Stoker reads of real NVIDIA cards beside nvidia-smi; no part of `make test`
	python3 Tests/Scenarios/real_gpu.py

docs-check: ## the rules about the repository itself: links, metrics, events, import arrows
	swift build --build-tests $(STRICT)
	swift test --skip-build $(STRICT) --filter RepositoryTests

bench: release ## restart time beside runit, s6 and supervisord; footprint of an idle control plane
	@scripts/install-deps.sh bench
	@scripts/bench.sh

demo-failover: release ## kill -9 of a serving engine: the stream goes on, and the clock says how long it took
	@scripts/demo-failover.sh

man: build ## docs/stoker.1 and .build/completions, from the help texts
	python3 scripts/manpage.py .build/debug/stoker > docs/stoker.1
	@mkdir -p .build/completions
	.build/debug/stoker --generate-completion-script bash > .build/completions/stoker.bash
	.build/debug/stoker --generate-completion-script zsh > .build/completions/_stoker
	.build/debug/stoker --generate-completion-script fish > .build/completions/stoker.fish

clean: ## remove what was built, brought and written
	rm -rf .build .venv .cache .stoker
