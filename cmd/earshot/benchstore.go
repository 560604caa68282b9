package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"time"

	"github.com/earshot-rtc/earshot/internal/clickhouse"
	embedded "github.com/earshot-rtc/earshot/internal/embedded/clickhouse"
	"github.com/earshot-rtc/earshot/processor/insert"
	"github.com/earshot-rtc/earshot/processor/insert/rowgen"
	ddl "github.com/earshot-rtc/earshot/schemas/clickhouse"
)

// benchStoreCmd fills a fresh store with a day of made-up calls by the processor's own code, and asks it the questions of the
// dashboards.
type benchStoreCmd struct {
	Rows       int           `default:"5000000" help:"Rows of e2e, about."`
	Length     time.Duration `default:"24h" help:"Over how long the calls are spread."`
	Batch      int           `default:"100000" help:"Rows of e2e in a batch; those of the other tables come on top."`
	Workers    int           `default:"2" help:"How many insert at the same time."`
	Partitions int           `default:"12" help:"Over how many partitions of the topic the calls are spread."`
	Rounds     int           `default:"7" help:"How often each question is asked; the first time is not counted."`
	Streams    bool          `help:"Fill the table streams as well, which no dashboard reads."`
	Questions  bool          `default:"true" negatable:"" help:"Ask the questions of the dashboards, after all is in."`
	Seed       uint64        `default:"1" help:"Makes the rows: the same seed, the same rows."`
	Memory     int64         `default:"4096" help:"What the embedded ClickHouse may use, in MiB."`
	Dir        string        `type:"path" placeholder:"DIR" help:"Where the store is made and removed again. Default: the folder for temporary files."`
	Keep       bool          `help:"Leave the store where it is, in --dir."`
	Again      string        `type:"existingdir" placeholder:"STORE" help:"Fill nothing: ask the questions of a store that --keep has left."`
	JSON       string        `name:"json" placeholder:"FILE" help:"Write the figures to this file."`
}

// storeFigures is the JSON of `earshot bench store`.
type storeFigures struct {
	RowsPerSecond    float64            `json:"rows_per_second"` // of e2e, from rows to stored, views included
	BytesPerRow      float64            `json:"bytes_per_row"`   // of e2e, on disk
	QueryMedianMs    map[string]float64 `json:"query_median_ms"`
	QueryMaxMs       map[string]float64 `json:"query_max_ms"`
	QueryCPUMs       map[string]float64 `json:"query_cpu_ms"` // processor time of ClickHouse, mean; 0 = not known
	QueryRows        map[string]int     `json:"query_rows"`
	Rows             int                `json:"rows"`
	AllRowsPerSecond float64            `json:"all_rows_per_second"` // of all tables
	AllBytesPerRow   float64            `json:"all_bytes_per_row"`   // of all tables, rollups included, per row of e2e
	Calls            int                `json:"calls"`
	Batch            int                `json:"batch"`
	Workers          int                `json:"workers"`
	FillSeconds      float64            `json:"fill_seconds"`          // by the clock, making rows up included
	MergeSeconds     float64            `json:"merge_seconds"`         // until merges were done, after that
	ClientCPUUs      float64            `json:"client_cpu_us_per_row"` // processor time of this process while filling, per row of e2e
	ServerCPUUs      float64            `json:"server_cpu_us_per_row"` // that of the embedded ClickHouse, merges included; 0 = not known
	CPUs             int                `json:"cpus"`
	Engine           string             `json:"engine"`
	Tables           []tableSize        `json:"tables"`
}

// Run measures and prints.
func (c *benchStoreCmd) Run(ctx context.Context) error {
	if c.Rows < 1000 || c.Batch < 1 || c.Workers < 1 || c.Partitions < c.Workers || c.Rounds < 2 || c.Length < time.Minute || c.Length > 24*time.Hour {
		return errors.New("too little to measure; give at least --rows 1000, --rounds 2, as many --partitions as --workers, and a --length of 1m to 24h")
	}
	if c.Keep && c.Dir == "" {
		return errors.New("--keep needs a place; name one with --dir")
	}
	db, server, stop, err := c.open(ctx)
	if err != nil {
		return err
	}
	f, err := c.measure(ctx, db, server)
	if err = errors.Join(err, stop()); err != nil {
		return failure{err}
	}
	f.print(os.Stdout)
	if c.JSON == "" {
		return nil
	}
	data, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(c.JSON, append(data, '\n'), 0o600)
}

// open starts an engine of its own on an empty folder, or on the store to be asked again.
func (c *benchStoreCmd) open(ctx context.Context) (*clickhouse.DB, *embedded.Server, func() error, error) {
	dir := c.Again
	if dir == "" {
		var err error
		if dir, err = os.MkdirTemp(cmp.Or(c.Dir, os.TempDir()), "earshot-bench-store-"); err != nil {
			return nil, nil, nil, fmt.Errorf("%w; name another folder with --dir", err)
		}
	}
	server, err := embedded.New(embedded.Config{DataDir: dir, MaxMemory: c.Memory << 20}, embedded.Dependencies{})
	if err != nil {
		return nil, nil, nil, err
	}
	remove := func() error {
		if c.Keep || c.Again != "" {
			return nil
		}
		return os.RemoveAll(dir)
	}
	if err := server.Start(ctx); err != nil {
		return nil, nil, nil, errors.Join(err, remove())
	}
	db, err := clickhouse.Open(clickhouse.Config{Addr: []string{server.Addr()}})
	if err != nil {
		return nil, nil, nil, errors.Join(err, server.Shutdown(ctx), remove())
	}
	stop := func() error {
		return errors.Join(db.Close(), server.Shutdown(context.WithoutCancel(ctx)), remove())
	}
	if _, err := clickhouse.Migrate(ctx, db, ddl.Migrations); err != nil {
		return nil, nil, nil, errors.Join(err, stop())
	}
	return db, server, stop, nil
}

// measure fills the store, unless it is there already, and asks it.
func (c *benchStoreCmd) measure(ctx context.Context, db *clickhouse.DB, server *embedded.Server) (*storeFigures, error) {
	f := &storeFigures{CPUs: runtime.NumCPU(), QueryMedianMs: map[string]float64{}, QueryMaxMs: map[string]float64{}, QueryCPUMs: map[string]float64{}, QueryRows: map[string]int{}}
	if c.Again == "" {
		if err := c.fill(ctx, db, server, f); err != nil {
			return nil, err
		}
	}
	if err := f.sizes(ctx, db); err != nil {
		return nil, err
	}
	if !c.Questions {
		return f, nil
	}
	return f, c.ask(ctx, db, server, f)
}

func (c *benchStoreCmd) fill(ctx context.Context, db *clickhouse.DB, server *embedded.Server, f *storeFigures) error {
	// Yesterday, so that no retention takes any of it.
	start := time.Now().UTC().Truncate(24 * time.Hour).Add(-24 * time.Hour)
	day := rowgen.New(rowgen.Config{Seed: c.Seed, Start: start, Length: c.Length, Rows: c.Rows, Partitions: c.Partitions, Streams: c.Streams})
	shown := 0
	client, engine := cpuTime(), cpuTimeOf(server.PID())
	filled, err := fillStore(ctx, db, day, c.Partitions, c.Workers, c.Batch, func(rows int) {
		if rows-shown >= 1_000_000 {
			shown = rows
			fmt.Fprintf(os.Stderr, "\r%d of about %d million rows", rows/1_000_000, c.Rows/1_000_000)
		}
	})
	fmt.Fprintln(os.Stderr)
	if err != nil {
		return err
	}
	f.Rows, f.Calls, f.Batch, f.Workers, f.FillSeconds = filled.rows[insert.E2E], len(day.Calls()), c.Batch, c.Workers, filled.wall.Seconds()
	f.RowsPerSecond = float64(f.Rows) * float64(c.Workers) / filled.seconds[insert.E2E]
	all, seconds := 0, 0.0
	for table, rows := range filled.rows {
		all, seconds = all+rows, seconds+filled.seconds[table]
	}
	f.AllRowsPerSecond = float64(all) * float64(c.Workers) / seconds
	began := time.Now()
	if err := awaitMerges(ctx, db, 10*time.Minute); err != nil {
		return err
	}
	f.MergeSeconds = time.Since(began).Seconds()
	f.ClientCPUUs = float64((cpuTime() - client).Microseconds()) / float64(f.Rows)
	f.ServerCPUUs = float64((cpuTimeOf(server.PID()) - engine).Microseconds()) / float64(f.Rows)
	return nil
}

// sizes are those of what is stored, and the engine that stores it.
func (f *storeFigures) sizes(ctx context.Context, db *clickhouse.DB) (err error) {
	if f.Tables, err = tableSizes(ctx, db); err != nil {
		return err
	}
	var bytes uint64
	for _, t := range f.Tables {
		bytes += t.Bytes
		if t.Table == insert.E2E {
			f.Rows, f.BytesPerRow = int(t.Rows), t.perRow(t.Bytes)
		}
	}
	f.AllBytesPerRow = float64(bytes) / max(float64(f.Rows), 1)
	version, err := clickhouse.Select[struct {
		V string `ch:"v"`
	}](ctx, db, "SELECT version() AS v", nil)
	if err != nil {
		return err
	}
	f.Engine = version[0].V
	return nil
}

// median of at least one.
func median(of []float64) float64 {
	of = slices.Sorted(slices.Values(of))
	n := len(of)
	return (of[(n-1)/2] + of[n/2]) / 2
}
