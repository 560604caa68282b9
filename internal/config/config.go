// Package config reads YAML written by people: a file comes in, a filled struct or one sentence that names file, line, key
// and remedy comes out.
package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Error is a mistake of the user's: shown as it is, without a stack of wrappings.
type Error struct {
	File string
	Line int // 0 where there is none to name
	Msg  string
}

func (e *Error) Error() string {
	if e.Line > 0 {
		return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Msg)
	}
	return fmt.Sprintf("%s: %s", e.File, e.Msg)
}

// Load reads the file at path over what dst holds already (its defaults). Unknown keys are refused.
func Load(path string, dst any) error {
	data, err := os.ReadFile(path)
	if err != nil {
		var pe *os.PathError
		if errors.As(err, &pe) {
			return &Error{File: path, Msg: fmt.Sprintf("cannot be read: %v", pe.Err)}
		}
		return &Error{File: path, Msg: err.Error()}
	}
	return Decode(path, data, dst)
}

// Decode is Load for data at hand; name stands for the file in errors. An empty document leaves dst as it is.
func Decode(name string, data []byte, dst any) error {
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	err := dec.Decode(dst)
	if err == nil {
		if err = dec.Decode(new(any)); err == nil {
			return &Error{File: name, Msg: "holds more than one YAML document; keep one"}
		}
	}
	if errors.Is(err, io.EOF) {
		return nil
	}
	return explain(name, err)
}

var (
	lineMsg  = regexp.MustCompile(`^(?:yaml: )?line (\d+): (.*)$`)
	notFound = regexp.MustCompile(`^field (\S+) not found in type .*$`)
)

// explain turns the YAML library's errors into a sentence for each mistake.
func explain(name string, err error) error {
	var te *yaml.TypeError
	if !errors.As(err, &te) || len(te.Errors) == 0 {
		return sentence(name, err.Error())
	}
	all := &problems{}
	for _, msg := range te.Errors {
		all.list = append(all.list, sentence(name, msg))
	}
	return all
}

func sentence(name, msg string) *Error {
	e := &Error{File: name, Msg: strings.TrimPrefix(msg, "yaml: ")}
	if m := lineMsg.FindStringSubmatch(msg); m != nil {
		_, _ = fmt.Sscan(m[1], &e.Line)
		e.Msg = m[2]
	}
	if m := notFound.FindStringSubmatch(e.Msg); m != nil {
		e.Msg = fmt.Sprintf("unknown key %q; remove it or correct its spelling", m[1])
	}
	return e
}
