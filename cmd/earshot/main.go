// Command earshot is every part of Earshot in one binary: samples of probes flow in, end-to-end latencies flow out.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/earshot-rtc/earshot/internal/embedded/clickhouse"
	"github.com/earshot-rtc/earshot/lab/child"
)

// version is set by the linker.
var version = "dev"

// Exit codes: 2 is the user's to mend (a flag, a file, a port, something not installed), 1 is ours.
const (
	exitFailure = 1
	exitUsage   = 2
)

// failure is an error that came after everything had been started: not the user's input.
type failure struct{ error }

func (f failure) Unwrap() error { return f.error }

type cli struct {
	Demo      demoCmd      `cmd:"" help:"Run a real call over cascaded SFUs through the whole pipeline, beside the truth."`
	Lab       labCmd       `cmd:"" help:"Measure the accuracy of the pipeline on calls with known delays."`
	Collector collectorCmd `cmd:"" help:"Receive samples from probes and write them to Kafka."`
	Processor processorCmd `cmd:"" help:"Stitch the samples in Kafka into end-to-end latencies in ClickHouse."`
	Console   consoleCmd   `cmd:"" help:"Serve the call explorer and its API."`
	Query     queryCmd     `cmd:"" help:"Ask what is in ClickHouse."`
	Bench     benchCmd     `cmd:"" help:"Measure speed and memory."`
	Janus     janusCmd     `cmd:"" help:"Report a Janus gateway, by its admin API, to a collector."`
	Livekit   livekitCmd   `cmd:"" help:"Report a LiveKit node to a collector."`
	Migrate   migrateCmd   `cmd:"" help:"Bring the ClickHouse schema up to date."`
	Erase     eraseCmd     `cmd:"" help:"Remove what is stored of a user, a client or a call."`
	Config    configCmd    `cmd:"" help:"Check, print or explain the configuration."`
	Version   versionCmd   `cmd:"" help:"Print the version."`
}

type versionCmd struct{}

func (versionCmd) Run() error {
	fmt.Println("earshot", version)
	return nil
}

func main() {
	clickhouse.RunChildIfAsked()
	child.RunIfAsked()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stderr)
	stop()
	os.Exit(code)
}

func run(ctx context.Context, args []string, stderr io.Writer) int {
	var c cli
	parser, err := kong.New(&c,
		kong.Name("earshot"),
		kong.Description("The true end-to-end latency of WebRTC calls across cascaded SFUs."),
		kong.UsageOnError(),
		kong.BindTo(ctx, (*context.Context)(nil)),
	)
	if err != nil {
		panic(err) // the command definitions themselves are wrong
	}
	kctx, err := parser.Parse(args)
	if err != nil {
		fmt.Fprintf(stderr, "earshot: %v; see earshot --help\n", err)
		return exitUsage
	}
	switch err := kctx.Run(); {
	case err == nil:
		return 0
	case errors.As(err, new(failure)):
		fmt.Fprintln(stderr, "earshot:", err)
		return exitFailure
	default:
		fmt.Fprintln(stderr, "earshot:", err)
		return exitUsage
	}
}
