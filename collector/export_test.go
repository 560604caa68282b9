package collector

import (
	"context"
	"runtime"
)

// MaskedLog is where the HTTP server writes to.
var MaskedLog = maskedLog

// Routes lists what the collector serves.
func (c *Collector) Routes() map[string][]string { return c.receive.Routes() }

// Drain begins what Shutdown begins with: new work is refused, but connections are still served.
func (c *Collector) Drain(ctx context.Context) <-chan error {
	drained := make(chan error, 1)
	go func() { drained <- c.receive.Drain(ctx) }()
	for c.receive.Ready(ctx) == nil {
		runtime.Gosched()
	}
	return drained
}
