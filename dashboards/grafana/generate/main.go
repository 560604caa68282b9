// Command generate writes the Grafana dashboards: what package boards says goes in, one JSON file per dashboard comes out in the folder that is
// named. `make generate` runs it.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/earshot-rtc/earshot/dashboards/grafana/boards"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("one argument is wanted, the folder of the dashboards")
	}
	for _, b := range boards.All() {
		d, err := b.Build()
		if err != nil {
			return err
		}
		var out bytes.Buffer
		enc := json.NewEncoder(&out)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		if err := enc.Encode(d); err != nil {
			return fmt.Errorf("%s: %w", b.UID, err)
		}
		if err := os.WriteFile(filepath.Join(args[0], b.UID+".json"), out.Bytes(), 0o644); err != nil { // #nosec G306 -- anybody may read them
			return err
		}
	}
	return nil
}
