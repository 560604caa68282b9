package clickhouse

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/ClickHouse/ch-go"
	"github.com/ClickHouse/ch-go/proto"
)

// Column is one column of an insert: a name and a slice with one element per row. A slice for a column of type
//
//	String, LowCardinality(String)   is []string
//	Enum8, Enum16                    is []string (the names), []int8 or []int16
//	Bool, (U)Int8..64, Float32/64    is []bool, []uint8 ... []float64
//	DateTime, DateTime64(p)          is []time.Time, or []int64 in the column's own ticks
//	Nullable(T)                      is []T with NaN as NULL where T is a float, *Nullable[T], []sql.Null[T], or []*T
//	Array(T)                         is *Array[T], or [][]T
//	Map(K, T)                        is *Map[T], or []map[string]T (slower)
//
// Columns that are left out get their defaults.
type Column struct {
	Name   string
	Values any
}

// Insert sends the columns as one block in the server's native columnar format, compressed with LZ4, and returns when the
// server has stored it, in the table and in the materialized views that depend on it; ctx should say how long that may take. A
// block whose token the table has already seen is dropped by the server, by the table and by each view apart: an insert may be
// repeated with the same token after any error, also one that came between the table and its views. The tables, and the targets
// of the views, need a deduplication window for that. An empty token means no such check. Without rows nothing is sent.
func (db *DB) Insert(ctx context.Context, table, token string, columns []Column) error {
	if len(columns) == 0 {
		return fmt.Errorf("clickhouse insert into %s: no columns", table)
	}
	ctx, refuse := context.WithCancelCause(ctx)
	defer refuse(nil)
	input := make(proto.Input, len(columns))
	rows := -1
	for i, c := range columns {
		col, err := newColumn(c.Values)
		if err != nil {
			return fmt.Errorf("clickhouse insert into %s, column %s: %w", table, c.Name, err)
		}
		if rows >= 0 && col.rows != rows {
			return fmt.Errorf("clickhouse insert into %s: column %s has %d rows, column %s has %d",
				table, c.Name, col.rows, columns[0].Name, rows)
		}
		rows = col.rows
		col.refuse = func(err error) {
			refuse(fmt.Errorf("clickhouse insert into %s, column %s: %w", table, c.Name, err))
		}
		input[i] = proto.InputColumn{Name: c.Name, Data: col}
	}
	if rows == 0 {
		return nil
	}
	settings := chSettings(db.cfg.Settings)
	// The server acknowledges only what is stored, whatever a user's profile says.
	settings = append(settings, ch.Setting{Key: "async_insert", Value: "0"}, ch.Setting{Key: "insert_distributed_sync", Value: "1"})
	if token != "" {
		settings = append(settings, exactlyOnce...)
		settings = append(settings, ch.Setting{Key: "insert_deduplication_token", Value: token})
	}
	return db.withInsertConn(ctx, func(c *insertConn) error {
		// The client only looks at ctx between two packets, and when a column is refused it goes on waiting for one.
		stop := context.AfterFunc(ctx, func() { _ = c.Close() })
		defer stop()
		err := c.Do(ctx, ch.Query{Body: insertInto(table, columns), Input: input, Settings: settings})
		switch cause := context.Cause(ctx); {
		case err == nil:
			return nil
		case cause == nil:
			return db.explain("insert into "+table, err)
		case errors.Is(cause, context.Canceled) || errors.Is(cause, context.DeadlineExceeded):
			return fmt.Errorf("clickhouse insert into %s: %w", table, cause)
		default:
			return cause
		}
	})
}

// exactlyOnce makes a repeated insert leave a table, its views and the views of those as one insert does. These are the defaults of
// a current server, but not of each older one, and a user's profile may say something else.
var exactlyOnce = []ch.Setting{
	{Key: "insert_deduplicate", Value: "1"},
	// Views look for the block's token themselves. Without it a table that drops the block keeps it from the views which did
	// not get it the first time, or they take it twice.
	{Key: "deduplicate_blocks_in_dependent_materialized_views", Value: "1"},
	// A block that a view could not take is an error, and comes again.
	{Key: "materialized_views_ignore_errors", Value: "0"},
	// A view's rows are numbered block by block; these keep them in one block, and blocks in order.
	{Key: "parallel_view_processing", Value: "0"},
	{Key: "max_threads", Value: "1"}, // views of a block are soon done; to start threads for each takes longer
	{Key: "group_by_two_level_threshold", Value: "0"},
	{Key: "group_by_two_level_threshold_bytes", Value: "0"},
}

// insertInto names the table, which may be "database.table", and its columns.
func insertInto(table string, columns []Column) string {
	var b strings.Builder
	b.WriteString("INSERT INTO ")
	for i, part := range strings.Split(table, ".") {
		if i > 0 {
			b.WriteByte('.')
		}
		b.WriteString(quote(part))
	}
	for i, c := range columns {
		b.WriteString([]string{" (", ", "}[min(i, 1)])
		b.WriteString(quote(c.Name))
	}
	b.WriteString(") VALUES")
	return b.String()
}

func quote(name string) string {
	return "`" + strings.NewReplacer("`", "\\`", "\\", "\\\\").Replace(name) + "`"
}
