package clickhouse

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

var (
	declaredTTL = regexp.MustCompile(`(?m)^TTL (.+) \+ INTERVAL (\d+) (\w+)$`)
	currentTTL  = regexp.MustCompile(` TTL (.+?) \+ toInterval(\w+)\((\d+)\)(?: SETTINGS|$)`)
)

// units of ClickHouse's intervals.
var units = map[string]time.Duration{
	"second": time.Second, "minute": time.Minute, "hour": time.Hour, "day": 24 * time.Hour, "week": 7 * 24 * time.Hour,
}

// ttl is how long a table keeps a row, by which of its times.
type ttl struct {
	by   string
	keep time.Duration // 0 = for ever
}

// Retention is how long the tables keep their rows as the files say, by table.
func (m Migrations) Retention() (map[string]time.Duration, error) {
	declared, err := m.ttls()
	if err != nil {
		return nil, err
	}
	keep := make(map[string]time.Duration, len(declared))
	for table, t := range declared {
		keep[table] = t.keep
	}
	return keep, nil
}

func (m Migrations) ttls() (map[string]ttl, error) {
	list, err := readMigrations(m.Files)
	if err != nil {
		return nil, err
	}
	declared := map[string]ttl{}
	for _, one := range list {
		for _, statement := range one.statements {
			_, sql := splitComment(statement)
			table := createTable.FindStringSubmatch(sql)
			if table == nil {
				continue
			}
			if t := declaredTTL.FindStringSubmatch(table[4]); t != nil {
				keep, err := interval(t[2], t[3])
				if err != nil {
					return nil, fmt.Errorf("migration %s: %w", one.name, err)
				}
				declared[table[1]] = ttl{t[1], keep}
			}
		}
	}
	return declared, nil
}

func interval(n, unit string) (time.Duration, error) {
	d, ok := units[strings.ToLower(unit)]
	count, err := strconv.Atoi(n)
	if !ok || err != nil {
		return 0, fmt.Errorf("unreadable interval %s %s", n, unit)
	}
	return time.Duration(count) * d, nil
}

// CheckRetention says what of keep cannot be: a table that keeps no time, or a time that is too short.
func (m Migrations) CheckRetention(keep map[string]time.Duration) error {
	declared, err := m.ttls()
	if err != nil {
		return err
	}
	for _, table := range slices.Sorted(maps.Keys(keep)) {
		if _, ok := declared[table]; !ok {
			return fmt.Errorf("retention of %s: there is no such table; there are %s", table, strings.Join(slices.Sorted(maps.Keys(declared)), ", "))
		}
		if d := keep[table]; d != 0 && d < time.Hour || d%time.Second != 0 {
			return fmt.Errorf("retention of %s is %v; give whole seconds, from 1h on, or 0 for ever", table, d)
		}
	}
	return nil
}

// Retain gives tables another retention, where it is another; 0 keeps rows for ever. Tables that are not named stay as they are. It
// returns the statements that it ran. Run again it does nothing.
func (m Migrations) Retain(ctx context.Context, db *DB, keep map[string]time.Duration) ([]string, error) {
	changes, err := m.PlanRetention(ctx, db, keep)
	if err != nil {
		return nil, err
	}
	for i, statement := range changes {
		if err := db.Exec(ctx, statement, nil); err != nil {
			return changes[:i], fmt.Errorf("retention: %w", err)
		}
	}
	return changes, nil
}

// PlanRetention is what Retain would run.
func (m Migrations) PlanRetention(ctx context.Context, db *DB, keep map[string]time.Duration) ([]string, error) {
	if len(keep) == 0 {
		return nil, nil
	}
	if err := m.CheckRetention(keep); err != nil {
		return nil, err
	}
	declared, err := m.ttls()
	if err != nil {
		return nil, err
	}
	tables, err := Select[struct {
		Name   string `ch:"name"`
		Engine string `ch:"engine_full"`
	}](ctx, db, "SELECT name, engine_full FROM system.tables WHERE database = {d:String}", Params{"d": db.cfg.Database})
	if err != nil {
		return nil, err
	}
	current := map[string]ttl{}
	for _, t := range tables {
		if found := currentTTL.FindStringSubmatch(t.Engine); found != nil {
			if d, err := interval(found[3], found[2]); err == nil {
				current[t.Name] = ttl{found[1], d}
			}
		}
	}
	var changes []string
	for _, table := range slices.Sorted(maps.Keys(keep)) {
		name := table
		if m.Cluster.Name != "" {
			name = local(table)
		}
		want := ttl{declared[table].by, keep[table]}
		if want.keep == 0 {
			want.by = ""
		}
		if current[name] == want {
			continue
		}
		change := "REMOVE TTL"
		if want.keep > 0 {
			change = "MODIFY TTL " + want.by + " + " + want.interval()
		}
		changes = append(changes, "ALTER TABLE "+name+m.Cluster.on()+" "+change)
	}
	return changes, nil
}

func (t ttl) interval() string {
	for _, unit := range []string{"Day", "Hour"} {
		if d := units[strings.ToLower(unit)]; t.keep%d == 0 {
			return fmt.Sprintf("toInterval%s(%d)", unit, t.keep/d)
		}
	}
	return fmt.Sprintf("toIntervalSecond(%d)", t.keep/time.Second)
}
