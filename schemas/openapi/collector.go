package openapi

import _ "embed"

// Collector is what probes send to, YAML.
//
//go:embed collector.yaml
var Collector []byte
