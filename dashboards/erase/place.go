package erase

import (
	"context"
	"fmt"
	"regexp"
	"strings"
)

// place is where rows are rewritten: the tables of one server, or the local ones of all servers of a cluster.
type place struct {
	cluster string // "" = one server
}

// On a cluster each table t is a Distributed one over t_local.
var distributed = regexp.MustCompile(`^Distributed\('?([^',()]+)'?,`)

func (e *Eraser) place(ctx context.Context) (place, error) {
	rows, err := e.db.Query(ctx, "SELECT engine_full FROM system.tables WHERE database = currentDatabase() AND name = 'e2e'", nil)
	if err != nil {
		return place{}, fmt.Errorf("look at the tables: %w", err)
	}
	defer func() { _ = rows.Close() }()
	engine := ""
	for rows.Next() {
		if err := rows.Scan(&engine); err != nil {
			return place{}, fmt.Errorf("look at the tables: %w", err)
		}
	}
	return placeOf(engine), rows.Err()
}

func placeOf(engine string) place {
	if m := distributed.FindStringSubmatch(engine); m != nil {
		return place{cluster: m[1]}
	}
	return place{}
}

// local names the table whose rows can be rewritten, for a statement that changes it.
func (p place) local(table string) string {
	if p.cluster == "" {
		return table
	}
	return table + "_local ON CLUSTER `" + p.cluster + "`"
}

// remove is the statement that removes what was noted from a table. A call's rows and its names are in the same shard.
func (p place) remove(t table, k Kind) string {
	condition := t.condition(k)
	if p.cluster != "" {
		condition = strings.ReplaceAll(condition, "FROM erasing ", "FROM erasing_local ")
	}
	return "ALTER TABLE " + p.local(t.name) + " DELETE WHERE " + condition
}

// sync is the statement that waits until all replicas have what was noted; "" where there are none.
func (p place) sync() string {
	if p.cluster == "" {
		return ""
	}
	return "SYSTEM SYNC REPLICA ON CLUSTER `" + p.cluster + "` erasing_local"
}
