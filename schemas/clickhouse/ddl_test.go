package ddl_test

import (
	"io/fs"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	ddl "github.com/earshot-rtc/earshot/schemas/clickhouse"
)

// A migration may run twice (two processes that start at once), so each statement has to bear that.
func TestEveryMigrationBearsASecondRun(t *testing.T) {
	safe := regexp.MustCompile(`(?m)^(CREATE (TABLE|MATERIALIZED VIEW|VIEW) IF NOT EXISTS|DROP (TABLE|VIEW) IF EXISTS|ALTER TABLE \w+\s+((ADD|DROP|MODIFY) \w+ IF (NOT )?EXISTS|MODIFY SETTING)) `)
	names, err := fs.Glob(ddl.Migrations, "migrations/*.sql")
	require.NoError(t, err)
	require.NotEmpty(t, names)
	for _, name := range names {
		text, err := fs.ReadFile(ddl.Migrations, name)
		require.NoError(t, err)
		require.Regexp(t, safe, string(text), name)
	}
}
