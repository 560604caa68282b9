package clickhouse

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// view is a materialized view of the files.
type view struct{ name, target, from, query string }

func (m Migrations) views() ([]view, error) {
	list, err := readMigrations(m.Files)
	if err != nil {
		return nil, err
	}
	var all []view
	for _, one := range list {
		for _, statement := range one.statements {
			_, sql := splitComment(statement)
			v := createView.FindStringSubmatch(sql)
			if v == nil {
				continue
			}
			from := fromTable.FindStringSubmatch(v[3])
			if from == nil {
				return nil, fmt.Errorf("migration %s: view %s has no line FROM table", one.name, v[1])
			}
			all = append(all, view{v[1], v[2], from[2], v[3]})
		}
	}
	return all, nil
}

// names of what Backfill leaves in the database: while it runs, and in the record of migrations.
const (
	backfillLock = "schema_backfill"
	backfillMark = "backfill"
)

// ErrFilled says that the tables that views fill have rows already.
var ErrFilled = errors.New("the tables that views fill have rows already")

// Backfill lets the views see the rows that were there before them: a view sees only what is inserted after it was made. It is exact
// as long as nobody inserts meanwhile. Tables that views fill must be empty; with rebuild they are emptied first, as they are where
// an earlier Backfill did not come to its end. Then they have what the other tables have, and nothing that is older. Told is called
// with each part of a table that is done.
func (m Migrations) Backfill(ctx context.Context, db *DB, rebuild bool, told func(table, partition string)) error {
	if m.Cluster.Name != "" {
		return errors.New("backfill: not on a cluster; see docs/schema.md for how to do it shard by shard")
	}
	views, err := m.views()
	if err != nil {
		return err
	}
	if err := db.Exec(ctx, "CREATE TABLE "+backfillLock+" (nothing UInt8) ENGINE = Null", nil); err != nil {
		if Code(err) == errTableExists {
			return fmt.Errorf("a backfill of %s is under way, or one was interrupted; if none is, DROP TABLE %s and try again", db.where(), backfillLock)
		}
		return err
	}
	err = m.backfill(ctx, db, views, rebuild, told)
	return errors.Join(err, db.Exec(context.WithoutCancel(ctx), "DROP TABLE IF EXISTS "+backfillLock+" SYNC", nil))
}

const errTableExists = 57

func (m Migrations) backfill(ctx context.Context, db *DB, views []view, rebuild bool, told func(table, partition string)) error {
	var targets, sources []string
	for _, v := range views {
		if !slices.Contains(targets, v.target) {
			targets = append(targets, v.target)
		}
	}
	for _, v := range views {
		if !slices.Contains(targets, v.from) && !slices.Contains(sources, v.from) {
			sources = append(sources, v.from)
		}
	}
	done, err := db.ledger(ctx)
	if err != nil {
		return err
	}
	rebuild = rebuild || done[backfillMark].Checksum == "begun"
	for _, table := range targets {
		if rebuild {
			if err := db.Exec(ctx, "TRUNCATE TABLE "+table+" SYNC", nil); err != nil {
				return err
			}
		} else if empty, err := db.empty(ctx, table); err != nil || !empty {
			return errors.Join(err, fmt.Errorf("backfill: %w (%s)", ErrFilled, table))
		}
	}
	if err := db.record(ctx, backfillMark, "begun"); err != nil {
		return err
	}
	for _, source := range sources {
		if err := db.refill(ctx, source, views, told); err != nil {
			return fmt.Errorf("backfill from %s: %w", source, err)
		}
	}
	return db.record(ctx, backfillMark, "done")
}

func (db *DB) empty(ctx context.Context, table string) (bool, error) {
	r, err := Select[struct {
		N uint64 `ch:"n"`
	}](ctx, db, "SELECT count() AS n FROM "+quote(table), nil)
	return err == nil && r[0].N == 0, err
}

// refill sends the rows of a table through copies of its views, partition by partition. Views of views follow by themselves.
func (db *DB) refill(ctx context.Context, source string, views []view, told func(table, partition string)) (err error) {
	through := source + "_backfill"
	drops := []string{"DROP TABLE IF EXISTS " + through + " SYNC"}
	creates := []string{"CREATE TABLE " + through + " ENGINE = Null AS SELECT * FROM " + source + " LIMIT 0"}
	for _, v := range views {
		if v.from == source {
			query := fromTable.ReplaceAllString(v.query, "$1 "+through+" AS "+source)
			creates = append(creates, "CREATE MATERIALIZED VIEW "+v.name+"_backfill TO "+v.target+" AS\n"+query)
			drops = append(drops, "DROP VIEW IF EXISTS "+v.name+"_backfill SYNC")
		}
	}
	slices.Reverse(drops)
	clean := func(ctx context.Context) error {
		for _, sql := range drops {
			if err := db.Exec(ctx, sql, nil); err != nil {
				return err
			}
		}
		return nil
	}
	if err := clean(ctx); err != nil { // of one that was interrupted
		return err
	}
	defer func() { err = errors.Join(err, clean(context.WithoutCancel(ctx))) }()
	for _, sql := range creates {
		if err := db.Exec(ctx, sql, nil); err != nil {
			return err
		}
	}
	partitions, err := Select[struct {
		ID string `ch:"partition_id"`
	}](ctx, db, `SELECT DISTINCT partition_id FROM system.parts
		WHERE database = currentDatabase() AND table = {t:String} AND active ORDER BY partition_id`, Params{"t": source})
	if err != nil {
		return err
	}
	for _, p := range partitions {
		// Without tokens: two blocks may well come to the same sums.
		err := db.Exec(ctx, "INSERT INTO "+through+" SELECT * FROM "+source+" WHERE _partition_id = {p:String}",
			Params{"p": p.ID}, Settings{"insert_deduplicate": 0, "deduplicate_blocks_in_dependent_materialized_views": 0})
		if err != nil {
			return err
		}
		told(source, p.ID)
	}
	return nil
}
