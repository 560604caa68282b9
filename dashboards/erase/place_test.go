package erase

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestOnAClusterTheLocalTablesAreRewritten(t *testing.T) {
	require.Equal(t, place{}, placeOf("MergeTree PARTITION BY toDate(window_start) ORDER BY tenant"))
	for _, engine := range []string{
		"Distributed('prod', 'earshot', 'e2e_local', cityHash64(call_id))", "Distributed(prod, earshot, e2e_local, rand())",
	} {
		require.Equal(t, place{cluster: "prod"}, placeOf(engine))
	}
	prod := place{cluster: "prod"}
	require.Equal(t, "ALTER TABLE calls_local ON CLUSTER `prod` DELETE WHERE tenant = {tenant:String} AND call_id IN "+
		"(SELECT call_id FROM erasing_local WHERE erasure_id = {id:String} AND what = 'call')", prod.remove(table{name: summary}, Call))
	for _, tab := range tables {
		require.NotContains(t, prod.remove(tab, User), "FROM erasing ", "names of other shards")
		require.Contains(t, prod.remove(tab, User), "ALTER TABLE "+tab.name+"_local ON CLUSTER `prod` DELETE WHERE tenant = {tenant:String} AND (")
		require.NotContains(t, place{}.remove(tab, User), "_local")
	}
	require.Equal(t, "SYSTEM SYNC REPLICA ON CLUSTER `prod` erasing_local", prod.sync())
	require.Empty(t, place{}.sync())
}
