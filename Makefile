# `make help` lists what there is to make.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
GO_LDFLAGS := -s -w -X main.version=$(VERSION)
# What loads the ClickHouse engine; a static program cannot, so it carries this one along.
LAUNCHER := internal/embedded/clickhouse/launcher
LINT := go tool -modfile=tools/lint/go.mod golangci-lint

.PHONY: help
help: ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## build the one binary, bin/earshot
	@echo "building bin/earshot (the first time, Go fetches its modules) ..."
ifeq ($(shell go env GOOS),linux)
	CGO_ENABLED=0 go build -trimpath -ldflags "-s -w" -o $(LAUNCHER).bin ./$(LAUNCHER)
	CGO_ENABLED=0 go build -trimpath -tags static -ldflags "$(GO_LDFLAGS)" -o bin/earshot ./cmd/earshot
else
	CGO_ENABLED=0 go build -trimpath -ldflags "$(GO_LDFLAGS)" -o bin/earshot ./cmd/earshot
endif

.PHONY: engine
engine: ## fetch the embedded ClickHouse engine (npm, about 180 MB, once)
	@node internal/embedded/clickhouse/engine/fetch.mjs

.PHONY: demo
demo: engine build ## run a real cascaded call through the whole pipeline, with a live table and page
	bin/earshot demo $(DEMO_FLAGS)

# What `make plugin` builds the back end of the Grafana data source for, as GOOS/GOARCH: by default for this machine.
PLUGIN := dashboards/datasource
PLUGIN_PLATFORMS ?= $(shell go env GOOS)/$(shell go env GOARCH)
PLUGIN_LDFLAGS := -s -w -X 'github.com/grafana/grafana-plugin-sdk-go/build/buildinfo.buildInfoJSON={\"pluginID\":\"earshot-datasource\",\"version\":\"$(VERSION)\"}'
.PHONY: plugin
plugin: plugin-frontend plugin-backend ## build the Grafana data source, dashboards/datasource/dist (PLUGIN_PLATFORMS="linux/amd64 linux/arm64 darwin/arm64 windows/amd64")

# What the front end is built with: installed anew when the lockfile changes.
$(PLUGIN)/node_modules/.package-lock.json: $(PLUGIN)/package-lock.json
	cd $(PLUGIN) && npm ci --no-audit --no-fund --silent
	@touch $@

.PHONY: plugin-frontend
plugin-frontend: $(PLUGIN)/node_modules/.package-lock.json ## build the TypeScript part of the Grafana data source only
	cd $(PLUGIN) && npm run -s build

.PHONY: plugin-backend
plugin-backend: ## build the Go part of the Grafana data source only
	@mkdir -p $(PLUGIN)/dist
	@for platform in $(PLUGIN_PLATFORMS); do \
		os=$${platform%/*}; arch=$${platform#*/}; suffix=; [ $$os != windows ] || suffix=.exe; \
		echo "building gpx_earshot_datasource_$${os}_$$arch$$suffix ..."; \
		CGO_ENABLED=0 GOOS=$$os GOARCH=$$arch go build -trimpath -tags arrow_json_stdlib -ldflags "$(PLUGIN_LDFLAGS)" \
			-o $(PLUGIN)/dist/gpx_earshot_datasource_$${os}_$$arch$$suffix ./$(PLUGIN)/pkg; \
	done

.PHONY: test
test: engine ## run the tests
	go test ./...

.PHONY: test-race
test-race: engine ## run the tests with the race detector
	CGO_ENABLED=1 go test -race -short ./...

.PHONY: client-probe
client-probe: ## build the browser probe, client-probe/dist
	cd client-probe && npm ci --no-audit --no-fund --silent && npm run -s build

.PHONY: test-client-probe
test-client-probe: ## test the browser probe, without a browser
	cd client-probe && npm ci --no-audit --no-fund --silent && npm test

.PHONY: grafana
grafana: ## start a Grafana that is installed here with the provisioning and the plugin: GRAFANA_HOME=/usr/share/grafana
	@dashboards/grafana/start.sh "$(GRAFANA_HOME)"

.PHONY: test-plugin
test-plugin: $(PLUGIN)/node_modules/.package-lock.json ## test the data source's front end, without a Grafana
	cd $(PLUGIN) && npm run -s types && npm test -s

.PHONY: test-plugin-e2e
test-plugin-e2e: ## drive the data source and the dashboards in the Grafana at GRAFANA_URL with a real Chromium
	$(PLUGIN)/e2e/run.sh

.PHONY: test-browser
test-browser: engine client-probe ## look at the console, and at calls between probed pages, in a real Chromium
	test/browser/run.sh

.PHONY: test-janus
test-janus: engine client-probe ## a call of two Chromium over a real Janus, reported by the adapter and by its events
	test/janus/run.sh

.PHONY: test-livekit
test-livekit: engine ## run the LiveKit adapter against a real livekit-server (built once) with real Chromium clients
	test/livekit/run.sh

.PHONY: test-mediasoup
test-mediasoup: engine ## run the tests of the mediasoup probe, and it in real servers where mediasoup's worker can be had
	cd sfu-probe/adapters/mediasoup && npm test --silent
	test/mediasoup/run.sh

KAFKA_TESTS ?= RealKafka|KafkaCarries
.PHONY: test-kafka
test-kafka: engine build ## run the pipeline against a real Apache Kafka broker (Java; fetched from Maven)
	test/kafka/run.sh go test -count=1 -p 1 -timeout 20m -run '$(KAFKA_TESTS)' ./test/kafka/... ./test/chaos/...

.PHONY: test-chaos
test-chaos: engine ## kill Kafka, ClickHouse and the services under load, and compare what is left exactly
	EARSHOT_CHAOS=1 go test -count=1 -p 1 -v -timeout 20m ./test/chaos/...

.PHONY: bench
bench: engine ## run the benchmarks
	go test -run '^$$' -bench . -benchmem ./...

TOPOLOGIES ?= $(wildcard lab/topologies/*.yaml)
.PHONY: accuracy
accuracy: engine build ## play all topologies for a minute each and print the table of docs/accuracy.md
	@mkdir -p .cache/accuracy
	@for t in $(TOPOLOGIES); do \
		echo "$$t ..." >&2; \
		bin/earshot lab run --topology $$t --duration 65s --json .cache/accuracy/$$(basename $$t .yaml).json >/dev/null; \
	done
	@bin/earshot lab table $(patsubst lab/topologies/%.yaml,.cache/accuracy/%.json,$(TOPOLOGIES))

.PHONY: lint
lint: ## go vet, golangci-lint, and whether go.mod is tidy
	go mod tidy -diff
	go vet ./...
	$(LINT) run ./...

.PHONY: fmt
fmt: ## format all Go files
	$(LINT) fmt ./...

.PHONY: generate
generate: ## regenerate protobuf code, the console's bundle, the reference of the configuration and the Grafana dashboards
	cd schemas/proto && go tool -modfile=../../tools/go.mod buf lint && go tool -modfile=../../tools/go.mod buf generate
	cd dashboards/console/web && npm ci --no-audit --no-fund && npm run build
	node client-probe/scripts/schema.mjs
	go generate ./cmd/earshot
	go run ./dashboards/grafana/generate dashboards/grafana/dashboards

.PHONY: ci
ci: ## what the continuous integration runs
	.ci/run
