// Command launcher is the child process of a static build: its parent's environment names the library to load.
package main

import (
	"fmt"
	"os"

	"github.com/earshot-rtc/earshot/internal/embedded/clickhouse/child"
	"github.com/earshot-rtc/earshot/internal/embedded/clickhouse/engine"
)

func main() {
	child.RunIfAsked(engine.Serve)
	fmt.Fprintln(os.Stderr, "this program is started by earshot, not by hand")
	os.Exit(2)
}
