// Package formats holds the tests that follow recordings of foreign formats all the way: they go in by their own HTTP routes,
// and rows come out of the messages that the collector produces.
package formats
