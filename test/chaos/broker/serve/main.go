// Command serve is the broker that chaos tests kill: flags go in, a broker on loopback comes out, until it gets SIGTERM or
// is killed.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"

	"github.com/earshot-rtc/earshot/internal/embedded/kafka"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	data := flag.String("data", "", "directory of the log; needed")
	port := flag.Int("port", 0, "port on 127.0.0.1; 0 takes a free one")
	topics := flag.String("topics", "", "topics to create, as name:partitions,name:partitions")
	flag.Parse()
	if *data == "" {
		return errors.New("-data is needed: a broker in memory would not survive being killed")
	}
	cfg := kafka.Config{DataDir: *data, Port: *port}
	for _, s := range strings.FieldsFunc(*topics, func(r rune) bool { return r == ',' }) {
		name, count, _ := strings.Cut(s, ":")
		n, err := strconv.Atoi(count)
		if err != nil {
			return fmt.Errorf("-topics: %q is not of the form name:partitions", s)
		}
		cfg.Topics = append(cfg.Topics, kafka.Topic{Name: name, Partitions: n})
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	b, err := kafka.New(cfg, kafka.Dependencies{})
	if err != nil {
		return err
	}
	if err := b.Start(ctx); err != nil {
		return err
	}
	fmt.Println(b.Addrs()[0])
	<-ctx.Done()
	return b.Shutdown(context.Background())
}
