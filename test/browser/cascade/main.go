// Command cascade gives the browser tests a chain of SFUs with a known delay on every hop: a publishing page's media come in
// at the first, and go out of the last to a page that watches. It serves the pages too. The address comes out as one line of
// JSON; it ends when its standard input does.
package main

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/earshot-rtc/earshot/lab/delay"
)

//go:embed pages
var pages embed.FS

func main() {
	collector := flag.String("collector", "", "WebSocket address of the collector's stream, for the SFUs")
	token := flag.String("token", "", "shown to the collector")
	delays := flag.String("delays", "20ms,60ms,15ms,35ms", "one way, of every hop from the publisher on")
	scripts := flag.String("scripts", "", "folder of scripts to serve under /scripts/")
	flag.Parse()
	if err := run(*collector, *token, *delays, *scripts); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// chain is the SFUs, and the ways between them and to the two ends.
type chain struct {
	sfus []*sfu
	ways []time.Duration

	mu     sync.Mutex
	joined map[string]bool // calls that are carried from SFU to SFU
}

func run(collector, token, delays, scripts string) (err error) {
	ctx := context.Background()
	prioritise()
	line := delay.NewLine(1)
	defer func() { err = errors.Join(err, line.Close()) }()
	c := &chain{joined: map[string]bool{}}
	for text := range strings.SplitSeq(delays, ",") {
		d, err := time.ParseDuration(text)
		if err != nil {
			return err
		}
		c.ways = append(c.ways, d)
	}
	for i := range len(c.ways) - 1 {
		s, err := newSFU(ctx, fmt.Sprintf("sfu-%d", i+1), collector, token, line)
		if err != nil {
			return err
		}
		c.sfus = append(c.sfus, s)
		defer func() { err = errors.Join(err, s.close(ctx)) }()
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /publish/{call}", c.publish)
	mux.HandleFunc("POST /subscribe/{call}", c.subscribe)
	mux.Handle("GET /pages/", http.FileServerFS(pages))
	mux.Handle("GET /scripts/", http.StripPrefix("/scripts/", http.FileServer(http.Dir(scripts))))
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(ln) }()
	defer func() { err = errors.Join(err, server.Close()) }()
	if err := json.NewEncoder(os.Stdout).Encode(map[string]string{"url": "http://" + ln.Addr().String()}); err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, os.Stdin) // whatever ends it, the tests are over
	return nil
}

func (c *chain) publish(w http.ResponseWriter, r *http.Request) {
	reply(w, r, func(_ context.Context, call, offer string) (string, error) {
		pc, err := c.sfus[0].connect(call, leg{c.ways[0], true})
		if err != nil {
			return "", err
		}
		return answer(pc, offer)
	})
}

func (c *chain) subscribe(w http.ResponseWriter, r *http.Request) {
	reply(w, r, func(ctx context.Context, call, offer string) (string, error) {
		if err := c.join(ctx, call); err != nil {
			return "", err
		}
		last := len(c.sfus) - 1
		pc, err := c.sfus[last].connect(call, leg{c.ways[last+1], true})
		if err == nil {
			err = c.sfus[last].send(ctx, pc, call)
		}
		if err != nil {
			return "", err
		}
		return answer(pc, offer)
	})
}

// join carries a call from the first SFU to the last.
func (c *chain) join(ctx context.Context, call string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.joined[call] {
		return nil
	}
	for i := 1; i < len(c.sfus); i++ {
		if err := c.sfus[i].pull(ctx, c.sfus[i-1], call, leg{oneWay: c.ways[i]}); err != nil {
			return err
		}
	}
	c.joined[call] = true
	return nil
}

// reply answers an SDP offer.
func reply(w http.ResponseWriter, r *http.Request, to func(ctx context.Context, call, offer string) (string, error)) {
	ctx, cancel := context.WithTimeout(r.Context(), 15*time.Second)
	defer cancel()
	offer, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	if err == nil {
		var sdp string
		if sdp, err = to(ctx, r.PathValue("call"), string(offer)); err == nil {
			_, _ = io.WriteString(w, sdp)
			return
		}
	}
	http.Error(w, err.Error(), http.StatusBadRequest)
}
