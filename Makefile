# What there is to do here: demo, build, test, bench. Each installs what it lacks, says what it does, and may be run again.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# The demo listens here; say HTTPS_PORT=9443 to move it.
HTTPS_PORT ?= 8443
HTTP_PORT ?= 8080
export HTTPS_PORT HTTP_PORT

say = @printf '\n\033[1m== %s\033[0m\n' "$(1)"

# A test stops at what it did not expect, asks the clock, and may be long.
TESTS_MAY := $(addprefix -A clippy::,pedantic unwrap_used panic indexing_slicing as_conversions disallowed_methods)

.PHONY: help demo build test bench lint format docs unit browser recordings packages-build packages-test packages-bench clean

help:
	@echo "make demo    a living demo campus on https://localhost:$(HTTPS_PORT)"
	@echo "make build   the release binary, target/release/parvis"
	@echo "make test    every check: format, lints, documentation, unit, property, service and browser tests"
	@echo "make bench   measurements, each as a ratio to a named reference"

demo: build
	$(call say,Starting the demo campus)
	@exec target/release/parvis demo

build: packages-build
	$(call say,Building Parvis (the first time takes some minutes))
	cargo build --locked --release

test: packages-test lint docs unit browser
	$(call say,All checks passed)

lint:
	$(call say,Format and lints)
	cargo fmt --check
	cargo clippy --locked --lib --bins -- -D warnings
	cargo clippy --locked --tests --benches --test browser --test recordings -- -D warnings $(TESTS_MAY)

docs:
	$(call say,Documentation)
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps --document-private-items

unit:
	$(call say,Tests of units and rules and of the whole service on a real PostgreSQL)
	cargo test --locked

browser: tests/browser/node_modules
	$(call say,Pages in a real browser)
	cargo test --locked --test browser

recordings:
	$(call say,What real sensors sent and real gates recorded (../shared/data))
	cargo test --locked --test recordings

bench: packages-bench
	$(call say,Measurements)
	cargo bench --locked --bench parvis

format:
	cargo fmt

tests/browser/node_modules: tests/browser/package-lock.json
	$(call say,npm packages of the browser tests)
	cd tests/browser && npm ci --no-audit --no-fund && touch node_modules

packages-build:
	@.ci/packages build

packages-test:
	@.ci/packages build test

packages-bench:
	@.ci/packages build bench

clean:
	rm -rf target .demo tests/browser/node_modules
