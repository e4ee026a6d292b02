# starsink: one command per habit. `make help` lists them.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

# Which PostgreSQL: the one of pg_config, or `make PGVER=16 …`, or `make PG_CONFIG=/path/to/pg_config …`.
ifdef PG_CONFIG
  PGVER := $(shell $(PG_CONFIG) --version | sed 's/^PostgreSQL \([0-9]*\).*/\1/')
else
  PGVER ?= $(shell pgrx-tests/setup.sh pgver)
  PG_CONFIG := /usr/lib/postgresql/$(PGVER)/bin/pg_config
endif
export PGVER PG_CONFIG

TARGET := $(or $(CARGO_TARGET_DIR),target)
FEATURES := --no-default-features --features pg$(PGVER)
# Where the extension goes may belong to root.
SUDO = $(shell [ -w "$$($(PG_CONFIG) --pkglibdir)" ] || echo --sudo)

EVENTS ?= 10000000

.PHONY: help setup build install test lint bench bench-reports demo demo-stop dashboard dashboard-stop test-dashboard test-compose clean

help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
	@echo "For another PostgreSQL than $(PGVER): PGVER=16, or PG_CONFIG=/path/to/pg_config"

setup: ## Install what is missing for all of this: server, headers, clang, cargo-pgrx, Java, …
	@pgrx-tests/setup.sh

setup-%:
	@pgrx-tests/setup.sh $(subst -, ,$*)

build: setup-build ## Build the extension into target/release/starsink-pgNN, laid out for copying
	cargo pgrx package --pg-config $(PG_CONFIG)

install: setup-build ## Build the extension and install it into the PostgreSQL of PG_CONFIG
	cargo pgrx install --release --pg-config $(PG_CONFIG) $(SUDO)

test: setup-build-kafka-monitoring install ## Every test, against real PostgreSQL, Apache Kafka and Prometheus; one: make test TEST=name
	@status=0; \
	cargo test --release --no-fail-fast $(FEATURES) -- $(TEST) 2>&1 | tee $(TARGET)/test.log || status=$$?; \
	awk '/^test result:/ { passed += $$4; failed += $$6; ignored += $$8 } \
	     /^test .* \.\.\. FAILED$$/ { print "FAILED " $$2 } \
	     END { printf "\n%d passed, %d failed, %d skipped\n", passed, failed, ignored }' $(TARGET)/test.log; \
	if [ -z "$(TEST)" ]; then $(MAKE) test-dashboard || status=$$?; fi; \
	exit $$status

test-dashboard: setup-build-geoip-dashboard install ## The dashboards in a browser: figures, filters, pictures (target/dashboard)
	cargo build --release $(FEATURES) --bin produce
	@pgrx-tests/dashboard.sh

test-compose: ## The compose stack in Docker, built and started and killed; says SKIPPED where there is no engine
	@pgrx-tests/compose.sh

# Two checks need what not every machine has: RustSec's advisories, and Docker's compose. They say when they are left out.
# DL3008 asks to pin packages: Debian has one version of each.
lint: setup-build-lint ## rustfmt, clippy with warnings as errors, and the checkers of scripts, containers, rules and crates
	cargo fmt --all --check
	cargo clippy --release --workspace --all-targets $(FEATURES) -- -D warnings
	shellcheck .ci/run pgrx-tests/*.sh docker/*.sh docker/*/*.sh
	$(TARGET)/lint/bin/hadolint --ignore DL3008 --failure-threshold warning docker/Dockerfile docker/*/Dockerfile
	$(TARGET)/lint/bin/kubernetes-validate --strict --quiet docker/kubernetes/starsink.yaml
	promtool check config docker/monitoring/prometheus.yml
	cargo deny --workspace check licenses bans sources
	@if timeout 60 cargo deny fetch db 2>/dev/null; then \
		set -x; cargo deny --workspace check advisories; \
	else \
		echo "SKIPPED: the advisories of RustSec cannot be fetched here"; \
	fi
	@pgrx-tests/compose.sh config

bench: setup-build-kafka install ## Throughput against COPY's, latency and memory, on this machine
	cargo run --release $(FEATURES) --bin bench -- $(BENCH)

bench-reports: setup-build install ## Every report on EVENTS events, cold and warm, beside DuckDB; the fold; sizes on disk
	cargo run --release $(FEATURES) --bin bench_reports -- --events $(EVENTS) $(BENCH)

# What an earlier run left is stopped first: its server must not have the library replaced under it.
# Visitors' countries are told where npm is there to fetch the database; the demo does without otherwise.
demo: demo-stop $(if $(filter kafka,$(BROKER)),setup-kafka) $(if $(shell command -v npm),setup-geoip) install ## A shop's events into a cluster of its own: DEMO_SECONDS=30, BROKER=kafka or host:port
	cargo build --release $(FEATURES) --bin produce
	@pgrx-tests/demo.sh

demo-stop: ## Stop all that the demo left running
	@pgrx-tests/demo.sh stop

# Beside the demo: make demo DEMO_HISTORY=20000 has two months of the past to show.
dashboard: setup-dashboard ## Dashboards of the demo's warehouse (Apache Superset), until Ctrl-C: DASHBOARD_PORT=8088
	@docker/dashboard/dashboard.sh

dashboard-stop: ## Stop the dashboards that an earlier run left running
	@docker/dashboard/dashboard.sh stop

clean: dashboard-stop ## Remove what was built, and the demo
	@pgrx-tests/demo.sh clean
	cargo clean
	rm -rf .dashboard
