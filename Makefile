# luxops. `make` alone lists what there is to do.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# Ten times as quick as pip. What pip is told about mirrors holds for it too.
UV = UV_SYSTEM_CERTS=1 UV_DEFAULT_INDEX="$${PIP_INDEX_URL:-$$($(BIN)/pip config get global.index-url 2>/dev/null || echo https://pypi.org/simple)}" \
  $(BIN)/uv pip install --quiet --python $(BIN)/python

# What Debian packages are for: the lab (debootstrap to openssh-client), its cloud (python3-keystone and after); the tests'
# PostgreSQL, promtool and browser; the benchmarks' peers.
PACKAGES := python3-venv debootstrap systemd-container nftables iproute2 openssh-client \
  python3-keystone python3-placement python3-glance python3-neutron python3-nova python3-cinder \
  ovn-central ovn-host openvswitch-switch mariadb-server-core uwsgi-core uwsgi-plugin-python3 python3-sqlalchemy-ext
TEST_PACKAGES := postgresql-15 postgresql-client-15 prometheus chromium fonts-dejavu-core poppler-utils
BENCH_PACKAGES := lynis openscap-scanner ssg-debian
# While it says 101, no package starts a service of its own: only their programs are wanted.
POLICY := /usr/sbin/policy-rc.d
AS_ROOT_ON_DEBIAN := $(shell [ "$$(id -u)" = 0 ] && grep -qs '^VERSION_CODENAME=bookworm' /etc/os-release && echo yes)

.PHONY: help setup packages demo check check-style check-types check-units test bench stress lab-up lab-down docs lock clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: packages $(READY) ## Install what is needed: Debian packages (as root on Debian 12) and .venv

test stress bench: PACKAGES += $(TEST_PACKAGES)
bench: PACKAGES += $(BENCH_PACKAGES)

packages:
ifeq ($(AS_ROOT_ON_DEBIAN),yes)
	@missing=(); for p in $(PACKAGES); do dpkg-query -W -f '$${db:Status-Abbrev}' $$p 2>/dev/null | grep -q '^ii' || missing+=($$p); done; \
	[ $${#missing[@]} -gt 0 ] || exit 0; echo "Installing Debian packages: $${missing[*]}"; \
	if [ ! -e $(POLICY) ]; then trap 'rm -f $(POLICY)' EXIT; printf '#!/bin/sh\nexit 101\n' > $(POLICY); chmod 755 $(POLICY); fi; \
	mkdir -p /etc/postgresql-common/createcluster.d; echo 'create_main_cluster = false' > /etc/postgresql-common/createcluster.d/luxops.conf; \
	apt-get update -qq; DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$${missing[@]}" > /dev/null
else
	@echo "Not root on Debian 12: no Debian packages are installed, and what needs the lab is left out."
endif

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("luxops needs Python 3.11 or newer") if sys.version_info < (3, 11) else None'
	@echo "Installing Python packages into $(VENV)"
	@[ -x $(BIN)/python ] || $(PYTHON) -m venv $(VENV)
	@sed -n '/^uv==/,/[^\\]$$/p' requirements.lock > $(VENV)/uv.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(VENV)/uv.lock
	@$(UV) --compile-bytecode --require-hashes -r requirements.lock
	@$(UV) --no-deps --no-build-isolation -e .
	@touch $@

demo: setup ## Set everything up and run the main job on the lab (recorded answers without root)
	@$(BIN)/python -m luxops.lab.demo

check: $(READY) ## Format, lint, types, layers, policies, unit tests; under a minute
	@$(MAKE) -j3 --output-sync=target check-types check-style check-units

check-style: $(READY)
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@said=$$($(BIN)/lint-imports) || { echo "$$said"; exit 1; }
	@$(BIN)/python docs/generate.py --check
	@$(BIN)/luxops --no-lab inventory check
	@$(BIN)/luxops --no-lab policy test

check-types: $(READY)
	@$(BIN)/mypy --no-error-summary

check-units: $(READY)
	@$(BIN)/pytest -q -n 2 -m "not lab and not postgresql and not browser and not slow"

test: setup ## All tests, the lab's included
	@$(BIN)/pytest -n 2 --dist loadfile -m "not lab"
ifeq ($(AS_ROOT_ON_DEBIAN),yes)
	@$(BIN)/pytest -m lab
else
	@echo "LEFT OUT: the lab tests (pytest -m lab) need root on Debian 12."
endif

stress: setup ## The long runs: hundreds of kills, thousands of damaged answers
	@LUXOPS_STRESS=1 $(BIN)/pytest -q -n 2 --dist loadfile tests/store/test_killed.py tests/changes/test_killed.py tests/network/test_pushing_killed.py tests/corpus
ifeq ($(AS_ROOT_ON_DEBIAN),yes)
	@LUXOPS_STRESS=1 $(BIN)/pytest -q tests/cloud/test_kills_live.py
endif

bench: setup ## Every budget beside a peer, measured now
	@$(BIN)/python bench/run.py

lab-up: setup ## Start the lab of hosts and routers
	@$(BIN)/luxops lab up

lab-down: $(READY) ## Stop it and leave nothing behind
	@$(BIN)/luxops lab down

docs: $(READY) ## Regenerate what docs/ takes from the code, and check its links and commands
	@$(BIN)/python docs/generate.py

lock: $(READY) ## Pin all Python packages again, with hashes
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --extra dev pyproject.toml -o requirements.lock

clean: ## Remove the virtual environment and caches (the lab: make lab-down)
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
