package clickhouse

import (
	"fmt"
	"regexp"
	"strings"
)

// Cluster says how the statements for one server become those of a cluster. Each table t becomes t_local, replicated within its
// shard, and a Distributed table t over these, by which rows are written and read; views read and write the local tables of their
// own shard, so that what belongs together has to be sharded together. All statements run ON CLUSTER.
type Cluster struct {
	// Name of the cluster, as in system.clusters. Empty: one server, and the statements stay as they are.
	Name string
	// ShardBy says by what a table's rows are distributed: the name of a column that a table has, and the expression over it. Tables
	// without it are distributed at random.
	ShardBy, ShardExpression string
}

// dedupSeconds is how long a replicated table remembers the tokens of inserts, besides how many.
const dedupSeconds = 7 * 24 * 3600

// Parts of the statements that the migrations are written in. What does not look like this is refused rather than run as it is.
var (
	createTable = regexp.MustCompile(`(?s)^CREATE TABLE IF NOT EXISTS (\w+)\s*(\(.*\))\s*ENGINE = (\w*MergeTree)\b(.*)$`)
	createView  = regexp.MustCompile(`(?s)^CREATE MATERIALIZED VIEW IF NOT EXISTS (\w+) TO (\w+) AS\s(.*)$`)
	plainView   = regexp.MustCompile(`(?s)^CREATE (OR REPLACE )?VIEW (IF NOT EXISTS )?(\w+) AS\s(.*)$`)
	alterTable  = regexp.MustCompile(`(?s)^ALTER TABLE (\w+)\s(.*)$`)
	dropTable   = regexp.MustCompile(`^DROP (TABLE|VIEW) IF EXISTS (\w+)$`)
	fromTable   = regexp.MustCompile(`(?m)^( *FROM) (\w+)$`)
	dedupWindow = regexp.MustCompile(`\bnon_replicated_deduplication_window = (\d+)`)
	changesOnly = regexp.MustCompile(`(?s)^MODIFY (SETTING|TTL)\b`)
)

// on is the clause for the cluster, empty for one server.
func (c Cluster) on() string {
	if c.Name == "" {
		return ""
	}
	return " ON CLUSTER " + quote(c.Name)
}

func (c Cluster) createDatabase(database string) string {
	return "CREATE DATABASE IF NOT EXISTS " + quote(database) + c.on()
}

// createLedger makes the table that says which migrations were applied. On a cluster every server has all of it.
func (c Cluster) createLedger(database string) string {
	engine := "MergeTree"
	if c.Name != "" {
		engine = fmt.Sprintf("ReplicatedMergeTree('/clickhouse/tables/all/%s/schema_migrations', '{shard}-{replica}')", database)
	}
	return "CREATE TABLE IF NOT EXISTS schema_migrations" + c.on() + `
(
    name       String,
    checksum   String,
    applied_at DateTime64(3, 'UTC')
)
ENGINE = ` + engine + `
ORDER BY name`
}

func local(table string) string { return table + "_local" }

// rewrite turns the statements of one file into those for the cluster. Tables collects which there are, and whether they have the
// column to shard by.
func (c Cluster) rewrite(database string, statements []string, tables map[string]bool) ([]string, error) {
	var all []string
	for _, statement := range statements {
		comment, sql := splitComment(statement)
		rewritten, err := c.rewriteOne(database, sql, tables)
		if err != nil {
			return nil, err
		}
		rewritten[0] = comment + rewritten[0]
		all = append(all, rewritten...)
	}
	return all, nil
}

func (c Cluster) rewriteOne(database, sql string, tables map[string]bool) ([]string, error) {
	if m := createTable.FindStringSubmatch(sql); m != nil {
		name, columns, engine, rest := m[1], m[2], m[3], m[4]
		tables[name] = c.ShardBy != "" && regexp.MustCompile(`(?m)^\s+`+c.ShardBy+`\s`).MatchString(columns)
		return []string{
			"CREATE TABLE IF NOT EXISTS " + local(name) + c.on() + "\n" + columns + "\nENGINE = Replicated" + engine + replicatedWindow(rest),
			"CREATE TABLE IF NOT EXISTS " + name + c.on() + c.distributed(database, name, tables[name]),
		}, nil
	}
	if m := createView.FindStringSubmatch(sql); m != nil {
		name, target, query := m[1], m[2], m[3]
		from := fromTable.FindAllStringSubmatch(query, -1)
		if _, ok := tables[target]; !ok || len(from) != 1 {
			return nil, fmt.Errorf("view %s: a cluster needs one known target and one line FROM table", name)
		}
		query = fromTable.ReplaceAllString(query, "$1 "+local(from[0][2])+" AS $2")
		return []string{"CREATE MATERIALIZED VIEW IF NOT EXISTS " + name + c.on() + " TO " + local(target) + " AS\n" + query}, nil
	}
	if m := plainView.FindStringSubmatch(sql); m != nil {
		return []string{"CREATE " + m[1] + "VIEW " + m[2] + m[3] + c.on() + " AS\n" + m[4]}, nil
	}
	if m := alterTable.FindStringSubmatch(sql); m != nil {
		name, change := m[1], m[2]
		sharded, ok := tables[name]
		if !ok {
			return nil, fmt.Errorf("ALTER TABLE %s: there is no such table before", name)
		}
		changed := []string{"ALTER TABLE " + local(name) + c.on() + "\n    " + replicatedWindow(strings.TrimSpace(change))}
		if !changesOnly.MatchString(change) {
			changed = append(changed, "CREATE OR REPLACE TABLE "+name+c.on()+c.distributed(database, name, sharded))
		}
		return changed, nil
	}
	if m := dropTable.FindStringSubmatch(sql); m != nil {
		drop := []string{"DROP " + m[1] + " IF EXISTS " + m[2] + c.on() + " SYNC"}
		if _, ok := tables[m[2]]; ok {
			delete(tables, m[2])
			drop = append(drop, "DROP TABLE IF EXISTS "+local(m[2])+c.on()+" SYNC")
		}
		return drop, nil
	}
	first, _, _ := strings.Cut(sql, "\n")
	return nil, fmt.Errorf("it is not known how to run this on a cluster: %s", first)
}

// distributed is the part of a CREATE after the table's name.
func (c Cluster) distributed(database, table string, sharded bool) string {
	by := "rand()"
	if sharded {
		by = c.ShardExpression
	}
	return fmt.Sprintf(" AS %s\nENGINE = Distributed(%s, %s, %s, %s)", local(table), literal(c.Name), literal(database), literal(local(table)), by)
}

func literal(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
}

// replicatedWindow names the settings of replicated tables in place of those of others.
func replicatedWindow(sql string) string {
	return dedupWindow.ReplaceAllString(sql, fmt.Sprintf("replicated_deduplication_window = $1, replicated_deduplication_window_seconds = %d", dedupSeconds))
}

// splitComment parts a statement from the comments before it.
func splitComment(statement string) (comment, sql string) {
	sql = statement
	for strings.HasPrefix(sql, "--") {
		line, rest, _ := strings.Cut(sql, "\n")
		comment += line + "\n"
		sql = strings.TrimLeft(rest, " \n\t")
	}
	return comment, sql
}
