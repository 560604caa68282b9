package clickhouse

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

// handshakeTimeout bounds how long a client may take to say who it is.
const handshakeTimeout = 10 * time.Second

// gate stands before the engine's native port. Embedded in another program the engine ends the whole process when a handshake
// fails: at a wrong password, a database that does not exist, bytes of another protocol, a client that is killed at the wrong
// moment. So the gate takes the handshake first, asks the engine about it over HTTP, where a refusal is harmless, and lets
// only handshakes pass that will succeed. What follows is copied (by the kernel, on Linux) and not looked at.
type gate struct {
	listener     net.Listener
	native, http string // the engine's own addresses
	client       *http.Client

	mu     sync.Mutex
	conns  map[net.Conn]struct{}
	closed bool
	wg     sync.WaitGroup
}

func newGate(l net.Listener, native, httpAddr string) *gate {
	g := &gate{
		listener: l, native: native, http: httpAddr, conns: map[net.Conn]struct{}{},
		client: &http.Client{Timeout: handshakeTimeout, Transport: &http.Transport{DisableCompression: true}},
	}
	g.wg.Go(g.accept)
	return g
}

func (g *gate) accept() {
	for {
		conn, err := g.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // out of file descriptors, for one; it passes
			time.Sleep(50 * time.Millisecond)
			continue
		}
		if !g.track(conn) {
			return
		}
		g.wg.Go(func() {
			defer g.untrack(conn)
			g.serve(conn)
		})
	}
}

func (g *gate) track(c net.Conn) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		_ = c.Close()
		return false
	}
	g.conns[c] = struct{}{}
	return true
}

func (g *gate) untrack(c net.Conn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.conns, c)
	_ = c.Close()
}

// close ends all connections. Only the clients' ends are closed by force, so that the engine sees clients that leave.
func (g *gate) close() {
	_ = g.listener.Close()
	g.mu.Lock()
	g.closed = true
	for c := range g.conns {
		_ = c.Close()
	}
	g.mu.Unlock()
	g.wg.Wait()
	g.client.CloseIdleConnections()
}

func (g *gate) serve(client net.Conn) {
	_ = client.SetReadDeadline(time.Now().Add(handshakeTimeout))
	in := bufio.NewReader(client)
	h, err := readHello(in)
	if err != nil {
		refuse(client, 101, "Unexpected packet from client: "+err.Error()) // UNEXPECTED_PACKET_FROM_CLIENT
		return
	}
	if code, message := g.ask(h); code != 0 {
		refuse(client, code, message)
		return
	}
	engine, err := net.DialTimeout("tcp", g.native, handshakeTimeout) //nolint:noctx // closing the client ends it
	if err != nil {
		return
	}
	defer func() { _ = engine.Close() }()
	if _, err := engine.Write(h.raw); err != nil {
		return
	}
	answers := make(chan struct{})
	go func() {
		defer close(answers)
		_, _ = io.Copy(client, engine)
		_ = client.Close()
	}()
	rest, err := readAddendum(in, h.revision)
	if err != nil {
		rest = addendum(h.revision) // the client is gone, but the engine must hear the end of the handshake
	}
	_ = client.SetReadDeadline(time.Time{})
	if _, writeErr := engine.Write(rest); writeErr == nil && err == nil {
		_, _ = io.Copy(engine, in)
	}
	if tcp, ok := engine.(*net.TCPConn); ok {
		_ = tcp.CloseWrite()
	}
	<-answers
}

// ask lets the engine judge user, password and database. Code 0 means yes.
func (g *gate) ask(h hello) (code int, message string) {
	ctx, cancel := context.WithTimeout(context.Background(), handshakeTimeout)
	defer cancel()
	query := url.Values{"query": {"SELECT 1"}}
	if h.database != "" {
		query.Set("database", h.database)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+g.http+"/?"+query.Encode(), http.NoBody)
	if err != nil {
		return 101, err.Error()
	}
	req.Header.Set("X-ClickHouse-User", h.user)
	req.Header.Set("X-ClickHouse-Key", h.password)
	res, err := g.client.Do(req)
	if err != nil {
		return 210, "the engine does not answer: " + err.Error() // NETWORK_ERROR
	}
	defer func() { _ = res.Body.Close() }()
	text, _ := io.ReadAll(io.LimitReader(res.Body, 4<<10))
	if res.StatusCode == http.StatusOK {
		return 0, ""
	}
	code, err = strconv.Atoi(res.Header.Get("X-ClickHouse-Exception-Code"))
	if err != nil {
		code = 516 // AUTHENTICATION_FAILED
	}
	// The text begins with "Code: N. DB::Exception: ", which the packet says by itself.
	_, message, found := strings.Cut(string(text), "DB::Exception: ")
	if !found {
		message = string(text)
	}
	return code, strings.TrimSpace(message)
}

// refuse answers as the engine would: a packet of type 2 with code, name, message, stack trace, and no nested exception.
func refuse(client net.Conn, code int, message string) {
	var b bytes.Buffer
	b.WriteByte(2)
	b.Write([]byte{byte(code), byte(code >> 8), byte(code >> 16), byte(code >> 24)})
	for _, s := range []string{"DB::Exception", "DB::Exception: " + message, ""} {
		writeString(&b, s)
	}
	b.WriteByte(0)
	_ = client.SetWriteDeadline(time.Now().Add(handshakeTimeout))
	_, _ = client.Write(b.Bytes())
}

var errHandshake = errors.New("not a handshake of ClickHouse's native protocol")

func tooLong(what string) error { return fmt.Errorf("%w: %s is too long", errHandshake, what) }
