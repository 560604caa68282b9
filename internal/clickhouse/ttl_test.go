package clickhouse_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/internal/clickhouse"
	ddl "github.com/earshot-rtc/earshot/schemas/clickhouse"
)

func TestRetentionIsChangedOnlyWhereItIsAnother(t *testing.T) {
	db := emptyServer(t)
	m := clickhouse.Migrations{Files: files(
		"0001_a.sql", "CREATE TABLE IF NOT EXISTS a\n(\n    at DateTime64(3, 'UTC')\n)\nENGINE = MergeTree\nORDER BY at\nTTL toDateTime(at) + INTERVAL 30 DAY\nSETTINGS ttl_only_drop_parts = 1\n",
		"0002_b.sql", "CREATE TABLE IF NOT EXISTS b\n(\n    day Date\n)\nENGINE = MergeTree\nORDER BY day\nTTL day + INTERVAL 400 DAY\n",
	)}
	_, err := m.Up(t.Context(), db)
	require.NoError(t, err)
	day := 24 * time.Hour
	declared, err := m.Retention()
	require.NoError(t, err)
	require.Equal(t, map[string]time.Duration{"a": 30 * day, "b": 400 * day}, declared)
	for _, step := range []struct {
		name string
		keep map[string]time.Duration
		want []string
	}{
		{"nothing is asked for", nil, nil},
		{"as it is", map[string]time.Duration{"a": 720 * time.Hour, "b": 400 * day}, nil},
		{"shorter", map[string]time.Duration{"a": 36 * time.Hour, "b": 400 * day}, []string{"ALTER TABLE a MODIFY TTL toDateTime(at) + toIntervalHour(36)"}},
		{"the same again", map[string]time.Duration{"a": 36 * time.Hour}, nil},
		{"for ever", map[string]time.Duration{"a": 0, "b": 0}, []string{"ALTER TABLE a REMOVE TTL", "ALTER TABLE b REMOVE TTL"}},
		{"for ever again", map[string]time.Duration{"a": 0}, nil},
		{"no longer for ever", map[string]time.Duration{"a": 7 * day, "b": 90 * time.Minute}, []string{
			"ALTER TABLE a MODIFY TTL toDateTime(at) + toIntervalDay(7)", "ALTER TABLE b MODIFY TTL day + toIntervalSecond(5400)",
		}},
		{"that again", map[string]time.Duration{"a": 7 * day, "b": 90 * time.Minute}, nil},
	} {
		ran, err := m.Retain(t.Context(), db, step.keep)
		require.NoError(t, err, step.name)
		require.Equal(t, step.want, ran, step.name)
	}
}

func TestRetentionThatCannotBeIsRefused(t *testing.T) {
	m := clickhouse.Migrations{Files: ddl.Migrations}
	require.NoError(t, m.CheckRetention(map[string]time.Duration{"e2e": 720 * time.Hour, "calls": 0}))
	require.ErrorContains(t, m.CheckRetention(map[string]time.Duration{"e2": time.Hour}), "retention of e2: there is no such table; there are")
	require.ErrorContains(t, m.CheckRetention(map[string]time.Duration{"e2e": time.Minute}), "retention of e2e is 1m0s; give whole seconds, from 1h on, or 0 for ever")
	require.ErrorContains(t, m.CheckRetention(map[string]time.Duration{"e2e": -time.Hour}), "retention of e2e")
}

func TestEveryTableOfTheSchemaHasARetention(t *testing.T) {
	db := emptyServer(t)
	m := clickhouse.Migrations{Files: ddl.Migrations}
	_, err := m.Up(t.Context(), db)
	require.NoError(t, err)
	declared, err := m.Retention()
	require.NoError(t, err)
	ran, err := m.Retain(t.Context(), db, declared)
	require.NoError(t, err)
	require.Empty(t, ran, "the server has what the files say")
	for _, table := range []string{"samples", "streams", "hops", "e2e", "events", "dead_letters", "e2e_1m", "e2e_5m", "e2e_1h", "audience_1h", "trait_5m", "trait_1h", "hops_1m", "hops_1h", "link_calls_1h", "calls", "participants", "peers"} {
		require.Contains(t, declared, table)
	}
}
