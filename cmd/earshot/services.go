package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/earshot-rtc/earshot/collector"
	"github.com/earshot-rtc/earshot/collector/mask"
	"github.com/earshot-rtc/earshot/dashboards/console"
	"github.com/earshot-rtc/earshot/dashboards/query"
	"github.com/earshot-rtc/earshot/internal/clickhouse"
	"github.com/earshot-rtc/earshot/internal/kafka"
	"github.com/earshot-rtc/earshot/internal/service"
	"github.com/earshot-rtc/earshot/internal/telemetry"
	"github.com/earshot-rtc/earshot/internal/tracing"
	"github.com/earshot-rtc/earshot/processor"
	"github.com/earshot-rtc/earshot/processor/recall"
	"github.com/earshot-rtc/earshot/processor/refused"
	"github.com/earshot-rtc/earshot/processor/watch"
	"github.com/earshot-rtc/earshot/schemas/userid"
)

// fileConfig is the configuration file of the services: each reads its own section, and all share the rest.
type fileConfig struct {
	// Log is what is written to standard error.
	Log telemetry.LogConfig `yaml:"log"`
	// Tracing is where OpenTelemetry spans go.
	Tracing tracing.Config `yaml:"tracing"`
	// Admin is the listener for operators.
	Admin adminConfig `yaml:"admin"`
	// ClickHouse is where results are stored, for the processor and whoever asks.
	ClickHouse clickhouseConfig `yaml:"clickhouse"`
	// Collector takes samples from probes to Kafka.
	Collector collector.Config `yaml:"collector"`
	// Processor makes results of samples.
	Processor processor.Config `yaml:"processor"`
	// Console serves the call explorer and the API.
	Console console.Config `yaml:"console"`
}

type adminConfig struct {
	// Listen is where /metrics, /healthz, /readyz and /debug/pprof are served. Empty: nowhere.
	Listen string `yaml:"listen"`
}

type clickhouseConfig struct {
	// Addr are native addresses, host:port.
	Addr []string `yaml:"addr"`
	// Database is the name of the database. Empty: earshot.
	Database string `yaml:"database"`
	// User is who connects. Empty: default.
	User string `yaml:"user"`
	// Password is better given in the environment.
	Password string `yaml:"password" config:"secret"`
	// Cluster is the name of the cluster to make the tables on: replicated, distributed, sharded by call. Empty: on one server.
	Cluster string `yaml:"cluster"`
	// Retention is how long tables keep their rows, by table, such as e2e: 720h; 0 is for ever. Tables that are not named keep them as
	// long as docs/schema.md says.
	Retention map[string]time.Duration `yaml:"retention"`
}

func (c clickhouseConfig) open() (*clickhouse.DB, error) {
	return clickhouse.Open(clickhouse.Config{Addr: c.Addr, Database: c.Database, User: c.User, Password: c.Password})
}

// serviceFlags are those of every service.
type serviceFlags struct {
	Config string `required:"" placeholder:"FILE" env:"EARSHOT_CONFIG" help:"Configuration file, YAML."`
}

// daemon is a service on its way up: configuration, telemetry and the group of its components.
type daemon struct {
	*service.Group
	cfg      fileConfig
	log      *slog.Logger
	registry *prometheus.Registry
	admin    *telemetry.Admin
	tracing  *tracing.Tracing
}

func (f serviceFlags) load() (*daemon, error) {
	d := &daemon{Group: service.NewGroup(), registry: telemetry.NewRegistry()}
	var err error
	if d.cfg, err = readConfig(f.Config); err != nil {
		return nil, err
	}
	log, err := telemetry.NewLogger(os.Stderr, d.cfg.Log)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Config, err)
	}
	d.log = log
	d.admin = telemetry.NewAdmin(d.cfg.Admin.Listen, d.registry)
	return d, nil
}

// serve reads the configuration, starts the components, waits for the end, and stops them.
func (f serviceFlags) serve(ctx context.Context, name string, start func(context.Context, *daemon) error) error {
	d, err := f.load()
	if err != nil {
		return err
	}
	d.tracing, err = tracing.New(d.cfg.Tracing, tracing.Dependencies{Service: "earshot-" + name, Version: version, Logger: d.log})
	if err != nil {
		return fmt.Errorf("%s: %w", f.Config, err)
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
		defer cancel()
		if err := d.Shutdown(ctx); err != nil {
			d.log.Error("stop", "error", err)
		}
	}()
	if err := d.Start(ctx, "admin listener", d.admin); err != nil {
		return err
	}
	if err := d.Start(ctx, "tracing", d.tracing); err != nil {
		return err
	}
	if err := start(ctx, d); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		d.log.Info("stopping")
		return nil
	case err := <-d.Failed():
		return failure{err}
	}
}

var errNoStore = errors.New("clickhouse.addr is empty; name at least one server as host:port")

func (d *daemon) store() (*clickhouse.DB, error) {
	c := d.cfg.ClickHouse
	if len(c.Addr) == 0 {
		return nil, errNoStore
	}
	db, err := c.open()
	if err != nil {
		return nil, err
	}
	d.Add("ClickHouse connections", closer(db.Close))
	return db, nil
}

// producer connects to Kafka and makes sure that the topics are there; where a spool stands in for Kafka, that may come later.
func (d *daemon) producer(ctx context.Context, cfg kafka.ProducerConfig, spool bool) (*kafka.Producer, error) {
	p, err := kafka.NewProducer(cfg, kafka.Dependencies{Logger: d.log, Registerer: d.registry})
	if err != nil {
		return nil, err
	}
	d.Add("producer", closer(p.Close))
	return p, d.ensureTopics(ctx, cfg.Brokers, spool)
}

type collectorCmd struct{ serviceFlags }

// Run serves until it is told to stop.
func (c *collectorCmd) Run(ctx context.Context) error {
	return c.serve(ctx, "collector", func(ctx context.Context, d *daemon) error {
		cfg := d.cfg.Collector
		producer, err := d.producer(ctx, cfg.Kafka, cfg.Spool.Dir != "")
		if err != nil {
			return err
		}
		svc, err := collector.New(cfg, collector.Dependencies{Producer: producer, Logger: d.log, Registerer: d.registry, Tracer: d.tracing.Tracer()})
		if err != nil {
			return err
		}
		d.admin.AddCheck("collector", svc.Ready)
		return d.Start(ctx, "collector", svc)
	})
}

type processorCmd struct{ serviceFlags }

// Run processes until it is told to stop.
func (c *processorCmd) Run(ctx context.Context) error {
	return c.serve(ctx, "processor", func(ctx context.Context, d *daemon) error {
		db, err := d.store()
		if err != nil {
			return err
		}
		if err := migrate(ctx, db, d.cfg.ClickHouse); err != nil {
			return err
		}
		producer, err := d.producer(ctx, kafka.ProducerConfig{Brokers: d.cfg.Processor.Brokers}, false)
		if err != nil {
			return err
		}
		search, err := watch.New(d.cfg.Processor.Regression, watch.Dependencies{Logger: d.log, Registerer: d.registry, DB: db})
		if err != nil {
			return err
		}
		if err := d.Start(ctx, "search for regressions", search); err != nil {
			return err
		}
		svc, err := processor.New(d.cfg.Processor, processor.Dependencies{
			Logger: d.log, Registerer: d.registry, Inserter: d.traced(db), Producer: producer, Epochs: recall.New(db), Lead: search.Lead,
		})
		if err != nil {
			return err
		}
		d.admin.AddCheck("processor", svc.Ready)
		if err := d.Start(ctx, "processor", svc); err != nil {
			return err
		}
		return startRefused(ctx, d.Group, d.cfg.Processor, refused.Dependencies{Logger: d.log, Registerer: d.registry, Inserter: db})
	})
}

// startRefused brings what collectors refused into the store.
func startRefused(ctx context.Context, group *service.Group, cfg processor.Config, deps refused.Dependencies) error {
	letters, err := refused.New(refused.Config{Brokers: cfg.Brokers, Group: cfg.Group, Topic: cfg.DeadTopic}, deps)
	if err != nil {
		return err
	}
	return group.Start(ctx, "letters of collectors", letters)
}

type consoleCmd struct{ serviceFlags }

// Run serves the page until it is told to stop.
func (c *consoleCmd) Run(ctx context.Context) error {
	return c.serve(ctx, "console", func(ctx context.Context, d *daemon) error {
		db, err := d.store()
		if err != nil {
			return err
		}
		if err := db.Ping(ctx); err != nil {
			return err
		}
		byUser, err := findUsers(&d.cfg.Collector.Privacy)
		if err != nil {
			return err
		}
		svc, err := console.New(d.cfg.Console, console.Dependencies{
			Query: query.New(db, byUser), Logger: d.log, Registerer: d.registry,
		})
		if err != nil {
			return err
		}
		return d.Start(ctx, "console", svc)
	})
}

// findUsers lets questions name a user as the application does, where the collector's key is at hand.
func findUsers(privacy *mask.Config) (query.Option, error) {
	key, err := privacy.Key()
	return query.WithUserKey(func(tenant, id string) string { return userid.Hash(key, privacy.UserIDKeyID, tenant, id) }), err
}
