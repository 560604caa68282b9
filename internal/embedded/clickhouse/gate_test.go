package clickhouse_test

import (
	"encoding/binary"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	client "github.com/earshot-rtc/earshot/internal/clickhouse"
	"github.com/earshot-rtc/earshot/internal/embedded/clickhouse"
)

// Each of these ends the bare engine.
func TestEngineOutlivesClientsThatCannotShakeHands(t *testing.T) {
	s := start(t, clickhouse.Config{})
	good := open(t, s.Addr())

	t.Run("refused", func(t *testing.T) {
		for name, c := range map[string]struct {
			cfg  client.Config
			code int
		}{
			"unknown user":     {client.Config{User: "nobody", Database: "default"}, 516},
			"wrong password":   {client.Config{Password: "wrong", Database: "default"}, 194},
			"unknown database": {client.Config{Database: "no_such_database"}, 81},
		} {
			t.Run(name, func(t *testing.T) {
				c.cfg.Addr = []string{s.Addr()}
				db, err := client.Open(c.cfg)
				require.NoError(t, err)
				defer func() { require.NoError(t, db.Close()) }()
				err = db.Ping(t.Context())
				require.Equal(t, c.code, client.Code(err), "%v", err)
				require.NoError(t, good.Ping(t.Context()))
			})
		}
	})

	hello := func(revision uint64, user string) []byte {
		b := append([]byte{0, 1}, "x\x01\x01"...)
		b = binary.AppendUvarint(b, revision)
		b = append(b, 0, byte(len(user)))
		return append(append(b, user...), 0)
	}
	for name, bytes := range map[string][]byte{
		"nothing":               nil,
		"garbage":               {7, 7, 7, 7, 7, 7, 7, 7},
		"http":                  []byte("GET / HTTP/1.1\r\n\r\n"),
		"half a hello":          hello(54460, "default")[:4],
		"endless name":          {0, 0xff, 0xff, 0xff, 0xff, 0x7f},
		"endless number":        {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
		"no user":               hello(54460, ""),
		"another login":         hello(54460, " INTERSERVER SECRET "),
		"hello, then gone, old": hello(54000, "default"),
		"hello, then gone":      hello(54460, "default"),
		"hello, then gone, new": hello(54488, "default"),
		"half an addendum":      append(hello(54488, "default"), 0, 10, 'n', 'o'),
	} {
		t.Run(name, func(t *testing.T) {
			conn, err := net.Dial("tcp", s.Addr())
			require.NoError(t, err)
			_, err = conn.Write(bytes)
			require.NoError(t, err)
			time.Sleep(50 * time.Millisecond) // as a client that is killed a moment later
			require.NoError(t, conn.Close())
			require.NoError(t, open(t, s.Addr()).Ping(t.Context()), "a new client gets in")
		})
	}
	time.Sleep(200 * time.Millisecond)
	require.NoError(t, s.Err())
	require.NoError(t, good.Ping(t.Context()))
}

func TestGateCarriesMuchInBothDirections(t *testing.T) {
	s := start(t, clickhouse.Config{})
	db := open(t, s.Addr())
	require.NoError(t, db.Exec(t.Context(), "CREATE TABLE much (n UInt64) ENGINE = MergeTree ORDER BY n", nil))
	const rows = 1_000_000
	numbers := make([]uint64, rows)
	for i := range numbers {
		numbers[i] = uint64(i) * 2654435761
	}
	require.NoError(t, db.Insert(t.Context(), "much", "", []client.Column{{Name: "n", Values: numbers}}))
	r, err := db.Query(t.Context(), "SELECT n FROM much", nil)
	require.NoError(t, err)
	var sum, want uint64
	var n uint64
	for r.Next() {
		require.NoError(t, r.Scan(&n))
		sum += n
	}
	require.NoError(t, r.Err())
	require.NoError(t, r.Close())
	for _, n := range numbers {
		want += n
	}
	require.Equal(t, fmt.Sprint(want), fmt.Sprint(sum))
}
