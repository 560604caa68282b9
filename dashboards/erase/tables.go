package erase

import (
	"embed"
	"strings"
)

//go:embed sql/*.sql
var files embed.FS

func statement(name string) string {
	text, err := files.ReadFile("sql/" + name + ".sql")
	if err != nil {
		panic(err) // embedded: it is there or nothing was built
	}
	return string(text)
}

// table is one that holds names, with the condition that finds a client's rows in it.
type table struct {
	name string
	of   string
}

// names are conditions on columns: (call_id, column) is one of those that were noted.
func names(columns ...string) string {
	parts := make([]string, len(columns))
	for i, c := range columns {
		parts[i] = "(call_id, " + c + ") IN (SELECT call_id, name FROM erasing WHERE erasure_id = {id:String} AND what = 'client')"
	}
	return strings.Join(parts, " OR ")
}

// What an SFU says of a client's transport or track is the client's too.
const byOthers = ` OR (call_id, source_id, transport_id) IN
    (SELECT call_id, name, transport_id FROM erasing WHERE erasure_id = {id:String} AND what = 'transport')
OR (call_id, track_id) IN (SELECT call_id, name FROM erasing WHERE erasure_id = {id:String} AND what = 'track')`

// tables are cleared in this order: those that others are found by come last, so that an erasure that was broken off can be done
// again. dead_letters and the rollups by time hold no names.
var tables = []table{
	{"streams", names("source_id") + byOthers},
	{"events", names("source_id") + byOthers},
	{"hops", names("from_id", "to_id")},
	{"e2e", names("publisher_id", "subscriber_id")},
	{"peers", names("publisher_id", "subscriber_id")},
	{"samples", names("source_id")},
	{"participants", names("client_id")},
}

// summary is the table that a whole call is removed from. Of a client it holds no name but a digest, in the state that counts the
// clients; that state is made anew from those that are left.
const summary = "calls"

const wholeCall = "call_id IN (SELECT call_id FROM erasing WHERE erasure_id = {id:String} AND what = 'call')"

// observations say what a call was like, and of nobody in it by name.
const observations = "observations"

// condition finds a subject's rows in a table.
func (t table) condition(k Kind) string {
	if k == Call {
		return "tenant = {tenant:String} AND " + wholeCall
	}
	return "tenant = {tenant:String} AND (" + t.of + ")"
}

func cleared(k Kind) []table {
	if k == Call {
		return append(tables[:len(tables):len(tables)], table{name: observations}, table{name: summary})
	}
	return tables
}
