//go:build static && linux

package clickhouse

import (
	_ "embed" // for the launcher
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// launcher is the program of the folder launcher, built before this one (see `make build`). A static program cannot load a
// library, so what loads the engine is carried along as a program of its own.
//
//go:embed launcher.bin
var launcher []byte

// RunChildIfAsked belongs at the very top of main and of TestMain. In a static build it does nothing, since the child is not
// this program.
func RunChildIfAsked() {}

// hostProgram is the program that becomes the child, as a file in memory.
func hostProgram() (path string, release func(), err error) {
	fd, err := unix.MemfdCreate("earshot-clickhouse", unix.MFD_CLOEXEC)
	if err != nil {
		return "", nil, fmt.Errorf("make room for the engine's launcher: %w", err)
	}
	f := os.NewFile(uintptr(fd), "earshot-clickhouse")
	if _, err := f.Write(launcher); err != nil {
		return "", nil, fmt.Errorf("write the engine's launcher: %w", err)
	}
	return fmt.Sprintf("/proc/self/fd/%d", fd), func() { _ = f.Close() }, nil
}
