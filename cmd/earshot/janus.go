package main

import (
	"context"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/earshot-rtc/earshot/internal/service"
	"github.com/earshot-rtc/earshot/sfu-probe/adapters/janus"
)

// janusCmd reports one gateway. Secrets are better given in the environment, where ps does not show them.
type janusCmd struct {
	adapterFlags
	Admin  string `default:"http://127.0.0.1:7088/admin" help:"Address of the gateway's admin API."`
	Secret string `env:"EARSHOT_JANUS_SECRET" help:"admin_secret of janus.jcfg."`
	SFUID  string `name:"sfu-id" help:"The SFU's name. Default: server_name of janus.jcfg."`
	CallID string `help:"The call of handles that are in no room. Default: they are left out."`
}

// Run reports until it is told to stop.
func (c *janusCmd) Run(ctx context.Context) error {
	return c.report(ctx, "janus adapter", func(log *slog.Logger, registry prometheus.Registerer) (service.Component, error) {
		return janus.New(janus.Config{
			Admin: c.Admin, Secret: c.Secret, SFUID: c.SFUID, Region: c.Region, CallPrefix: c.CallPrefix, CallID: c.CallID,
			Interval: c.Interval, Collector: c.Collector, Token: c.Token,
		}, janus.Dependencies{Logger: log, Registerer: registry})
	})
}
