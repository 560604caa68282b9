package source

import (
	"context"
	"fmt"
	"math"
	"sync"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/earshot-rtc/earshot/dashboards/datasource/settings"
	"github.com/earshot-rtc/earshot/internal/clickhouse"
)

// store is the connections of one data source, as many at a time as there are: a dashboard sends all its queries at once, and the rest
// waits here, for as long as its context lets it, instead of failing for want of a connection.
type store struct {
	db    *clickhouse.DB
	slots chan struct{}
	limit int // seconds
}

func newStore(db *clickhouse.DB, s settings.Settings) *store {
	return &store{db: db, slots: make(chan struct{}, settings.Connections), limit: int(math.Ceil(s.Timeout.Seconds()))}
}

// Query is that of *clickhouse.DB, within the data source's limits.
func (s *store) Query(ctx context.Context, sql string, params clickhouse.Params, given ...clickhouse.Settings) (clickhouse.Rows, error) {
	select {
	case s.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for a connection: %w", ctx.Err())
	}
	rows, err := s.db.Query(ctx, sql, params, append(given, s.tighter(given))...)
	if err != nil {
		<-s.slots
		return nil, err
	}
	return &held{Rows: rows, give: sync.OnceFunc(func() { <-s.slots })}, nil
}

// tighter is the data source's limit where it is below the question's own.
func (s *store) tighter(given []clickhouse.Settings) clickhouse.Settings {
	for _, g := range given {
		if own, ok := g["max_execution_time"].(int); ok && own <= s.limit {
			return nil
		}
	}
	return clickhouse.Settings{"max_execution_time": s.limit}
}

// Database is the name of the database.
func (s *store) Database() string { return s.db.Database() }

// held keeps its place until it is closed.
type held struct {
	clickhouse.Rows
	give func()
}

func (h *held) Close() error {
	defer h.give()
	return h.Rows.Close()
}

// ColumnTypes are those of the answer, which statements of people's own want to know.
func (h *held) ColumnTypes() []driver.ColumnType {
	typed, ok := h.Rows.(interface{ ColumnTypes() []driver.ColumnType })
	if !ok {
		return nil
	}
	return typed.ColumnTypes()
}
