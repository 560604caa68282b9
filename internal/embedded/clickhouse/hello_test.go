package clickhouse

import (
	"bufio"
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestHelloIsReadToItsLastByteAndNoFurther(t *testing.T) {
	raw := []byte("\x00\x03cli\x16\x05\xd5\xa9\x03\x02db\x01u\x02pw")
	r := bufio.NewReader(bytes.NewReader(append(bytes.Clone(raw), "rest"...)))
	h, err := readHello(r)
	require.NoError(t, err)
	require.Equal(t, hello{raw: raw, revision: 54485, database: "db", user: "u", password: "pw"}, h)
	rest, err := r.Peek(4)
	require.NoError(t, err)
	require.Equal(t, "rest", string(rest))
}

func TestAddendumOfEveryRevisionReadsBack(t *testing.T) {
	for _, revision := range []uint64{0, 54457, 54458, 54469, 54470, 54471, 54488} {
		raw := addendum(revision)
		got, err := readAddendum(bufio.NewReader(bytes.NewReader(raw)), revision)
		require.NoError(t, err)
		require.Equal(t, string(raw), string(got))
	}
}

func FuzzHello(f *testing.F) {
	f.Add([]byte("\x00\x03cli\x16\x05\xd5\xa9\x03\x02db\x01u\x02pw"))
	f.Add([]byte("GET / HTTP/1.1\r\n\r\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		h, err := readHello(bufio.NewReader(bytes.NewReader(data)))
		if err != nil {
			return
		}
		if !bytes.HasPrefix(data, h.raw) {
			t.Fatalf("passes on %q of %q", h.raw, data)
		}
		_, _ = readAddendum(bufio.NewReader(bytes.NewReader(data)), h.revision)
	})
}
