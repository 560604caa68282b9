package collector

import (
	"log"
	"log/slog"
	"strings"

	"github.com/earshot-rtc/earshot/collector/mask"
)

// maskedLog takes what the HTTP server has to say (failed TLS handshakes, requests that are none), which names addresses
// of clients.
func maskedLog(to *slog.Logger) *log.Logger {
	return log.New(masked{to}, "", 0)
}

type masked struct{ to *slog.Logger }

func (m masked) Write(line []byte) (int, error) {
	m.to.Debug(mask.Text(strings.TrimSpace(string(line))))
	return len(line), nil
}
