package query

import (
	"context"

	"github.com/earshot-rtc/earshot/internal/clickhouse"
)

// DB is what the questions need of *clickhouse.DB.
type DB interface {
	Query(ctx context.Context, sql string, params clickhouse.Params, settings ...clickhouse.Settings) (clickhouse.Rows, error)
}

// limits are kept by the server, so that a question whose asker has gone does not run on. Results are refused, not cut, at
// the row limit: a LIMIT in the SQL does the cutting.
func limits() clickhouse.Settings {
	return clickhouse.Settings{
		"readonly":             2, // select only; the client may still set formats and limits
		"max_execution_time":   int(serverRunTime.Seconds()),
		"max_result_rows":      MaxRows,
		"max_memory_usage":     4 << 30,
		"result_overflow_mode": "throw",
		// On a cluster a subquery of IN means the rows of all shards.
		"distributed_product_mode": "global",
	}
}
