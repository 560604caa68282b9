// Package child is the process that the ClickHouse engine lives in: its parent's environment goes in, a server runs until
// standard input ends or the parent is gone.
package child

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// The environment that turns a process into the ClickHouse child.
const (
	EnvLib    = "EARSHOT_CLICKHOUSE_CHILD_LIB"    // the library to load
	EnvRemove = "EARSHOT_CLICKHOUSE_CHILD_REMOVE" // a temporary data directory to remove at the end
)

// orphanGrace is how long a child whose parent is gone may take to end by itself.
const orphanGrace = 5 * time.Second

// RunIfAsked becomes the ClickHouse server, and never returns, where the environment says so; else it does nothing. Serve is
// engine.Serve, given by those programs that can load a library.
func RunIfAsked(serve func(lib string, args []string) error) {
	lib := os.Getenv(EnvLib)
	if lib == "" {
		return
	}
	remove := os.Getenv(EnvRemove)
	_ = os.Unsetenv(EnvLib)
	_ = os.Unsetenv(EnvRemove)

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
