package statement

import (
	"context"
	"fmt"
	"strings"

	"github.com/earshot-rtc/earshot/internal/clickhouse"
)

const withTenant = `SELECT DISTINCT table FROM system.columns WHERE database = {database:String} AND name = 'tenant' ORDER BY table`

// tenantFilters is a value of additional_table_filters that shows a tenant's rows only, in every table that knows tenants. What could not
// be read knows none, and is for whoever has none.
func tenantFilters(ctx context.Context, db DB, tenant string) (string, error) {
	rows, err := db.Query(ctx, withTenant, clickhouse.Params{"database": db.Database()}, clickhouse.Settings{"readonly": 2})
	if err != nil {
		return "", err
	}
	defer func() { _ = rows.Close() }()
	var filters []string
	add := func(table, condition string) {
		filters = append(filters, quote(db.Database()+"."+table)+":"+quote(condition))
	}
	for rows.Next() {
		var table string
		if err := rows.Scan(&table); err != nil {
			return "", err
		}
		add(table, "tenant = "+quote(tenant))
	}
	if err := rows.Err(); err != nil {
		return "", err
	}
	if len(filters) == 0 {
		return "", fmt.Errorf("there is no table of Earshot in database %s; run earshot migrate up", db.Database())
	}
	if tenant != "" {
		add("dead_letters", "0")
	}
	return "{" + strings.Join(filters, ",") + "}", nil
}

func quote(text string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(text) + "'"
}
