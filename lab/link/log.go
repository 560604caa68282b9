package link

import (
	"fmt"
	"log/slog"

	"github.com/pion/logging"
)

// Logger hands Pion's warnings and errors to a logger as debug lines: most of them are connections that end.
type Logger struct{ *slog.Logger }

// NewLogger implements logging.LoggerFactory.
func (l Logger) NewLogger(scope string) logging.LeveledLogger {
	return leveled{l.With("pion", scope)}
}

type leveled struct{ log *slog.Logger }

func (leveled) Trace(string)          {}
func (leveled) Tracef(string, ...any) {}
func (leveled) Debug(string)          {}
func (leveled) Debugf(string, ...any) {}
func (leveled) Info(string)           {}
func (leveled) Infof(string, ...any)  {}
func (l leveled) Warn(msg string)     { l.log.Debug(msg) }
func (l leveled) Error(msg string)    { l.log.Debug(msg) }

func (l leveled) Warnf(format string, args ...any)  { l.log.Debug(fmt.Sprintf(format, args...)) }
func (l leveled) Errorf(format string, args ...any) { l.log.Debug(fmt.Sprintf(format, args...)) }
