package clickhouse

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
	"unsafe"

	"github.com/ebitengine/purego"
)

// The environment that turns a process into the ClickHouse child.
const (
	envChildLib    = "EARSHOT_CLICKHOUSE_CHILD_LIB"    // the library to load
	envChildRemove = "EARSHOT_CLICKHOUSE_CHILD_REMOVE" // a temporary data directory to remove at the end
)

// orphanGrace is how long a child whose parent is gone may take to end by itself.
const orphanGrace = 5 * time.Second

// RunChildIfAsked belongs at the very top of main and of TestMain. In a process that a Server has started it becomes the
// ClickHouse server and never returns; everywhere else it does nothing.
func RunChildIfAsked() {
	lib := os.Getenv(envChildLib)
	if lib == "" {
		return
	}
	remove := os.Getenv(envChildRemove)
	_ = os.Unsetenv(envChildLib)
	_ = os.Unsetenv(envChildRemove)

	// Only the parent stops this process, by closing its standard input: a signal sent to the whole group (Ctrl-C, a service
	// manager) must not take the store away while the parent still flushes into it.
	signal.Ignore(syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	go endWithParent(remove)

	err := serve(lib, os.Args[1:])
	if remove != "" {
		_ = os.RemoveAll(remove)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// endWithParent ends the process when its parent is gone and the closed standard input did not do it, as when the engine
// hangs. The kernel's parent-death signal would be quicker but exists on Linux only, fires when a mere thread of the parent
// ends, and leaves the temporary data behind.
func endWithParent(remove string) {
	parent := os.Getppid()
	for os.Getppid() == parent {
		time.Sleep(time.Second)
	}
	time.Sleep(orphanGrace)
	if remove != "" {
		_ = os.RemoveAll(remove)
	}
	os.Exit(1)
}

// serve runs the engine's command line in this process and returns when its last query is done.
func serve(lib string, args []string) error {
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
		return fmt.Errorf("the engine ended without a result")
	}
	if text := resultError(result); text != "" {
		return fmt.Errorf("the engine ended: %s", text)
	}
	return nil
}
