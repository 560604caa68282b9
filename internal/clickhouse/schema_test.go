package clickhouse_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/internal/clickhouse"
	ddl "github.com/earshot-rtc/earshot/schemas/clickhouse"
)

func TestTheTablesOfTheSchemaCanBeMadeOnTheRealEngine(t *testing.T) {
	db := emptyServer(t)
	applied, err := clickhouse.Migrate(t.Context(), db, ddl.Migrations)
	require.NoError(t, err)
	require.NotEmpty(t, applied)
	require.Contains(t, text(t, db, "SHOW TABLES", nil), "e2e")
	applied, err = clickhouse.Migrate(t.Context(), db, ddl.Migrations)
	require.NoError(t, err)
	require.Empty(t, applied)
}
