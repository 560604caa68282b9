// Command server gives the browser tests a console over the real engine: seeded calls go in, the page's address comes out as one
// line of JSON. It ends when its standard input does.
package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/earshot-rtc/earshot/dashboards/api"
	"github.com/earshot-rtc/earshot/dashboards/console"
	"github.com/earshot-rtc/earshot/dashboards/query"
	"github.com/earshot-rtc/earshot/dashboards/query/querytest"
	"github.com/earshot-rtc/earshot/internal/clickhouse"
	embedded "github.com/earshot-rtc/earshot/internal/embedded/clickhouse"
	ddl "github.com/earshot-rtc/earshot/schemas/clickhouse"
)

// noEngine is the exit code that tells the tests to skip.
const noEngine = 3

func main() {
	embedded.RunChildIfAsked()
	listen := flag.String("listen", "127.0.0.1:0", "address of the page")
	empty := flag.Bool("empty", false, "seed no call")
	token := flag.String("token", "", "the token that the API asks for")
	flag.Parse()
	if err := run(*listen, *token, *empty); err != nil {
		fmt.Fprintln(os.Stderr, err)
		if errors.Is(err, embedded.ErrNotFound) {
			os.Exit(noEngine)
		}
		os.Exit(1)
	}
}

func run(listen, token string, empty bool) (err error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	engine, err := embedded.New(embedded.Config{}, embedded.Dependencies{})
	if err != nil {
		return err
	}
	if err := engine.Start(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, engine.Shutdown(context.WithoutCancel(ctx))) }()
	db, err := clickhouse.Open(clickhouse.Config{Addr: []string{engine.Addr()}})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if _, err := clickhouse.Migrate(ctx, db, ddl.Migrations); err != nil {
		return err
	}
	var grown <-chan error
	if !empty {
		if grown, err = seed(ctx, db); err != nil {
			return err
		}
	}
	cfg := console.Config{Listen: listen}
	if token != "" {
		sum := sha256.Sum256([]byte(token))
		cfg.Auth.Tokens = []api.TokenConfig{{Name: "test", SHA256: hex.EncodeToString(sum[:])}}
	}
	c, err := console.New(cfg, console.Dependencies{Query: query.New(db)})
	if err != nil {
		return err
	}
	if err := c.Start(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Shutdown(context.WithoutCancel(ctx))) }()
	if err := json.NewEncoder(os.Stdout).Encode(map[string]string{"url": c.URL()}); err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, os.Stdin) // whatever ends it, the tests are over
	cancel()
	if grown != nil {
		return <-grown
	}
	return nil
}

// seed writes a call that ended and a live one, which then grows by a window every five seconds.
func seed(ctx context.Context, db *clickhouse.DB) (<-chan error, error) {
	const windows = 60
	now := time.Now().UTC().Truncate(querytest.Window)
	over := querytest.Call{ID: "standup", Start: now.Add(-3 * time.Hour)}
	if err := over.Insert(ctx, db, 0, 20); err != nil {
		return nil, err
	}
	live := querytest.Call{ID: "demo", Start: now.Add(-windows * querytest.Window)}
	if err := live.Insert(ctx, db, 0, windows); err != nil {
		return nil, err
	}
	done := make(chan error, 1)
	go func() {
		tick := time.NewTicker(querytest.Window)
		defer tick.Stop()
		for w := windows; ; w++ {
			select {
			case <-ctx.Done():
				done <- nil
				return
			case <-tick.C:
			}
			if err := live.Insert(ctx, db, w, 1); err != nil && ctx.Err() == nil {
				done <- err
				return
			}
		}
	}()
	return done, nil
}
