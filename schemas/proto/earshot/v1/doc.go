// Package earshotv1 is the wire contract between probes and collector, and between collector and processor: what
// sample.proto and stream.proto define comes out here as Go types, with a fast codec beside the standard one.
package earshotv1
