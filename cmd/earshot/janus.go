package main

import (
	"context"
	"os"
	"time"

	"github.com/earshot-rtc/earshot/internal/service"
	"github.com/earshot-rtc/earshot/internal/telemetry"
	"github.com/earshot-rtc/earshot/sfu-probe/adapters/janus"
)

// janusCmd reports one gateway. Secrets are better given in the environment, where ps does not show them.
type janusCmd struct {
	Admin      string        `default:"http://127.0.0.1:7088/admin" help:"Address of the gateway's admin API."`
	Secret     string        `env:"EARSHOT_JANUS_SECRET" help:"admin_secret of janus.jcfg."`
	Collector  string        `required:"" placeholder:"URL" help:"The collector's stream: wss://host/v1/stream or ws://host:port/v1/stream."`
	Token      string        `env:"EARSHOT_TOKEN" help:"Bearer token of the SFU."`
	SFUID      string        `name:"sfu-id" help:"The SFU's name. Default: server_name of janus.jcfg."`
	Region     string        `help:"Where the gateway stands."`
	CallPrefix string        `help:"Stands before the room in the call's id."`
	CallID     string        `help:"The call of handles that are in no room. Default: they are left out."`
	Interval   time.Duration `default:"5s" help:"Time between two samples."`
	Metrics    string        `placeholder:"ADDRESS" help:"Where to serve /metrics and /healthz. Default: nowhere."`
	LogLevel   string        `default:"info" enum:"debug,info,warn,error" help:"What is written to standard error."`
}

// Run reports until it is told to stop.
func (c *janusCmd) Run(ctx context.Context) error {
	log, err := telemetry.NewLogger(os.Stderr, telemetry.LogConfig{Level: c.LogLevel})
	if err != nil {
		return err
	}
	registry := telemetry.NewRegistry()
	adapter, err := janus.New(janus.Config{
		Admin: c.Admin, Secret: c.Secret, SFUID: c.SFUID, Region: c.Region, CallPrefix: c.CallPrefix, CallID: c.CallID,
		Interval: c.Interval, Collector: c.Collector, Token: c.Token,
	}, janus.Dependencies{Logger: log, Registerer: registry})
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
	if err := group.Start(ctx, "admin listener", telemetry.NewAdmin(c.Metrics, registry)); err != nil {
		return err
	}
	if err := group.Start(ctx, "janus adapter", adapter); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return nil
	case err := <-group.Failed():
		return failure{err}
	}
}
