package child

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/earshot-rtc/earshot/lab"
)

// asked is the environment variable that makes a process the child.
const asked = "EARSHOT_LAB_CHILD"

const (
	maxMessage   = 1 << 20
	tellEvery    = 50 * time.Millisecond
	totalsEvery  = 500 * time.Millisecond
	defaultFlush = 10 * time.Second
	killAfter    = 2 * time.Second
)

// setup is the first line that the child reads.
type setup struct{ Config lab.Config }

// stop is the second, and last.
type stop struct{ Within time.Duration }

// message is a line that the child writes. One field is set, and Priority beside Started.
type message struct {
	Started  *time.Time   `json:",omitempty"`
	Priority string       `json:",omitempty"`
	Applied  *lab.Applied `json:",omitempty"`
	Ended    *time.Time   `json:",omitempty"`
	Totals   *lab.Totals  `json:",omitempty"`
	Error    string       `json:",omitempty"`
}

// RunIfAsked belongs at the very top of main and of TestMain. In a process that a Lab has started it becomes the child and
// does not return; in all others it does nothing.
func RunIfAsked() {
	if os.Getenv(asked) == "" {
		return
	}
	// Ctrl-C reaches the whole group of processes; the parent decides what becomes of the call. When the parent is gone,
	// standard input ends.
	signal.Ignore(syscall.SIGINT, syscall.SIGTERM, syscall.SIGPIPE)
	if err := run(os.Stdin, os.Stdout); err != nil {
		_, _ = os.Stderr.WriteString(err.Error() + "\n")
		os.Exit(1)
	}
	os.Exit(0)
}

func run(in io.Reader, out io.Writer) error {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, maxMessage)
	if !lines.Scan() {
		return lines.Err()
	}
	var s setup
	if err := json.Unmarshal(lines.Bytes(), &s); err != nil {
		return err
	}
	priority := claim()
	l, err := lab.New(s.Config, lab.Dependencies{Logger: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))})
	if err != nil {
		return err
	}
	if err := l.Start(context.Background()); err != nil {
		return err
	}
	stopping := make(chan time.Duration, 1)
	go func() {
		var st stop
		if lines.Scan() {
			_ = json.Unmarshal(lines.Bytes(), &st) // no time left, where it cannot be read
		}
		stopping <- st.Within
	}()

	t := &teller{lab: l, out: json.NewEncoder(out)}
	t0 := l.T0()
	t.say(message{Started: &t0, Priority: priority})
	within := t.until(stopping)
	ended := time.Now()
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	err = l.Shutdown(ctx)
	t.events()
	t.say(message{Ended: &ended})
	if err != nil {
		t.say(message{Error: err.Error()})
	}
	t.totals()
	return t.err
}

// teller tells the parent what happens.
type teller struct {
	lab  *lab.Lab
	out  *json.Encoder
	told int
	err  error
}

func (t *teller) say(m message) {
	if t.err == nil {
		t.err = t.out.Encode(m)
	}
}

// until tells until the child is to stop, and returns how long that may take.
func (t *teller) until(stopping <-chan time.Duration) time.Duration {
	tick := time.NewTicker(tellEvery)
	defer tick.Stop()
	var told time.Time
	for {
		select {
		case within := <-stopping:
			return within
		case now := <-tick.C:
			t.events()
			if now.Sub(told) >= totalsEvery {
				t.totals()
				told = now
			}
		}
	}
}

func (t *teller) events() {
	all := t.lab.Events()
	for ; t.told < len(all); t.told++ {
		t.say(message{Applied: &all[t.told]})
	}
}

func (t *teller) totals() {
	totals := t.lab.Totals()
	t.say(message{Totals: &totals})
}
