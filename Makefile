# Every target fetches what it needs: Debian, node and npm are enough.
BUN_VERSION := $(shell sed -n 's/.*"packageManager": "bun@\([^"]*\)".*/\1/p' package.json)
SYSTEM_BUN := $(shell command -v bun 2>/dev/null)
BUN := $(if $(filter $(BUN_VERSION),$(if $(SYSTEM_BUN),$(shell $(SYSTEM_BUN) --version))),$(SYSTEM_BUN),.bun/node_modules/.bin/bun)
export PATH := $(CURDIR)/.bun/node_modules/.bin:$(PATH)

.PHONY: help run dev test test-binary test-release check fix build release bench migration
.DEFAULT_GOAL := help

help: ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## /  make \1\t/p' $(MAKEFILE_LIST)

run: node_modules ## install what is missing and start the server on http://127.0.0.1:8005
	$(BUN) run start

dev: node_modules ## start the server; it reloads when a file changes
	$(BUN) run dev

test: node_modules ## all tests but those of built executables
	$(BUN) run test

test-binary: node_modules ## the tests of the built executable and of the README (make build first)
	$(BUN) run test:binary

test-release: node_modules ## the tests of a release (make release first)
	$(BUN) run test:release

check: node_modules ## types, lint, format, unused code
	$(BUN) run check

fix: node_modules ## mend what lint and format can mend
	$(BUN) run fix

build: node_modules ## dist/braindrive, the executable of this machine
	$(BUN) run build

release: node_modules ## executables of all platforms in dist/release, with checksums and an SBOM
	$(BUN) run release

bench: node_modules ## ratios against raw Bun.serve and bun:sqlite, measured in one run
	$(BUN) run bench

migration: node_modules ## next file in drizzle/ from the tables: make migration name=add_pages
	$(BUN) run migration --name $(name)

.bun/node_modules/.bin/bun: package.json
	npm install --prefix .bun --no-save --no-audit --no-fund --loglevel=error bun@$(BUN_VERSION)
	@.bun/node_modules/.bin/bun --version >/dev/null 2>&1 || node .bun/node_modules/bun/install.js
	@touch $@

node_modules: package.json bun.lock $(if $(filter .bun/%,$(BUN)),$(BUN))
	$(BUN) install --frozen-lockfile
	@touch node_modules
