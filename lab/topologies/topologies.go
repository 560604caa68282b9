// Package topologies holds the calls that come with the laboratory: nothing goes in, their YAML comes out.
package topologies

import "embed"

// Files are all of them, by name.
//
//go:embed *.yaml
var Files embed.FS

// Demo is the one that `earshot demo` plays.
//
//go:embed demo.yaml
var Demo []byte
