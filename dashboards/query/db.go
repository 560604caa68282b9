package query

import "context"

// Params are a question's arguments as ClickHouse reads them, by the names that stand in the SQL as {name:Type}.
type Params = map[string]string

// DB is what the questions need of a ClickHouse client. Parameters travel beside the SQL, never inside it.
type DB interface {
	Query(ctx context.Context, sql string, params Params) (Rows, error)
}

// Rows is a result being read. Scan converts to the Go types of the destinations.
type Rows interface {
	Next() bool
	Scan(dest ...any) error
	Err() error
	Close() error
}
