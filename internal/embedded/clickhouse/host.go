//go:build !static || !linux

package clickhouse

import (
	"fmt"
	"os"

	"github.com/earshot-rtc/earshot/internal/embedded/clickhouse/child"
	"github.com/earshot-rtc/earshot/internal/embedded/clickhouse/engine"
)

// RunChildIfAsked belongs at the very top of main and of TestMain. In a process that a Server has started it becomes the
// ClickHouse server and never returns; everywhere else it does nothing.
func RunChildIfAsked() { child.RunIfAsked(engine.Serve) }

// hostProgram is the program that becomes the child: this one again. Loading a library takes the system's dynamic loader,
// so this program is linked with it, also without cgo.
func hostProgram() (path string, release func(), err error) {
	if path, err = os.Executable(); err != nil {
		return "", nil, fmt.Errorf("find this program to start it again: %w", err)
	}
	return path, func() {}, nil
}
