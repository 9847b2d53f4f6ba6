# Two commands do everything, set-up included: `make demo` and `make test`.
# The logic is in scripts/; every script says at its head what it does and which variables it reads.

.PHONY: help setup build demo docs test lint fuzz soak bench bench-native package package-test clean

help:
	@printf '%s\n' \
	  'make demo          set up what is missing, build, serve the demo (PORT=8080)' \
	  'make docs          the guides and the API reference, into www/docs (the demo serves them at /docs/)' \
	  'make test          set up what is missing, run every test' \
	  'make test SUITE=…  only the suites whose names begin so: lint, native, wasm, wasm-chrome, js, types, packaging, docs' \
	  'make setup         only the set-up' \
	  'make build         the wasm into pkg/wasm' \
	  'make lint          formatting and lints' \
	  'make fuzz          ten minutes of fuzzing for each parser (SECONDS=600)' \
	  'make soak          the long forms: kills, crashes, tabs, memory; one of them by PART=kill-node (ARGS=50)' \
	  'make bench         measures this and what else there is, in real browsers (N=…, BROWSER=…, ENGINE=…, CASE=…: bench/README.md)' \
  'make bench-native  measures what needs no browser, to see what a change costs (ARGS="search --baseline before": bench/README.md)' \
	  'make package       the tarball for npm into target/package, and checks of it' \
	  'make package-test  the tarball in every bundler, runtime and compiler there is a test for' \
	  'make clean         what was built here (not the tools shared by all checkouts)'

setup:
	@bash scripts/setup.sh

build:
	@bash scripts/setup.sh build
	@bash scripts/build-wasm.sh

demo:
	@bash scripts/demo.sh

docs:
	@bash scripts/docs.sh

test:
	@bash scripts/test.sh $(SUITE)

lint:
	@bash scripts/test.sh lint

fuzz:
	@bash scripts/fuzz.sh $(or $(SECONDS),600)

soak:
	@bash scripts/soak.sh $(PART) $(ARGS)

bench:
	@bash scripts/bench.sh

bench-native:
	@bash scripts/bench-native.sh $(ARGS)

package: build
	@node scripts/package.mjs

package-test:
	@bash scripts/test.sh packaging-full

clean:
	rm -rf target pkg/wasm node_modules docs/node_modules bench/node_modules www/data www/docs .tools
