# Everything here needs Go, a C compiler (for runc) and the package registries; the daemons need root.
# Where docker.io cannot be reached, base images are local look-alikes: package integration/standin says how.

BIN := dist/bin
SUMMARY := $(BIN)/test-summary

.PHONY: help demo test test-real bench tools frontend-image lint clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /  \1\t/p' $(MAKEFILE_LIST) | expand -t 18

demo: ## build examples/web with the CLI, run the image, ask it, edit a line, build again
	go run ./integration/demo

# -p 2: each integration package has its own daemon, and compiling Rust in more of them at once gains nothing.
test: $(SUMMARY) ## vet, unit tests and integration tests against real daemons
	go vet ./...
	go test -json -p 2 -timeout 75m $(TESTFLAGS) ./... | $(SUMMARY)

# The expectation files of the examples are checked against the host's cargo here too, which needs one.
test-real: $(SUMMARY) ## the tests that `make test` has no time for, too: all the real packages, and real services
	RUSTFILE_TEST_REAL=all RUSTFILE_TEST_CARGO_TARGET_DIR=$(CURDIR)/dist/cargo-target \
		go test -json -p 1 -timeout 3h $(TESTFLAGS) ./integration/... | $(SUMMARY)

bench: ## compare build times with other ways to build; docs/bench/README.md has the flags
	go run ./integration/bench $(BENCHFLAGS)

tools: ## buildkitd, buildctl, runc and docker-buildx from go.mod's tool directives
	go run ./internal/gotools/cmd $(BIN)

frontend-image: ## the image that a syntax line names, as an OCI layout in dist/frontend
	go run ./internal/frontendimage/cmd -o dist/frontend $(FRONTENDFLAGS)

lint: ## gofmt, vet, and golangci-lint where it is installed
	@out="$$(gofmt -l $$(git ls-files '*.go' 2>/dev/null || find . -name '*.go'))"; if [ -n "$$out" ]; then echo "gofmt: $$out"; exit 1; fi
	go vet ./...
	@if command -v golangci-lint >/dev/null; then golangci-lint run ./...; else echo "golangci-lint is not installed; gofmt and vet passed"; fi

clean: ## remove what was built here (caches in the user's cache directory stay)
	rm -rf dist

# The summary is a program of its own so that its exit status is the test run's: a pipe hides go test's.
$(SUMMARY): integration/tools/summary/main.go
	go build -o $@ ./integration/tools/summary
