package main

import (
	"context"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/earshot-rtc/earshot/internal/service"
	"github.com/earshot-rtc/earshot/sfu-probe/adapters/livekit"
)

// livekitCmd reports one node. Secrets are better given in the environment, where ps does not show them.
type livekitCmd struct {
	adapterFlags
	URL       string `default:"http://127.0.0.1:7880" help:"Address of the node's HTTP port."`
	APIKey    string `name:"api-key" env:"LIVEKIT_API_KEY" help:"A key of the server's."`
	APISecret string `name:"api-secret" env:"LIVEKIT_API_SECRET" help:"Its secret."`
	SFUID     string `name:"sfu-id" required:"" help:"The SFU's name: one for every node."`
	ClientID  string `name:"client-id" default:"" enum:",identity,sid" help:"What clients give for their client id: the participant's identity or sid; empty: neither."`
	Conns     int    `name:"connections" default:"1" enum:"1,2" help:"How many peer connections a client has: 1, as livekit-client since 2.17, or 2, one for each direction."`
}

// Run reports until it is told to stop.
func (c *livekitCmd) Run(ctx context.Context) error {
	return c.report(ctx, "livekit adapter", func(log *slog.Logger, registry prometheus.Registerer) (service.Component, error) {
		return livekit.New(livekit.Config{
			URL: c.URL, APIKey: c.APIKey, APISecret: c.APISecret, SFUID: c.SFUID, Region: c.Region, CallPrefix: c.CallPrefix,
			ClientID: livekit.Naming(c.ClientID), Connections: c.Conns, Interval: c.Interval, Collector: c.Collector, Token: c.Token,
		}, livekit.Dependencies{Logger: log, Registerer: registry})
	})
}
