# What a developer does; `make` alone lists it.
SHELL := /bin/bash
export CGO_ENABLED ?= 0
VERSION ?= 2026.4.0
VERSIONED := -X github.com/takodeploy/tako/internal/runner/host.Version=$(VERSION)
LDFLAGS := -s -w -X main.version=$(VERSION) $(VERSIONED)
AGENTS := internal/target/agentbin
AGENT_SOURCES := $(shell find cmd/tako-agent internal/runner internal/fault internal/footprint octostache version -name '*.go' -not -name '*_test.go') go.mod

.PHONY: help build demo run test lint generate bench crash release deb image demo-stop operator

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

TAKO := go build -trimpath -ldflags '$(LDFLAGS)' -o bin/tako ./cmd/tako

# The portal is made from the API that the server describes and is then a part
# of the server: the second build does something only if the portal has changed.
build: $(AGENTS)/.stamp ## build bin/tako, with the portal where Node is, and bin/tako-agent
	$(TAKO)
	@scripts/portal bin/tako
	$(TAKO)
	go build -trimpath -ldflags '-s -w $(VERSIONED)' -o bin/tako-agent ./cmd/tako-agent

# The server carries the agents of the platforms that SSH targets can have.
$(AGENTS)/.stamp: $(AGENT_SOURCES)
	go run ./$(AGENTS)/pack $(AGENTS) $(VERSION)
	@touch $@

demo: ## set up, deploy a real package to real targets, leave the server running
	@scripts/prepare openssh-server openssh-client
	@$(MAKE) --no-print-directory build
	@go run ./e2e/demo

demo-stop: ## end the server and the machines that the demo left running
	@go run ./e2e/demo stop

run: build ## run a server on ./data
	bin/tako server --data data --listen 127.0.0.1:8080

test: ## set up and pass every test
	@scripts/test

lint: ## formatting and vet
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go'); exit 1; }
	go vet ./...
	cd operator && go vet ./...

generate: ## write what is generated
	go generate ./...
	cd operator && go generate ./...

operator: ## build bin/tako-operator, for Kubernetes
	cd operator && go build -trimpath -ldflags '-s -w' -o ../bin/tako-operator ./cmd/tako-operator

bench: build ## measure; see bench/README.md
	bench/run

crash: ## kill server and agents again and again under 300 deployments; CRASH='-seed N' repeats, '-postgres'
	@scripts/prepare openssh-server openssh-client
	@$(MAKE) --no-print-directory build
	@scripts/postgres go run ./e2e/crash $(CRASH)

release: build ## static binaries for all platforms in dist/
	scripts/release $(VERSION)

deb: build ## Debian packages in dist/
	scripts/package deb $(VERSION) amd64 arm64

image: build ## container images of the server, its workers and the operator in dist/, for 'docker load'
	scripts/package image $(VERSION) amd64
	scripts/package operator $(VERSION) amd64
	scripts/package worker $(VERSION) amd64
