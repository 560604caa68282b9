package statement

import (
	"context"
	"fmt"
	"strings"

	"github.com/earshot-rtc/earshot/internal/clickhouse"
)

const withTenant = `SELECT DISTINCT table, toUInt64(getSetting('readonly')) AS mode FROM system.columns WHERE database = {database:String} AND name = 'tenant' ORDER BY table`

// bounds are settings that hold a statement to reading a tenant's rows.
//
// Readonly is 1, in which a statement can change no setting either; but a user that is held to reading already, by readonly = 2, cannot
// change that one. The filters are for every table that knows tenants. What could not be read knows none, and is for whoever has none.
func bounds(ctx context.Context, db DB, tenant string) (clickhouse.Settings, error) {
	rows, err := db.Query(ctx, withTenant, clickhouse.Params{"database": db.Database()})
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var filters []string
	add := func(table, condition string) {
		filters = append(filters, quote(db.Database()+"."+table)+":"+quote(condition))
	}
	mode := uint64(0)
	for rows.Next() {
		var table string
		if err := rows.Scan(&table, &mode); err != nil {
			return nil, err
		}
		add(table, "tenant = "+quote(tenant))
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	if len(filters) == 0 {
		return nil, fmt.Errorf("there is no table of Earshot in database %s; run earshot migrate up", db.Database())
	}
	if tenant != "" {
		add("dead_letters", "0")
	}
	if mode == 0 {
		mode = 1
	}
	return clickhouse.Settings{"readonly": mode, "additional_table_filters": "{" + strings.Join(filters, ",") + "}"}, nil
}

func quote(text string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(text) + "'"
}
