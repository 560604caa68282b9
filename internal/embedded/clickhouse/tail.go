package clickhouse

import (
	"strings"
	"sync"
)

const (
	tailBytes  = 32 << 10 // what is kept of the engine's log
	quoteLines = 8        // what an error quotes of it
	quoteBytes = 2 << 10
)

// tail is a writer that keeps the end of what it is given.
type tail struct {
	mu   sync.Mutex
	text []byte
}

func newTail() *tail { return &tail{} }

// Write never fails.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p...)
	if over := len(t.text) - tailBytes; over > 0 {
		t.text = append(t.text[:0], t.text[over:]...)
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.text)
}

// quote is the end of the log for an error message: empty, or a colon and the last lines.
func (t *tail) quote() string {
	text := strings.TrimSpace(t.String())
	// After a crash the Go runtime writes pages of goroutines; the engine's own words stand before them.
	for _, mark := range []string{"\ngoroutine ", "\nruntime stack:"} {
		if i := strings.Index(text, mark); i >= 0 {
			text = strings.TrimSpace(text[:i])
		}
	}
	if text == "" {
		return " (it wrote nothing to its log)"
	}
	lines := strings.Split(text, "\n")
	lines = lines[max(0, len(lines)-quoteLines):]
	text = strings.Join(lines, "\n")
	if over := len(text) - quoteBytes; over > 0 {
		text = text[over:]
	}
	return "; the end of its log:\n" + text
}
