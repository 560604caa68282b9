package openapi

import _ "embed"

// Query is the query API that the console serves, YAML.
//
//go:embed query.yaml
var Query []byte
