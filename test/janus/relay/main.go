// Command relay is the network between the pages of the Janus test and the gateway: it serves the pages, and carries UDP
// packets between a page and Janus over a delay line. Its address comes out as one line of JSON; it ends when its standard
// input does.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/earshot-rtc/earshot/lab/delay"
)

func main() {
	pages := flag.String("pages", "pages", "folder of the pages")
	scripts := flag.String("scripts", "", "folder of earshot.js")
	flag.Parse()
	if err := run(context.Background(), *pages, *scripts); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, pages, scripts string) error {
	at, err := own()
	if err != nil {
		return err
	}
	line := delay.NewLine(1)
	defer func() { _ = line.Close() }()
	r := &relays{line: line, own: at, routes: map[string]*route{}}
	defer r.close()
	mux := http.NewServeMux()
	mux.Handle("GET /pages/", http.StripPrefix("/pages/", http.FileServer(http.Dir(pages))))
	mux.Handle("GET /scripts/", http.StripPrefix("/scripts/", http.FileServer(http.Dir(scripts))))
	mux.HandleFunc("POST /relay/{name}", r.serve)
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(ln) }() // ends with Close
	defer func() { _ = server.Close() }()
	err = json.NewEncoder(os.Stdout).Encode(map[string]string{"url": "http://" + ln.Addr().String()})
	if err == nil {
		_, _ = io.Copy(io.Discard, os.Stdin) // whatever ends it, the tests are over
	}
	return err
}
