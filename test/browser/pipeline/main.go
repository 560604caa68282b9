// Command pipeline gives the browser tests the whole pipeline in one process: samples of pages and SFUs go in at the
// collector, and GET /e2e?call=... gives the windows that came of them in ClickHouse. The addresses come out as one line of
// JSON; it ends when its standard input does.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/earshot-rtc/earshot/collector"
	"github.com/earshot-rtc/earshot/collector/identity"
	"github.com/earshot-rtc/earshot/dashboards/query"
	"github.com/earshot-rtc/earshot/internal/clickhouse"
	embeddedch "github.com/earshot-rtc/earshot/internal/embedded/clickhouse"
	embeddedkafka "github.com/earshot-rtc/earshot/internal/embedded/kafka"
	"github.com/earshot-rtc/earshot/internal/kafka"
	"github.com/earshot-rtc/earshot/internal/service"
	"github.com/earshot-rtc/earshot/processor"
	ddl "github.com/earshot-rtc/earshot/schemas/clickhouse"
	"github.com/earshot-rtc/earshot/schemas/topic"
)

// noEngine is the exit code that tells the tests to skip.
const noEngine = 3

func main() {
	embeddedch.RunChildIfAsked()
	secrets := flag.String("secrets", "", "file with the secret of participants' tokens; empty: nobody needs one")
	sfuToken := flag.String("sfu-token", "", "file with the token of the SFUs")
	flag.Parse()
	err := run(context.Background(), *secrets, *sfuToken)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	switch {
	case errors.Is(err, embeddedch.ErrNotFound):
		os.Exit(noEngine)
	case err != nil:
		os.Exit(1)
	}
}

func run(ctx context.Context, secrets, sfuToken string) (err error) {
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	all := service.NewGroup()
	defer func() {
		ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
		defer cancel()
		err = errors.Join(err, all.Shutdown(ctx))
	}()
	engine, err := embeddedch.New(embeddedch.Config{}, embeddedch.Dependencies{Logger: log})
	if err != nil {
		return err
	}
	if err := all.Start(ctx, "ClickHouse", engine); err != nil {
		return err
	}
	db, err := clickhouse.Open(clickhouse.Config{Addr: []string{engine.Addr()}})
	if err != nil {
		return err
	}
	all.Add("connection to ClickHouse", closer(db.Close))
	if _, err := clickhouse.Migrate(ctx, db, ddl.Migrations); err != nil {
		return err
	}
	broker, err := embeddedkafka.New(embeddedkafka.Config{}, embeddedkafka.Dependencies{Logger: log})
	if err != nil {
		return err
	}
	if err := all.Start(ctx, "Kafka", broker); err != nil {
		return err
	}
	var specs []kafka.TopicSpec
	for _, t := range topic.Defaults() {
		specs = append(specs, kafka.TopicSpec(t))
	}
	if err := kafka.EnsureTopics(ctx, broker.Addrs(), specs); err != nil {
		return err
	}
	producer, err := kafka.NewProducer(kafka.ProducerConfig{Brokers: broker.Addrs()}, kafka.Dependencies{Logger: log})
	if err != nil {
		return err
	}
	all.Add("producer", closer(producer.Close))
	pcfg := processor.DefaultConfig()
	pcfg.Brokers, pcfg.Flush.Every = broker.Addrs(), 250*time.Millisecond
	p, err := processor.New(pcfg, processor.Dependencies{Logger: log, Inserter: db, Producer: producer})
	if err != nil {
		return err
	}
	if err := all.Start(ctx, "processor", p); err != nil {
		return err
	}
	ccfg := collector.DefaultConfig()
	ccfg.Listen = "127.0.0.1:0"
	if secrets != "" {
		ccfg.Auth.Mode, ccfg.Auth.Tokens.SecretsFile = identity.Required, secrets
		ccfg.Auth.SFUTokens = []identity.SFUToken{{Name: "cascade", File: sfuToken}}
	}
	c, err := collector.New(ccfg, collector.Dependencies{Logger: log, Producer: producer})
	if err != nil {
		return err
	}
	if err := all.Start(ctx, "collector", c); err != nil {
		return err
	}
	return serve(ctx, query.New(db), c.Addr())
}

// closer is a component that does nothing until its end.
type closer func() error

func (closer) Start(context.Context) error      { return nil }
func (c closer) Shutdown(context.Context) error { return c() }

// serve answers questions until standard input ends.
func serve(ctx context.Context, questions *query.Service, collector string) error {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /e2e", func(w http.ResponseWriter, r *http.Request) {
		rows, err := questions.E2E(r.Context(), query.E2EQuery{Range: around(), CallID: r.FormValue("call")})
		reply(w, rows, err)
	})
	mux.HandleFunc("GET /events", func(w http.ResponseWriter, r *http.Request) {
		found, err := questions.Events(r.Context(), query.EventsQuery{Range: around(), CallID: r.FormValue("call")})
		if err != nil {
			found = &query.Events{}
		}
		reply(w, found.Events, err)
	})
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(ln) }() // ends with Close
	defer func() { _ = server.Close() }()
	err = json.NewEncoder(os.Stdout).Encode(map[string]string{"url": "http://" + ln.Addr().String(), "collector": collector})
	if err == nil {
		_, _ = io.Copy(io.Discard, os.Stdin) // whatever ends it, the tests are over
	}
	return err
}

// around is all that tests do.
func around() query.Range {
	now := time.Now()
	return query.Range{From: now.Add(-time.Hour), To: now.Add(time.Hour)}
}

// reply answers with rows; a call of which nothing is known yet has none.
func reply[T any](w http.ResponseWriter, rows []T, err error) {
	if errors.As(err, new(*query.NotFoundError)) {
		rows, err = nil, nil
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	_ = json.NewEncoder(w).Encode(append([]T{}, rows...)) // a test that is gone
}
