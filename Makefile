# make alone prints help. Tools are pinned here and installed into .tools.
SHELL := bash
.DEFAULT_GOAL := help
export SAM_CLI_TELEMETRY := 0

TOOLS      := .tools
DYNOXIDE   := 3.2.0
LINTER     := v2.15.0
FUNCTIONS  := $(notdir $(patsubst %/bootstrap,%,$(wildcard functions/*/bootstrap)))
LAMBDA     := CGO_ENABLED=0 GOOS=linux GOARCH=arm64 go build -trimpath -tags lambda.norpc -ldflags "-s -w"
GOTEST     ?= go test
FUZZTIME   ?= 10s
SEEDS      ?= 5000
RUNS       ?= 61
REPORT     ?= build/bench

.PHONY: help run test race lint cover sim fuzz bench tools test-aws test-browser check-template build clean

help: ## print this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "%-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: ## the whole service in one process, on http://127.0.0.1:8080
	go run ./infra/local

test: ## the first tier: Go and nothing else
	go test ./...

race: ## the same, watched for data races, in any order
	go test -race -shuffle=on ./...

lint: $(TOOLS)/bin/golangci-lint-$(LINTER) ## format and lint, with the import rules
	$< run ./...

cover: ## how much of the code the first tier runs
	go test -coverpkg=./functions/...,./shared/... -coverprofile=build.out ./... > /dev/null
	go tool cover -func=build.out | tail -1

sim: ## thousands of seeds of the simulator (SEEDS=5000)
	go test -count=1 -timeout 60m ./infra/sim -seeds $(SEEDS)

fuzz: ## each fuzz target for a while (FUZZTIME=10s)
	@grep -rl --include=*_test.go '^func Fuzz' functions shared infra | while read -r file; do \
	  for target in $$(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\).*/\1/p' $$file); do \
	    go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) ./$$(dirname $$file) || exit 1; done; done

bench: $(TOOLS)/dynoxide/ready ## how every function starts, beside one that does nothing (RUNS=61, AGAINST=revision)
	@mkdir -p build
	go run ./infra/bench -runs $(RUNS) -against "$(AGAINST)" -out $(REPORT).md -json $(REPORT).json

test-aws: tools ## the second tier: on Dynoxide and moto, and the real binaries
	SPAREKEY_TEST_AWS=1 $(GOTEST) -count=1 -timeout 20m ./...

test-browser: tools ## the third tier: in Chromium
	SPAREKEY_TEST_BROWSER=1 $(GOTEST) -count=1 -timeout 20m ./infra/local/...

check-template: $(TOOLS)/sam/ready ## the fourth tier: the template under SAM's and cfn-lint's own rules
	go vet ./...
	PATH="$(CURDIR)/$(TOOLS)/sam/bin:$$PATH" infra/tools/check_template.sh

build: $(FUNCTIONS:%=build/%.zip) ## every function for Lambda: linux, arm64, static
	@ls -l build/*.zip | awk '{printf "%-28s %5.2f MB\n", $$NF, $$5 / 1e6}'

build/%.zip: FORCE
	@mkdir -p build/$*
	$(LAMBDA) -o build/$*/bootstrap ./functions/$*/bootstrap
	@cd build/$* && rm -f ../$*.zip && python3 -m zipfile -c ../$*.zip bootstrap

clean: ## what was built; tools stay
	rm -rf build build.out .aws-sam

tools: $(TOOLS)/dynoxide/ready $(TOOLS)/moto/ready $(TOOLS)/sam/ready $(TOOLS)/bin/golangci-lint-$(LINTER) $(TOOLS)/chromium ## everything the other tiers need, into .tools

$(TOOLS)/dynoxide/ready:
	PATH="$$PATH:$$HOME/.cargo/bin" infra/tools/install.sh dynoxide $(DYNOXIDE) $(TOOLS)/dynoxide
$(TOOLS)/%/ready: infra/tools/requirements-%.txt
	infra/tools/install.sh venv $< $(TOOLS)/$*
$(TOOLS)/bin/golangci-lint-$(LINTER):
	infra/tools/install.sh golangci-lint $(LINTER) $@
$(TOOLS)/chromium:
	infra/tools/install.sh chromium $@

FORCE:
