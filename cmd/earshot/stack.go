package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/earshot-rtc/earshot/collector"
	"github.com/earshot-rtc/earshot/internal/clickhouse"
	"github.com/earshot-rtc/earshot/internal/dirlock"
	embeddedch "github.com/earshot-rtc/earshot/internal/embedded/clickhouse"
	embeddedkafka "github.com/earshot-rtc/earshot/internal/embedded/kafka"
	"github.com/earshot-rtc/earshot/internal/kafka"
	"github.com/earshot-rtc/earshot/internal/service"
	"github.com/earshot-rtc/earshot/internal/telemetry"
	"github.com/earshot-rtc/earshot/processor"
	"github.com/earshot-rtc/earshot/processor/recall"
	"github.com/earshot-rtc/earshot/processor/refused"
	"github.com/earshot-rtc/earshot/processor/watch"
	ddl "github.com/earshot-rtc/earshot/schemas/clickhouse"
	"github.com/earshot-rtc/earshot/schemas/topic"
)

// stackFlags choose the engines of a pipeline that runs within this process.
type stackFlags struct {
	storeFlags
	ClickHousePort int      `name:"clickhouse-port" placeholder:"PORT" env:"EARSHOT_CLICKHOUSE_PORT" help:"Native port of the embedded ClickHouse on 127.0.0.1, for a Grafana that reads along. Default: a free one."`
	Kafka          []string `placeholder:"HOST:PORT" env:"EARSHOT_KAFKA" help:"Kafka brokers. Default: an embedded one."`
	LogLevel       string   `name:"log-level" default:"warn" help:"debug, info, warn or error."`
}

// stack is the whole pipeline in one process: collector, Kafka, processor, ClickHouse.
type stack struct {
	*service.Group
	endpoints
	engine    *embeddedch.Server // nil where ClickHouse is somebody else's
	db        *clickhouse.DB
	window    time.Duration // the processor's
	registry  *prometheus.Registry
	log       *slog.Logger
	dataDir   string // "" where all engines are somebody else's
	temporary []string
}

// say tells a person what is going on while things start.
type say func(format string, args ...any)

// start brings the pipeline up from the sink to the source. After an error nothing of it is left.
func (f *stackFlags) start(ctx context.Context, tell say) (_ *stack, err error) {
	log, err := telemetry.NewLogger(os.Stderr, telemetry.LogConfig{Level: f.LogLevel})
	if err != nil {
		return nil, err
	}
	if err := f.checkClickHousePort(ctx); err != nil {
		return nil, err
	}
	s := &stack{Group: service.NewGroup(), registry: telemetry.NewRegistry(), log: log}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close(context.WithoutCancel(ctx)))
		}
	}()
	for _, step := range []func(context.Context, *stack, say) error{f.startStore, f.startKafka, f.startProcessor, f.startCollector} {
		if err := step(ctx, s, tell); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (f *stackFlags) startStore(ctx context.Context, s *stack, tell say) error {
	s.ClickHouse = f.ClickHouse
	if f.ClickHouse == "" {
		dir, err := s.claimDataDir(&f.storeFlags, tell)
		if err != nil {
			return err
		}
		tell("starting ClickHouse (embedded, data in %s) ...", dir)
		server, err := embeddedch.New(embeddedch.Config{DataDir: filepath.Join(dir, "clickhouse"), Port: f.ClickHousePort},
			embeddedch.Dependencies{Logger: s.log, Registerer: s.registry})
		if err != nil {
			return err
		}
		if err := s.Start(ctx, "ClickHouse", server); err != nil {
			return err
		}
		s.engine, s.ClickHouse, s.ClickHouseHTTP = server, server.Addr(), server.HTTPAddr()
	}
	db, err := clickhouse.Open(f.config(s.ClickHouse))
	if err != nil {
		return err
	}
	s.db = db
	if _, err := clickhouse.Migrate(ctx, db, ddl.Migrations); err != nil {
		return err
	}
	return nil
}

// claimDataDir is the data directory, or a temporary one where another run has it.
func (s *stack) claimDataDir(f *storeFlags, tell say) (string, error) {
	dir, err := f.dataDir()
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return "", fmt.Errorf("data directory: %w; name another with --data-dir", err)
	}
	unlock, err := dirlock.Lock(dir)
	switch {
	case err == nil:
		s.dataDir = dir
		s.temporary = append(s.temporary, endpointsFile(dir))
		s.Add("data directory", closer(unlock))
		return dir, nil
	case !errors.Is(err, dirlock.ErrLocked):
		return "", err
	case f.DataDir != "":
		return "", fmt.Errorf("%s is in use by another earshot; stop that one or name another with --data-dir", dir)
	}
	if dir, err = os.MkdirTemp("", "earshot-"); err != nil {
		return "", err
	}
	tell("another earshot is running; this one keeps its data in %s until it ends", dir)
	s.dataDir = dir
	s.temporary = append(s.temporary, dir)
	return dir, nil
}

func (f *stackFlags) startKafka(ctx context.Context, s *stack, tell say) error {
	brokers := f.Kafka
	if len(brokers) == 0 {
		dir, err := os.MkdirTemp("", "earshot-kafka-")
		if err != nil {
			return err
		}
		s.temporary = append(s.temporary, dir)
		tell("starting Kafka (embedded) ...")
		broker, err := embeddedkafka.New(embeddedkafka.Config{DataDir: dir}, embeddedkafka.Dependencies{Logger: s.log, Registerer: s.registry})
		if err != nil {
			return err
		}
		if err := s.Start(ctx, "Kafka", broker); err != nil {
			return err
		}
		brokers = broker.Addrs()
	}
	s.Kafka = strings.Join(brokers, ",")
	return kafka.EnsureTopics(ctx, brokers, topicSpecs())
}

func topicSpecs() []kafka.TopicSpec {
	var specs []kafka.TopicSpec
	for _, t := range topic.Defaults() {
		specs = append(specs, kafka.TopicSpec(t))
	}
	return specs
}

func (s *stack) brokers() []string { return strings.Split(s.Kafka, ",") }

func (s *stack) producer() (*kafka.Producer, error) {
	p, err := kafka.NewProducer(kafka.ProducerConfig{Brokers: s.brokers()}, kafka.Dependencies{Logger: s.log})
	if err == nil {
		s.Add("producer", closer(p.Close))
	}
	return p, err
}

func (f *stackFlags) startProcessor(ctx context.Context, s *stack, _ say) error {
	producer, err := s.producer()
	if err != nil {
		return err
	}
	cfg := processor.DefaultConfig()
	cfg.Brokers = s.brokers()
	cfg.Flush.Every = 250 * time.Millisecond // few rows, and somebody is watching
	s.window = cfg.Window
	cfg.Regression = watch.LiveConfig()
	cfg.Regression.Since = time.Now() // calls of before are not what this one is compared with
	search, err := watch.New(cfg.Regression, watch.Dependencies{Logger: s.log, Registerer: s.registry, DB: s.db})
	if err != nil {
		return err
	}
	if err := s.Start(ctx, "search for regressions", search); err != nil {
		return err
	}
	p, err := processor.New(cfg, processor.Dependencies{
		Logger: s.log, Registerer: s.registry, Inserter: s.db, Producer: producer, Epochs: recall.New(s.db), Lead: search.Lead,
	})
	if err != nil {
		return err
	}
	if err := s.Start(ctx, "processor", p); err != nil {
		return err
	}
	return startRefused(ctx, s.Group, cfg, refused.Dependencies{Logger: s.log, Registerer: s.registry, Inserter: s.db})
}

func (f *stackFlags) startCollector(ctx context.Context, s *stack, _ say) error {
	producer, err := s.producer()
	if err != nil {
		return err
	}
	cfg := collector.DefaultConfig()
	cfg.Listen = "127.0.0.1:0"
	c, err := collector.New(cfg, collector.Dependencies{Logger: s.log, Registerer: s.registry, Producer: producer})
	if err != nil {
		return err
	}
	if err := s.Start(ctx, "collector", c); err != nil {
		return err
	}
	s.Collector = c.Addr()
	return nil
}

// announce lets other commands find this run.
func (s *stack) announce() error {
	if s.dataDir == "" {
		return nil
	}
	return s.write(s.dataDir)
}

// closer is a component that does nothing until its end.
type closer func() error

func (closer) Start(context.Context) error      { return nil }
func (c closer) Shutdown(context.Context) error { return c() }

// close stops everything and clears away what was only for this run.
func (s *stack) close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	errs := []error{s.Shutdown(ctx)}
	if s.db != nil {
		errs = append(errs, s.db.Close())
	}
	for _, path := range s.temporary {
		errs = append(errs, os.RemoveAll(path))
	}
	return errors.Join(errs...)
}
