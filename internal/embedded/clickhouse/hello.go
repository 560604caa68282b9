package clickhouse

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"strings"
)

// maxHandshakeString bounds names and passwords, in bytes.
const maxHandshakeString = 4 << 10

// Protocol revisions from which on a client says more after the server's hello.
const (
	revisionQuotaKey         = 54458
	revisionChunks           = 54470
	revisionParallelReplicas = 54471
)

// hello is the first packet of a client.
type hello struct {
	raw                      []byte
	revision                 uint64
	database, user, password string
}

// readHello reads exactly one hello.
func readHello(r *bufio.Reader) (hello, error) {
	var h hello
	w := &recorder{from: r}
	if kind, err := binary.ReadUvarint(w); err != nil || kind != 0 {
		return h, errHandshake
	}
	if _, err := w.string("the client's name"); err != nil {
		return h, err
	}
	for _, v := range []*uint64{new(uint64), new(uint64), &h.revision} { // major, minor, revision
		var err error
		if *v, err = binary.ReadUvarint(w); err != nil {
			return h, errHandshake
		}
	}
	for _, field := range []struct {
		name string
		to   *string
	}{{"the database", &h.database}, {"the user", &h.user}, {"the password", &h.password}} {
		var err error
		if *field.to, err = w.string(field.name); err != nil {
			return h, err
		}
	}
	h.raw = w.seen.Bytes()
	// Names that begin with a space stand for other ways to log in, which the engine here has no keys for.
	if h.user == "" || strings.HasPrefix(h.user, " ") {
		return h, errHandshake
	}
	return h, nil
}

// readAddendum reads what a client of this revision says after the server's hello.
func readAddendum(r *bufio.Reader, revision uint64) ([]byte, error) {
	w := &recorder{from: r}
	strings := 0
	if revision >= revisionQuotaKey {
		strings = 1
	}
	if revision >= revisionChunks {
		strings = 3
	}
	for range strings {
		if _, err := w.string("the addendum"); err != nil {
			return nil, err
		}
	}
	if revision >= revisionParallelReplicas {
		if _, err := binary.ReadUvarint(w); err != nil {
			return nil, errHandshake
		}
	}
	return w.seen.Bytes(), nil
}

// addendum is what a plain client of this revision would say.
func addendum(revision uint64) []byte {
	var b bytes.Buffer
	if revision >= revisionQuotaKey {
		writeString(&b, "")
	}
	if revision >= revisionChunks {
		writeString(&b, "notchunked")
		writeString(&b, "notchunked")
	}
	if revision >= revisionParallelReplicas {
		b.WriteByte(1)
	}
	return b.Bytes()
}

func writeString(b *bytes.Buffer, s string) {
	b.Write(binary.AppendUvarint(nil, uint64(len(s))))
	b.WriteString(s)
}

// recorder keeps what is read through it.
type recorder struct {
	from *bufio.Reader
	seen bytes.Buffer
}

// ReadByte is what binary.ReadUvarint calls.
func (w *recorder) ReadByte() (byte, error) {
	c, err := w.from.ReadByte()
	if err == nil {
		w.seen.WriteByte(c)
	}
	return c, err
}

func (w *recorder) string(what string) (string, error) {
	n, err := binary.ReadUvarint(w)
	if err != nil {
		return "", errHandshake
	}
	if n > maxHandshakeString {
		return "", tooLong(what)
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(w.from, b); err != nil {
		return "", errHandshake
	}
	w.seen.Write(b)
	return string(b), nil
}
