package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"

	"github.com/earshot-rtc/earshot/internal/telemetry"
)

func loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

// checkPort looks before anything is started, so that the user need not wait for the answer. 0 is any free port.
func checkPort(ctx context.Context, setting string, port int) error {
	if port < 0 || port > 65535 {
		return fmt.Errorf("%s %d is not a port; give one from 0 to 65535", setting, port)
	}
	ln, err := telemetry.Listen(ctx, loopback(port), setting)
	if err != nil {
		return err
	}
	return ln.Close()
}

// checkClickHousePort refuses a port that cannot be had, and one for a server that is not ours.
func (f *stackFlags) checkClickHousePort(ctx context.Context) error {
	switch {
	case f.ClickHousePort == 0:
		return nil
	case f.ClickHouse != "":
		return errors.New("--clickhouse-port is for the embedded ClickHouse, but --clickhouse names another one; remove one of the two")
	default:
		return checkPort(ctx, "--clickhouse-port", f.ClickHousePort)
	}
}
