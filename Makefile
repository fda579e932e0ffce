# Targets for people; `make help` lists them. CI runs .ci/run.

GO      ?= go
BIN     := bin
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
LDFLAGS := -s -w -X github.com/aws-auth-guard/aws-auth-guard/internal/version.release=$(VERSION)
CODE    := cmd internal pkg test
# Nested modules with tests of their own.
MODULES := test/oracle test/promtool
LINT    := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
FUZZTIME ?= 10m
VULNCHECK := golang.org/x/vuln/cmd/govulncheck@v1.9.0
# Where vuln.go.dev can't be reached, VULNDB=module takes the same database from its Go module.
VULNDB ?= https://vuln.go.dev
SOAKTIME ?= 2m
# What a release is made with; helm is the one that test/chart pins.
GORELEASER := github.com/goreleaser/goreleaser/v2@v2.15.0
COSIGN     := github.com/sigstore/cosign/v3/cmd/cosign@v3.1.3
RELEASE    := $(CURDIR)/$(BIN)/release

.DEFAULT_GOAL := help
.PHONY: help build test chart-test demo cluster cluster-down image image-push lint fmt generate bench writers soak browser-test fuzz hostile differential vulncheck licenses release-tools clean assets

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## /\1\t/' | expand -t 12

build: ## Build bin/webhook and bin/kubectl-aws_auth
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o $(BIN)/ ./cmd/...

assets: ## Get kube-apiserver, etcd and kubectl: envtest's, or built from their modules (once, about 10 minutes)
	@$(GO) run ./test/assets/cmd >/dev/null

test: assets build ## Run all tests, on a real API server and against the real authenticator
	@test -z "$$(gofmt -l $(CODE))" || { gofmt -l $(CODE); echo 'run make fmt'; exit 1; }
	@for m in . $(MODULES); do echo "cd $$m && $(GO) vet ./..."; (cd $$m && $(GO) vet ./...) || exit 1; done
	@for m in . $(MODULES); do echo "cd $$m && $(GO) test ./..."; (cd $$m && $(GO) test -timeout 30m ./...) || exit 1; done

chart-test: assets build ## Test the chart: its renderings, and installs into a real cluster of two nodes (root on Linux; see CONTRIBUTING.md)
	@for m in test/chart build build/goreleaser; do echo "cd $$m && $(GO) test ./..."; (cd $$m && $(GO) vet ./... && $(GO) test -count=1 -timeout 30m ./...) || exit 1; done
	AWS_AUTH_GUARD_CLUSTER_TESTS=1 $(GO) test -count=1 -timeout 45m ./test/install

cluster: ## Start a real cluster of two nodes with the image of the guard on them (root on Linux), and say how to reach it
	@$(GO) run ./test/cluster/cmd up

cluster-down: ## End that cluster without a trace
	@$(GO) run ./test/cluster/cmd down

image: ## Build the OCI image for amd64 and arm64 into dist/image, with an SBOM, without Docker
	cd build && $(GO) run ./image -root .. -out ../dist/image -version $(VERSION) -revision "$$(git rev-parse HEAD 2>/dev/null)"

image-push: ## Build the image and push it, with its SBOMs, to the registry of IMAGE (with the credentials of docker login)
	@test -n "$(IMAGE)" || { echo 'give IMAGE=REGISTRY/NAME:TAG'; exit 2; }
	cd build && $(GO) run ./image -root .. -out ../dist/image -name "$(IMAGE)" -push -version $(VERSION) -revision "$$(git rev-parse HEAD 2>/dev/null)"

demo: assets build ## Watch a kubectl edit being repaired on a real API server
	@$(GO) run ./test/demo

lint: ## Run golangci-lint
	$(GO) run $(LINT) run ./...

fmt: ## Format the code
	gofmt -w $(CODE)

generate: ## Write all generated files: docs/rules, docs/man, docs/img, tables of README and operations, the chart's schema and README, deploy/
	$(GO) run ./internal/gen
	cd test/chart && $(GO) run ./gen

writers: assets ## Let each tool that writes the map do so, to a real API server with the guard in front: docs/writers.md
	AWS_AUTH_GUARD_WRITERS=1 $(GO) test -count=1 -timeout 30m ./test/writers

bench: assets build ## Measure the guard against a no-op webhook, Gatekeeper, Kyverno and the authenticator's reader (PAGE=yes: docs/performance.md)
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '-s -w' -o $(BIN)/noop ./test/bench/noop
	$(GO) test -run '^$$' -bench '^BenchmarkLint$$' -benchtime 5x ./internal/cli
	cd test/bench && $(GO) run . -webhook ../../$(BIN)/webhook -plugin ../../$(BIN)/kubectl-aws_auth -noop ../../$(BIN)/noop $(if $(PAGE),-page ../../docs/performance.md)

soak: assets build ## Two replicas under load and faults for SOAKTIME (2m): exits with 1 where a promise was broken
	cd test/oracle && $(GO) run ./soak -program ../../$(BIN)/webhook -duration $(SOAKTIME) $(if $(PAGE),-page ../../docs/reliability.md)

browser-test: ## Open the HTML report in a real Chromium (skips where none is installed)
	cd test/browser && $(GO) vet ./... && $(GO) test -timeout 15m ./...

fuzz: ## Run every fuzz target for FUZZTIME (10m)
	@grep -rHoE --include='*_test.go' '^func Fuzz[A-Za-z0-9_]+' $(CODE) | while IFS=: read -r file target; do \
		cd "$(CURDIR)/$$(dirname $$file)" || exit 1; \
		echo "$$(dirname $$file) $${target#func }"; \
		set -- $(GO) test -run '^$$' -fuzz "^$${target#func }$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 100x .; \
		"$$@" || { echo 'Once more: go test can take the end of the time for an error (golang/go#75804); an input that fails, fails again at once.'; "$$@"; } || exit 1; \
	done

hostile: ## The long hostile tests: every byte in each place of twenty maps, floods of the largest maps, logs of 1 GiB, every edit from one small map to another (about an hour)
	AWS_AUTH_GUARD_EVERY_BYTE=1 $(GO) test -count=1 -timeout 2h -v -run 'TestEveryMutation' ./internal/admission
	AWS_AUTH_GUARD_EVERY_BYTE=1 $(GO) test -count=1 -timeout 30m -v ./test/hostile
	$(GO) test -run '^$$' -bench Hostile -benchtime 1x -timeout 1h ./internal/admission
	AWS_AUTH_GUARD_GIBIBYTE=1 $(GO) test -count=1 -timeout 1h -v -run TestMemory ./pkg/evidence
	cd test/oracle && AWS_AUTH_GUARD_EVERY_EDIT=1 GOGC=400 $(GO) test -count=1 -timeout 3h -v -run TestEverySmallEdit ./proof

differential: ## Hold add and remove against eksctl's code on 5,000 random maps (its modules are large: some minutes, once)
	cd test/eksctl && $(GO) vet ./... && $(GO) test -count=1 -timeout 30m ./...

vulncheck: ## Look for known vulnerabilities in what the programs call, built with the Go that go.mod names or a newer one
	@db='$(VULNDB)'; if [ "$$db" = module ]; then \
		db="file://$$($(GO) mod download -json golang.org/x/vulndb@latest | sed -n 's/^\t"Dir": "\(.*\)",$$/\1/p')/data/osv"; fi; \
	go=$$({ $(GO) env GOVERSION; sed -n 's/^toolchain //p' go.mod; } | sort -V | tail -n 1); \
	echo "as built with $$go"; \
	GOVERSION=$$go $(GO) run $(VULNCHECK) -db "$$db" ./cmd/...

licenses: ## Fail on a license of what is linked into the programs that is not permissive
	cd build && $(GO) run ./licenses -root ..

release-tools: ## Build goreleaser, cosign and helm into bin/release (from their modules: some twenty minutes on two cores, once)
	GOBIN='$(RELEASE)' $(GO) install $(GORELEASER)
	GOBIN='$(RELEASE)' $(GO) install $(COSIGN)
	$(GO) build -C test/chart -o '$(RELEASE)/helm' helm.sh/helm/v4/cmd/helm

clean: ## Remove what was built, the servers' cache included
	rm -rf $(BIN) dist .cache
