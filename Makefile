# What there is to do here: demo, build, test, bench, image. Each installs what it lacks, says what it does, and may be run again.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# The demo listens here; say HTTPS_PORT=9443 to move it.
HTTPS_PORT ?= 8443
HTTP_PORT ?= 8080
export HTTPS_PORT HTTP_PORT

# For whom the image is: cloud (virtual machines) or metal (servers of one's own).
FLAVOUR ?= cloud

# The provider that most universities have, for one whole run of sign-on.
KEYCLOAK = 26.7.3
KEYCLOAK_SHA256 = 27a6535553c3cdcd083872ba40629efafb3475e3b758e0c6f691395561dd0f1f

say = @printf '\n\033[1m== %s\033[0m\n' "$(1)"

# A test stops at what it did not expect, asks the clock, and may be long.
TESTS_MAY := $(addprefix -A clippy::,pedantic unwrap_used panic indexing_slicing as_conversions disallowed_methods)

.PHONY: help demo build test bench lint format docs unit firewall browser providers recordings tls packages-build packages-test packages-bench packages-providers packages-tls packages-image image image-test clean

help:
	@echo "make demo    a living demo campus on https://localhost:$(HTTPS_PORT)"
	@echo "make build   the release binary, target/release/parvis"
	@echo "make test    every check: format, lints, documentation, unit, property, service and browser tests"
	@echo "make bench   measurements, each as a ratio to a named reference"
	@echo "make image   the appliance for virtual machines in image/out; FLAVOUR=metal for servers"
	@echo "make image-test  boots it and examines it from outside"

demo: build
	$(call say,Starting the demo campus)
	@exec target/release/parvis demo

build: packages-build
	$(call say,Building Parvis (the first time takes some minutes))
	cargo build --locked --release

test: packages-test lint docs unit firewall browser
	$(call say,All checks passed)

lint:
	$(call say,Format and lints)
	cargo fmt --check
	cargo clippy --locked --lib --bins -- -D warnings
	cargo clippy --locked --tests --benches --test browser --test firewall --test image --test keycloak --test recordings --test tls -- -D warnings $(TESTS_MAY)

docs:
	$(call say,Documentation)
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps --document-private-items

unit: tests/providers/node_modules
	$(call say,Tests of units and rules and of the whole service on a real PostgreSQL)
	cargo test --locked

# Networks of one's own take root.
firewall:
	$(call say,The firewall from another network)
	cargo test --locked --test firewall $(if $(filter 0,$(shell id -u)),,--config "target.'cfg(unix)'.runner = 'sudo -n'")

browser: tests/browser/node_modules tests/providers/node_modules
	$(call say,Pages in a real browser)
	cargo test --locked --test browser

providers: target/keycloak/keycloak-$(KEYCLOAK)/bin/kc.sh
	$(call say,Sign-on with Keycloak)
	PARVIS_KEYCLOAK=$(CURDIR)/target/keycloak/keycloak-$(KEYCLOAK) cargo test --locked --test keycloak

tls: packages-tls
	$(call say,TLS as testssl grades it)
	cargo test --locked --test tls -- --nocapture

recordings:
	$(call say,What real sensors sent and real gates recorded (../shared/data))
	cargo test --locked --test recordings

# PARVIS_BINARY names a program that is there already; else the release is built.
image: packages-image $(if $(PARVIS_BINARY),,build)
	$(call say,Image of the appliance)
	image/build $(FLAVOUR)

image-test: packages-image
	.ci/debian13 prepare
	$(if $(filter-out life sealed assessed,$(or $(STORIES),all)),tests/image/releases $(FLAVOUR))
	$(if $(filter-out life sealed releases,$(or $(STORIES),all)),tests/image/scanners)
	$(call say,The appliance from outside)
	cargo test --locked --test image --no-run
	cargo test --locked --test image $(if $(filter 0,$(shell id -u)),,--config "target.'cfg(unix)'.runner = 'sudo -n'") -- $(STORIES)

bench: packages-bench
	$(call say,Measurements)
	cargo bench --locked --bench parvis

format:
	cargo fmt

tests/browser/node_modules: tests/browser/package-lock.json
	$(call say,npm packages of the browser tests)
	cd tests/browser && npm ci --no-audit --no-fund && touch node_modules

tests/providers/node_modules: tests/providers/package-lock.json
	$(call say,npm packages of the provider tests)
	cd tests/providers && npm ci --no-audit --no-fund && touch node_modules

target/keycloak/keycloak-$(KEYCLOAK)/bin/kc.sh: | packages-providers
	$(call say,Keycloak $(KEYCLOAK))
	mkdir -p target/keycloak
	cd target/keycloak && mvn --batch-mode --quiet dependency:copy -DoutputDirectory=. \
		-Dartifact=org.keycloak:keycloak-quarkus-dist:$(KEYCLOAK):zip
	cd target/keycloak && echo "$(KEYCLOAK_SHA256)  keycloak-quarkus-dist-$(KEYCLOAK).zip" | sha256sum --check --quiet
	cd target/keycloak && unzip -q -o keycloak-quarkus-dist-$(KEYCLOAK).zip
	touch $@

packages-build:
	@.ci/packages build

packages-test:
	@.ci/packages build test

packages-bench:
	@.ci/packages build bench

packages-providers:
	@.ci/packages build providers

packages-tls:
	@.ci/packages build tls

packages-image:
	@.ci/packages build image

clean:
	rm -rf target .demo tests/browser/node_modules tests/providers/node_modules
