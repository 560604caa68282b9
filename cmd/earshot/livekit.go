package main

import (
	"context"
	"os"
	"time"

	"github.com/earshot-rtc/earshot/internal/service"
	"github.com/earshot-rtc/earshot/internal/telemetry"
	"github.com/earshot-rtc/earshot/sfu-probe/adapters/livekit"
)

// livekitCmd reports one node. Secrets are better given in the environment, where ps does not show them.
type livekitCmd struct {
	URL        string        `default:"http://127.0.0.1:7880" help:"Address of the node's HTTP port."`
	APIKey     string        `name:"api-key" env:"LIVEKIT_API_KEY" help:"A key of the server's."`
	APISecret  string        `name:"api-secret" env:"LIVEKIT_API_SECRET" help:"Its secret."`
	Collector  string        `required:"" placeholder:"URL" help:"The collector's stream: wss://host/v1/stream or ws://host:port/v1/stream."`
	Token      string        `env:"EARSHOT_TOKEN" help:"Bearer token of the SFU."`
	SFUID      string        `name:"sfu-id" required:"" help:"The SFU's name: one for every node."`
	Region     string        `help:"Where the node stands."`
	CallPrefix string        `help:"Stands before the room's name in the call's id."`
	ClientID   string        `name:"client-id" default:"" enum:",identity,sid" help:"What clients give for their client id: the participant's identity or sid; empty: neither."`
	Conns      int           `name:"connections" default:"1" enum:"1,2" help:"How many peer connections a client has: 1, as livekit-client since 2.17, or 2, one for each direction."`
	Interval   time.Duration `default:"5s" help:"Time between two samples."`
	Metrics    string        `placeholder:"ADDRESS" help:"Where to serve /metrics and /healthz. Default: nowhere."`
	LogLevel   string        `default:"info" enum:"debug,info,warn,error" help:"What is written to standard error."`
}

// Run reports until it is told to stop.
func (c *livekitCmd) Run(ctx context.Context) error {
	log, err := telemetry.NewLogger(os.Stderr, telemetry.LogConfig{Level: c.LogLevel})
	if err != nil {
		return err
	}
	registry := telemetry.NewRegistry()
	adapter, err := livekit.New(livekit.Config{
		URL: c.URL, APIKey: c.APIKey, APISecret: c.APISecret, SFUID: c.SFUID, Region: c.Region, CallPrefix: c.CallPrefix,
		ClientID: livekit.Naming(c.ClientID), Connections: c.Conns, Interval: c.Interval, Collector: c.Collector, Token: c.Token,
	}, livekit.Dependencies{Logger: log, Registerer: registry})
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
	if err := group.Start(ctx, "livekit adapter", adapter); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return nil
	case err := <-group.Failed():
		return failure{err}
	}
}
