package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/earshot-rtc/earshot/internal/clickhouse"
	"github.com/earshot-rtc/earshot/processor/insert"
	"github.com/earshot-rtc/earshot/processor/insert/rowgen"
	"github.com/earshot-rtc/earshot/processor/row"
)

// filled is what inserting a day of calls took.
type filled struct {
	rows    map[string]int     // by table
	seconds map[string]float64 // by table, of all workers together
	batches int
	wall    time.Duration
}

// fillStore inserts a day of calls as processors do that have fallen behind: each worker has partitions of its own, and makes a
// batch of rows, turns it into columns and inserts these table by table under tokens. What a batch takes to be made up counts for
// the wall clock only.
func fillStore(ctx context.Context, db *clickhouse.DB, day *rowgen.Day, partitions, workers, batchRows int, progress func(rows int)) (filled, error) {
	f := filled{rows: map[string]int{}, seconds: map[string]float64{}}
	var (
		mu   sync.Mutex
		wg   sync.WaitGroup
		errs = make([]error, workers)
	)
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	began := time.Now()
	for w := range workers {
		wg.Go(func() {
			mine := make([]*rowgen.Feed, 0, partitions)
			names := make([]int, 0, partitions)
			for p := w; p < partitions; p += workers {
				mine, names = append(mine, day.Partition(p)), append(names, p)
			}
			var batch row.Batch
			buffer := insert.NewBuffer()
			for n := 0; len(mine) > 0; n++ {
				i := n % len(mine)
				more := mine[i].Next(&batch, batchRows)
				if batch.Len() > 0 {
					begin := time.Now()
					tables := buffer.Fill(&batch)
					fill := time.Since(begin)
					for _, t := range tables {
						begin := time.Now()
						token := fmt.Sprintf("%s:bench:%d:%d", t.Name, names[i], n)
						if err := db.Insert(ctx, t.Name, token, t.Columns); err != nil {
							errs[w] = err
							stop()
							return
						}
						took := time.Since(begin)
						if t.Name == insert.E2E {
							took += fill // nearly all of it
						}
						mu.Lock()
						f.rows[t.Name] += t.Rows
						f.seconds[t.Name] += took.Seconds()
						mu.Unlock()
					}
					mu.Lock()
					f.batches++
					progress(f.rows[insert.E2E])
					mu.Unlock()
					buffer.Reset()
					batch.Reset()
				}
				if !more {
					mine, names = append(mine[:i], mine[i+1:]...), append(names[:i], names[i+1:]...)
				}
			}
		})
	}
	wg.Wait()
	f.wall = time.Since(began)
	return f, errors.Join(errs...)
}

// awaitMerges waits until the server has merged what was inserted, but not for ever.
func awaitMerges(ctx context.Context, db *clickhouse.DB, most time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	quiet := 0
	for quiet < 4 {
		r, err := clickhouse.Select[struct {
			N uint64 `ch:"n"`
		}](ctx, db, "SELECT count() AS n FROM system.merges WHERE database = currentDatabase()", nil)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return err
		case r[0].N == 0:
			quiet++
		default:
			quiet = 0
		}
		select {
		case <-ctx.Done():
		case <-time.After(500 * time.Millisecond):
		}
	}
	return nil
}

// tableSize is what a table takes on disk, as its columns add up to it.
type tableSize struct {
	Table string `json:"table"`
	Rows  uint64 `json:"rows"`
	Bytes uint64 `json:"bytes"` // all of it: columns, marks, indexes
	Parts uint64 `json:"parts"`
	// Columns are those of the parts that keep columns apart, which have ColumnRows of the rows: small parts keep them together.
	Columns    []columnSize `json:"columns"`
	ColumnRows uint64       `json:"column_rows"`
}

type columnSize struct {
	Name         string `json:"name" ch:"name"`
	Type         string `json:"type" ch:"type"`
	Codec        string `json:"codec" ch:"codec"`
	Bytes        uint64 `json:"bytes" ch:"bytes"`
	Uncompressed uint64 `json:"uncompressed_bytes" ch:"uncompressed"`
}

func (t tableSize) perRow(bytes uint64) float64 { return float64(bytes) / max(float64(t.Rows), 1) }

func tableSizes(ctx context.Context, db *clickhouse.DB) ([]tableSize, error) {
	tables, err := clickhouse.Select[struct {
		Table string `ch:"table"`
		Rows  uint64 `ch:"r"`
		Bytes uint64 `ch:"b"`
		Parts uint64 `ch:"n"`
		Wide  uint64 `ch:"w"`
	}](ctx, db, `SELECT table, sum(rows) AS r, sum(bytes_on_disk) AS b, count() AS n, sumIf(rows, part_type = 'Wide') AS w FROM system.parts
		WHERE database = currentDatabase() AND active GROUP BY table ORDER BY b DESC, table`, nil)
	if err != nil {
		return nil, err
	}
	sizes := make([]tableSize, 0, len(tables))
	for _, t := range tables {
		columns, err := clickhouse.Select[columnSize](ctx, db, `SELECT name, type, compression_codec AS codec, data_compressed_bytes AS bytes,
			data_uncompressed_bytes AS uncompressed FROM system.columns
			WHERE database = currentDatabase() AND table = {t:String} ORDER BY bytes DESC, name`, clickhouse.Params{"t": t.Table})
		if err != nil {
			return nil, err
		}
		sizes = append(sizes, tableSize{t.Table, t.Rows, t.Bytes, t.Parts, columns, t.Wide})
	}
	return sizes, nil
}
