# `make help` lists what can be done. Needs Python 3.11 or newer and make, nothing else.
SHELL := /bin/sh
PYTHON ?= python3
V := .venv/bin
# what is compiled once is not compiled again for each of some hundred processes
unexport PYTHONDONTWRITEBYTECODE

# a module at a time on each of two workers, each with a Kafka and a Postgres of its own
SIDE_BY_SIDE := -n 2 --dist loadscope --no-loadscope-reorder

.PHONY: help demo demo-broken drill test test-long check faults chaos up down lag bench bench-scale bench-peers held schemas release wheel lock
.DEFAULT_GOAL := help

help:           ## this list
	@grep -hE '^[a-z-]+:.*## ' Makefile | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

demo: .venv/local          ## announce, share, read, answer: the whole path on a real Kafka and Postgres
	@$(V)/python -m deploy.local demo

demo-broken: .venv/local   ## the same with an intake that loses one fact: must end with another status
	@$(V)/python -m deploy.local demo --broken

drill: .venv/local         ## lose Postgres, then Kafka, restore older backups, count all facts; writes build/drill.json
	@$(V)/python -m deploy.local drill

test: .venv/dev            ## every check and test, under 8 minutes
	@$(MAKE) --no-print-directory check
	@$(V)/python -m pytest $(SIDE_BY_SIDE) -m "not long"

test-long: .venv/dev       ## the same with the long runs
	@$(MAKE) --no-print-directory check
	@$(V)/python -m pytest $(SIDE_BY_SIDE)

check: .venv/dev           ## lint, types, import rules, generated files
	@$(V)/ruff check .
	@$(V)/ruff format --check .
	@$(V)/mypy
	@$(V)/lint-imports --no-cache
	@$(V)/python -m schemas.generate --check
	@$(V)/python -m deploy.published --check
	@$(V)/python -m schemas.compatibility
	@$(V)/python -m tests.facts --check

faults: .venv/dev          ## each kind of fault once in a real stack, under 2 minutes
	@$(V)/python -m tests.faults run

chaos: .venv/dev           ## faults until all is reached, under 45 minutes; writes build/chaos.json
	@$(V)/python -m tests.faults chaos

up: .venv/local            ## start Kafka, Postgres and every service, until Ctrl-C
	@$(V)/python -m deploy.local up

down: .venv/local          ## stop them, wherever they were started; the data stay
	@$(V)/python -m deploy.local down

lag: .venv/local           ## how far behind anyone is
	@$(V)/python -m deploy.local lag

bench: .venv/dev           ## how fast, against this machine's floor; writes build/bench.json
	@$(V)/python -m bench

bench-scale: .venv/dev     ## how the rate falls from 10⁴ to 10⁵ initiatives (TO=1000000: to 10⁶)
	@$(V)/python -m bench.scale $(if $(TO),--to $(TO))

bench-peers: .venv/dev     ## beside Debezium, a textbook handler and a hand-tuned loader
	@$(V)/python -m bench.peers

held: .venv/dev            ## write the README's table of what holds from the last runs
	@$(V)/python -m bench.held

schemas: .venv/dev         ## make anew what is derived: from the type table, from the services
	@$(V)/python -m schemas.generate
	@$(V)/python -m deploy.published

release: .venv/dev         ## publish the schemas of frozen rule sets, never changing one
	@$(V)/python -m schemas.compatibility release

wheel: .venv/dev           ## the wheel for who emits or follows from Python, into build/
	@cd schemas && ../$(V)/python -I -m hatchling build -t wheel -d ../build

lock: .venv/dev            ## lock the requirements with hashes (needs uv)
	uv pip compile -q --universal --generate-hashes --no-header --no-annotate requirements.in -o requirements.txt
	uv pip compile -q --universal --generate-hashes --no-header --no-annotate requirements-local.in -o requirements-local.txt
	uv pip compile -q --universal --generate-hashes --no-header --no-annotate requirements-dev.in -o requirements-dev.txt

.venv/local: requirements-local.txt
	@$(call install,requirements-local.txt)

.venv/dev: requirements-dev.txt
	@$(call install,requirements-dev.txt)
	@touch .venv/local

define install
	set -e; \
	$(PYTHON) -c 'import sys; sys.exit("Tidlig needs Python 3.11 or newer; name one with PYTHON=…" if sys.version_info < (3, 11) else 0)'; \
	test -x $(V)/python || $(PYTHON) -m venv .venv; \
	echo "installing $(1) into .venv (once, about half a minute)"; \
	$(V)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(1); \
	touch $@
endef
