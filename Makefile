# make alone prints help. Tools are pinned here and installed into .tools.
SHELL := bash
.DEFAULT_GOAL := help
export SAM_CLI_TELEMETRY := 0

TOOLS      := .tools
DYNOXIDE   := 3.2.0
LINTER     := v2.15.0
VULNCHECK  := v1.9.0
VULNDB     := v0.0.0-20261105234957-e22db6528018
SBOM       := v1.10.0
GITLEAKS   := v8.30.1
FUNCTIONS  := $(notdir $(patsubst %/bootstrap,%,$(wildcard functions/*/bootstrap)))
GOTOOLS    := $(addprefix $(TOOLS)/bin/,golangci-lint-$(LINTER) govulncheck-$(VULNCHECK) cyclonedx-gomod-$(SBOM) gitleaks-$(GITLEAKS))
# How every function is built to be deployed, whoever builds it: SAM asks go build for nothing by itself.
DEPLOYED   := CGO_ENABLED=0 GOFLAGS="-trimpath -tags=lambda.norpc,nethttpomithttp2 '-ldflags=-s -w'"
GOTEST     ?= go test
SUPPLY     := SPAREKEY_TEST_SUPPLY=1 go test -v -count=1 -timeout 20m
FUZZTIME   ?= 10s
SEEDS      ?= 5000
RUNS       ?= 61
REPORT     ?= build/bench

.PHONY: help run test race lint cover sim fuzz bench tools sam-tools test-aws test-browser check-template vuln vuln-release sbom secrets build sam-build blocklist clean

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

test-aws: $(TOOLS)/dynoxide/ready $(TOOLS)/moto/ready $(TOOLS)/aws/ready ## the second tier: on Dynoxide and moto, and the real binaries
	SPAREKEY_TEST_AWS=1 $(GOTEST) -count=1 -timeout 20m ./...

test-browser: $(TOOLS)/chromium ## the third tier: in Chromium
	SPAREKEY_TEST_BROWSER=1 $(GOTEST) -count=1 -timeout 20m ./infra/local/...

check-template: $(TOOLS)/sam/ready $(TOOLS)/checkov/ready ## the fourth tier: the template under the rules of SAM, cfn-lint, checkov and our own
	go vet ./...
	PATH="$(CURDIR)/$(TOOLS)/sam/bin:$$PATH" $(DEPLOYED) infra/tools/check_template.sh

vuln: $(TOOLS)/bin/govulncheck-$(VULNCHECK) $(TOOLS)/vulndb/$(VULNDB) ## known vulnerabilities in what our code calls, by a pinned database
	$(SUPPLY) -run '^TestVulnerab' ./infra/supply

vuln-release: $(TOOLS)/bin/govulncheck-$(VULNCHECK) ## the same before a deployment: asks the public database, and excuses no old Go
	SPAREKEY_RELEASE=1 SPAREKEY_VULNDB=$${SPAREKEY_VULNDB:-https://vuln.go.dev} $(SUPPLY) -run '^TestVulnerab' ./infra/supply

sbom: $(FUNCTIONS:%=build/sbom/%.json) ## what each function is made of, as CycloneDX, into build/sbom
	$(SUPPLY) -run '^TestBills' ./infra/supply

secrets: $(TOOLS)/bin/gitleaks-$(GITLEAKS) ## secrets, in the files and in every commit
	$(SUPPLY) -run '^TestSecrets' ./infra/supply

build: $(FUNCTIONS:%=build/%.zip) ## every function for Lambda: linux, arm64, static
	@ls -l build/*.zip | awk '{printf "%-28s %5.2f MB\n", $$NF, $$5 / 1e6}'

sam-build: $(TOOLS)/sam/ready ## the same, as sam deploy takes it: into .aws-sam
	PATH="$(CURDIR)/$(TOOLS)/sam/bin:$$PATH" $(DEPLOYED) sam build --no-cached

build/%.zip: FORCE
	@mkdir -p build/$*
	$(DEPLOYED) GOOS=linux GOARCH=arm64 go build -o build/$*/bootstrap ./functions/$*/bootstrap
	@cd build/$* && rm -f ../$*.zip && python3 -m zipfile -c ../$*.zip bootstrap

build/sbom/%.json: build/%.zip $(TOOLS)/bin/cyclonedx-gomod-$(SBOM)
	@mkdir -p build/sbom
	@GOFLAGS="$$(go env GOFLAGS) -tags=lambda.norpc,nethttpomithttp2" CGO_ENABLED=0 GOOS=linux GOARCH=arm64 \
	  $(TOOLS)/bin/cyclonedx-gomod app -json -std -licenses -main functions/$*/bootstrap -output $@ . 2> $@.log || { cat $@.log; exit 1; }

blocklist: ## the commonest passwords again, from the list they come from (npm)
	infra/tools/blocklist.sh

clean: ## what was built; tools stay
	rm -rf build build.out .aws-sam

tools: $(TOOLS)/dynoxide/ready $(TOOLS)/moto/ready $(TOOLS)/sam/ready $(TOOLS)/checkov/ready $(TOOLS)/aws/ready $(TOOLS)/chromium $(TOOLS)/vulndb/$(VULNDB) $(GOTOOLS) ## everything the other tiers need, into .tools

sam-tools: $(TOOLS)/sam/ready ## SAM alone, which is all that a deployment needs

$(TOOLS)/dynoxide/ready:
	PATH="$$PATH:$$HOME/.cargo/bin" infra/tools/install.sh dynoxide $(DYNOXIDE) $(TOOLS)/dynoxide
$(TOOLS)/%/ready: infra/tools/requirements-%.txt
	infra/tools/install.sh venv $< $(TOOLS)/$*
$(TOOLS)/bin/golangci-lint-$(LINTER):
	infra/tools/install.sh program github.com/golangci/golangci-lint/v2/cmd/golangci-lint $(LINTER) $@
$(TOOLS)/bin/govulncheck-$(VULNCHECK):
	infra/tools/install.sh program golang.org/x/vuln/cmd/govulncheck $(VULNCHECK) $@
$(TOOLS)/bin/cyclonedx-gomod-$(SBOM):
	infra/tools/install.sh program github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod $(SBOM) $@
$(TOOLS)/bin/gitleaks-$(GITLEAKS):
	infra/tools/install.sh program github.com/zricethezav/gitleaks/v8 $(GITLEAKS) $@
$(TOOLS)/vulndb/$(VULNDB):
	infra/tools/install.sh vulndb $(VULNDB) $(TOOLS)/vulndb
$(TOOLS)/chromium:
	infra/tools/install.sh chromium $@

FORCE:
