// Package ddl holds the tables: nothing goes in, the ClickHouse statements that make and change them come out, one file per
// object, numbered in the order in which they are applied.
package ddl

import "embed"

// Migrations are the files migrations/NNNN_name.sql. One that has been released never changes any more; a change is a new file.
//
//go:embed migrations/*.sql
var Migrations embed.FS
