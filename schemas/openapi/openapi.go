// Package openapi holds the OpenAPI 3.1 documents of what Earshot serves: nothing goes in, the documents come out. Tests beside the
// handlers hold each against the other.
package openapi
