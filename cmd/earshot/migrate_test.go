package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMigrateSaysWhatToChange(t *testing.T) {
	t.Setenv("EARSHOT_CLICKHOUSE_ADDR", "")
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"no address":            {[]string{"migrate"}, "no ClickHouse is named; give --clickhouse HOST:9000, or --config FILE"},
		"no address, status":    {[]string{"migrate", "status"}, "no ClickHouse is named"},
		"no such table":         {[]string{"migrate", "plan", "--retention", "e2=24h"}, "retention of e2: there is no such table; there are"},
		"too short":             {[]string{"migrate", "up", "--retention", "e2e=1m", "--clickhouse", "127.0.0.1:1"}, "retention of e2e is 1m0s"},
		"rebuild alone":         {[]string{"migrate", "up", "--rebuild", "--clickhouse", "127.0.0.1:1"}, "--rebuild goes with --backfill"},
		"nobody there":          {[]string{"migrate", "--clickhouse", "127.0.0.1:1"}, "ClickHouse is not reachable (127.0.0.1:1"},
		"too little to measure": {[]string{"bench", "store", "--rows", "1"}, "too little to measure"},
	} {
		t.Run(name, func(t *testing.T) {
			var stderr strings.Builder
			require.Equal(t, exitUsage, run(t.Context(), c.args, &stderr))
			require.Contains(t, stderr.String(), c.want)
		})
	}
}

func TestAPlanWithoutAnAddressIsTheWholeSchema(t *testing.T) {
	t.Setenv("EARSHOT_CLICKHOUSE_ADDR", "")
	var stderr strings.Builder
	require.Zero(t, run(t.Context(), []string{"migrate", "plan", "--cluster", "prod", "--retention", "e2e=24h,calls=0s"}, &stderr), stderr.String())
}
