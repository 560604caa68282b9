// Command write puts what Go comments say of configuration keys into a JSON file: the module and a struct type come in, the
// file comes out. It is run by go generate.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"

	"github.com/earshot-rtc/earshot/internal/config/comments"
)

func main() {
	root := flag.String("root", ".", "the module's directory")
	dir := flag.String("dir", "", "the package's directory in it")
	typeName := flag.String("type", "", "the struct type")
	out := flag.String("out", "", "the file to write")
	flag.Parse()
	found, err := comments.Read(*root, *dir, *typeName)
	if err == nil {
		var data []byte
		if data, err = json.MarshalIndent(found, "", "  "); err == nil {
			err = os.WriteFile(*out, append(data, '\n'), 0o600)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "comments:", err)
		os.Exit(1)
	}
}
