package processor

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestProgressIsReadAsItWasWritten(t *testing.T) {
	for _, p := range []progress{
		{Version: 2},
		{Version: 2, Time: 1_700_000_000_123, From: 1_700_000_000_100},
		{Version: 2, Time: 1_700_000_000_123, From: 1_700_000_000_100, Start: new(int64)},
		{Version: 2, Time: 5, Intent: &intent{Last: 999_999_999_999}},
	} {
		got, err := parseProgress(p.String())
		require.NoError(t, err)
		require.Equal(t, p, got)
		require.Less(t, len(p.String()), 256, "brokers take 4096 bytes")
	}
}

func TestProgressOfOthersIsRefused(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"no JSON", "consumer-1", "words beside the committed offset"},
		{"another version", `{"v":1}`, "version 1"},
		{"no version", `{}`, "version 0"},
		{"negative time", `{"v":2,"time":-1}`, "negative"},
		{"negative begin", `{"v":2,"from":-1}`, "negative"},
		{"negative start", `{"v":2,"start":-1}`, "negative"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := parseProgress(c.in)
			require.ErrorContains(t, err, c.want)
			require.Zero(t, p)
		})
	}
	p, err := parseProgress("")
	require.NoError(t, err)
	require.Zero(t, p)
}

func TestTokensTellBatchesApart(t *testing.T) {
	require.Equal(t, "e2e:earshot.samples.v1:3:100-199:1700000000000", token("e2e", "earshot.samples.v1", 3, 100, 199, 1_700_000_000_000))
}

func FuzzProgress(f *testing.F) {
	f.Add(`{"v":2,"time":5,"intent":{"last":3}}`)
	f.Fuzz(func(t *testing.T, s string) {
		p, err := parseProgress(s)
		if err != nil || s == "" {
			return
		}
		again, err := parseProgress(p.String())
		require.NoError(t, err)
		require.Equal(t, p, again)
	})
}
