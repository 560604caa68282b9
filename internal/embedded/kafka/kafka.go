// Package kafka runs a Kafka broker inside this process, for the demo, the tests and small installations: topics and a data
// directory go in, the address of a broker that any Kafka client can talk to comes out.
//
// The broker is franz-go's kfake. It speaks the real protocol, with consumer groups and offsets, and keeps its log on disk
// where a directory is given; it is one broker without replicas, so what it acknowledges survives the process (also when that
// is killed) but not the loss of the machine's page cache.
package kafka

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/earshot-rtc/earshot/internal/dirlock"
)

// Config says where the broker listens and what it keeps. The zero value is a broker in memory on a free port.
type Config struct {
	// DataDir holds the log. Empty means memory.
	DataDir string
	// Port on 127.0.0.1. 0 means a free one.
	Port int
	// Topics are created at the start where they are missing.
	Topics []Topic
	// RetentionBytes bounds a partition, oldest records first. 0 means 16 MiB in memory, 1 GiB on disk.
	RetentionBytes int64
}

// Topic is one topic to create.
type Topic struct {
	Name       string
	Partitions int
	// Retention 0 means the broker's default, 7 days.
	Retention time.Duration
}

// Dependencies are what the broker needs from its surroundings; each may be nil.
type Dependencies struct {
	Logger     *slog.Logger
	Registerer prometheus.Registerer
}

// retentionEvery is how often records beyond the retention are dropped.
const retentionEvery = 2 * time.Second

// Broker is one embedded broker. Its methods are safe for concurrent use.
type Broker struct {
	cfg     Config
	log     *slog.Logger
	metrics *metrics

	life    sync.Mutex // held while starting and stopping
	started bool
	stopped bool
	unlock  func() error // of the data directory
	stop    chan struct{}
	done    chan struct{}

	mu      sync.Mutex // guards cluster
	cluster *kfake.Cluster
	addrs   []string
}

// New checks the configuration; it starts nothing.
func New(cfg Config, deps Dependencies) (*Broker, error) {
	if cfg.Port < 0 || cfg.Port > 65535 {
		return nil, fmt.Errorf("embedded Kafka: port %d is not between 0 and 65535", cfg.Port)
	}
	for _, t := range cfg.Topics {
		if t.Name == "" || t.Partitions < 1 {
			return nil, fmt.Errorf("embedded Kafka: topic %q wants %d partitions; it needs a name and at least 1", t.Name, t.Partitions)
		}
	}
	if cfg.RetentionBytes == 0 {
		cfg.RetentionBytes = 16 << 20
		if cfg.DataDir != "" {
			cfg.RetentionBytes = 1 << 30
		}
	}
	if deps.Logger == nil {
		deps.Logger = slog.New(slog.DiscardHandler)
	}
	m, err := newMetrics(deps.Registerer)
	if err != nil {
		return nil, err
	}
	return &Broker{cfg: cfg, log: deps.Logger, metrics: m, stop: make(chan struct{}), done: make(chan struct{})}, nil
}

// Addrs are the bootstrap addresses, host:port, valid after Start.
func (b *Broker) Addrs() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.addrs
}

// Start opens the log, listens and creates the topics. A Broker is started once.
func (b *Broker) Start(ctx context.Context) error {
	b.life.Lock()
	defer b.life.Unlock()
	if b.started {
		return errors.New("embedded Kafka: started twice")
	}
	if b.stopped {
		return errors.New("embedded Kafka: started after Shutdown")
	}
	opts := []kfake.Opt{
		kfake.NumBrokers(1),
		kfake.ClusterID("earshot-embedded"),
		// Failing members are noticed as quickly as they wish to be.
		kfake.GroupMinSessionTimeout(time.Second),
		kfake.BrokerConfigs(map[string]string{
			"log.retention.bytes": strconv.FormatInt(b.cfg.RetentionBytes, 10),
			// Only whole segments are dropped.
			"log.segment.bytes": strconv.FormatInt(max(1<<20, b.cfg.RetentionBytes/8), 10),
			"message.max.bytes": strconv.Itoa(16 << 20),
		}),
		kfake.WithLogger(logger{b.log}),
	}
	if b.cfg.Port != 0 {
		opts = append(opts, kfake.Ports(b.cfg.Port))
	}
	if b.cfg.DataDir != "" {
		dir, err := filepath.Abs(b.cfg.DataDir)
		if err != nil {
			return err
		}
		if err := os.MkdirAll(dir, 0o750); err != nil {
			return fmt.Errorf("data directory of the embedded Kafka: %w", err)
		}
		b.unlock, err = dirlock.Lock(dir)
		if errors.Is(err, dirlock.ErrLocked) {
			return fmt.Errorf("the data directory %s is in use by another broker; stop that one or choose another directory", dir)
		}
		if err != nil {
			return fmt.Errorf("data directory of the embedded Kafka: %w", err)
		}
		opts = append(opts, kfake.DataDir(filepath.Join(dir, "log")))
	}
	if err := b.open(ctx, opts); err != nil {
		b.release()
		return err
	}
	b.started = true
	go b.keepRetention()
	b.metrics.up.Set(1)
	b.log.Info("embedded Kafka is up", "addr", b.addrs[0], "data", b.cfg.DataDir)
	return nil
}

func (b *Broker) open(ctx context.Context, opts []kfake.Opt) error {
	cluster, err := kfake.NewCluster(opts...)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("port %d for the embedded Kafka is not free; stop what listens there or choose another port: %w", b.cfg.Port, err)
	case err != nil:
		return fmt.Errorf("start the embedded Kafka: %w", err)
	}
	addrs := cluster.ListenAddrs()
	if err := createTopics(ctx, addrs, b.cfg.Topics); err != nil {
		cluster.Close()
		return err
	}
	b.mu.Lock()
	b.cluster, b.addrs = cluster, addrs
	b.mu.Unlock()
	return nil
}

func (b *Broker) keepRetention() {
	defer close(b.done)
	tick := time.NewTicker(retentionEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			b.cluster.ApplyRetention()
		case <-b.stop:
			return
		}
	}
}

// Shutdown saves the log and stops the broker. It may be called without Start, and twice.
func (b *Broker) Shutdown(context.Context) error {
	b.life.Lock()
	defer b.life.Unlock()
	if b.stopped {
		return nil
	}
	b.stopped = true
	if !b.started {
		return nil
	}
	close(b.stop)
	<-b.done
	b.cluster.Close()
	b.metrics.up.Set(0)
	b.release()
	return nil
}

func (b *Broker) release() {
	if b.unlock != nil {
		_ = b.unlock()
		b.unlock = nil
	}
}
