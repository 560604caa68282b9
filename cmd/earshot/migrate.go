package main

import (
	"context"
	"fmt"

	"github.com/earshot-rtc/earshot/internal/clickhouse"
	ddl "github.com/earshot-rtc/earshot/schemas/clickhouse"
)

type migrateCmd struct {
	storeFlags
}

// Run applies what is missing. A first run creates the database, so it connects to none.
func (c *migrateCmd) Run(ctx context.Context) error {
	if c.ClickHouse == "" {
		return fmt.Errorf("no ClickHouse is named; give --clickhouse HOST:9000 (the embedded one is migrated when it starts)")
	}
	db, err := clickhouse.Open(c.config(c.ClickHouse))
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	applied, err := clickhouse.Migrate(ctx, db, ddl.Migrations)
	for _, name := range applied {
		fmt.Println("applied", name)
	}
	if err == nil && len(applied) == 0 {
		fmt.Println("nothing to do")
	}
	return err
}
