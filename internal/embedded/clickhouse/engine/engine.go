// Package engine loads the ClickHouse engine into this process: the path of libchdb.so and a command line go in, a server runs
// until its last query is done. Beside it lies what fetches the library.
package engine

import (
	"errors"
	"fmt"
	"unsafe"

	"github.com/ebitengine/purego"
)

// Serve runs the engine's command line in this process and returns when its last query is done.
func Serve(lib string, args []string) error {
	handle, err := purego.Dlopen(lib, purego.RTLD_NOW|purego.RTLD_GLOBAL)
	if err != nil {
		return fmt.Errorf("load %s: %w", lib, err)
	}
	var (
		setSignalHandlers func(enabled int32)
		queryCommandLine  func(argc int32, argv **byte) uintptr
		resultError       func(result uintptr) string
	)
	for name, f := range map[string]any{
		"chdb_set_signal_handlers_enabled": &setSignalHandlers,
		"chdb_query_cmdline":               &queryCommandLine,
		"chdb_result_error":                &resultError,
	} {
		symbol, err := purego.Dlsym(handle, name)
		if err != nil {
			return fmt.Errorf("%s is not a libchdb this program can use: %w", lib, err)
		}
		purego.RegisterFunc(f, symbol)
	}
	// First of all: with the engine's own handlers in place Go can no longer turn a fault into a panic.
	setSignalHandlers(0)

	argv := make([]*byte, 0, len(args)+2)
	for _, arg := range append([]string{"clickhouse"}, args...) {
		argv = append(argv, unsafe.StringData(arg+"\x00"))
	}
	argc := int32(len(argv))
	argv = append(argv, nil)
	result := queryCommandLine(argc, unsafe.SliceData(argv))
	if result == 0 {
		return errors.New("the engine ended without a result")
	}
	if text := resultError(result); text != "" {
		return fmt.Errorf("the engine ended: %s", text)
	}
	return nil
}
