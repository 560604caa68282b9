package main

import (
	"context"
	"log/slog"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/earshot-rtc/earshot/internal/service"
	"github.com/earshot-rtc/earshot/internal/telemetry"
)

// adapterFlags are those of every adapter of an SFU.
type adapterFlags struct {
	Collector  string        `required:"" placeholder:"URL" help:"The collector's stream: wss://host/v1/stream or ws://host:port/v1/stream."`
	Token      string        `env:"EARSHOT_TOKEN" help:"Bearer token of the SFU."`
	Region     string        `help:"Where the SFU stands."`
	CallPrefix string        `help:"Stands before the room's name in the call's id."`
	Interval   time.Duration `default:"5s" help:"Time between two samples."`
	Metrics    string        `placeholder:"ADDRESS" help:"Where to serve /metrics and /healthz. Default: nowhere."`
	LogLevel   string        `default:"info" enum:"debug,info,warn,error" help:"What is written to standard error."`
}

// report runs an adapter until it is told to stop.
func (f *adapterFlags) report(ctx context.Context, name string, build func(*slog.Logger, prometheus.Registerer) (service.Component, error)) error {
	log, err := telemetry.NewLogger(os.Stderr, telemetry.LogConfig{Level: f.LogLevel})
	if err != nil {
		return err
	}
	registry := telemetry.NewRegistry()
	adapter, err := build(log, registry)
	if err != nil {
		return err
	}
	group := service.NewGroup()
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		if err := group.Shutdown(ctx); err != nil {
			log.Error("stop", "error", err)
		}
	}()
	if err := group.Start(ctx, "admin listener", telemetry.NewAdmin(f.Metrics, registry)); err != nil {
		return err
	}
	if err := group.Start(ctx, name, adapter); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return nil
	case err := <-group.Failed():
		return failure{err}
	}
}
