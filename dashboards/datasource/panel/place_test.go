package panel

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func sfusAndClients(sfus, clientsOfEach int, links ...[2]int) ([]node, []edge) {
	var nodes []node
	var edges []edge
	for i := range sfus {
		id := fmt.Sprintf("sfu:%d", i)
		nodes = append(nodes, node{id: id, kind: sfuKind})
		for c := range clientsOfEach {
			client := fmt.Sprintf("client:%d-%d", i, c)
			nodes = append(nodes, node{id: client, kind: "client"})
			edges = append(edges, edge{source: client, target: id})
		}
	}
	for _, l := range links {
		edges = append(edges, edge{source: fmt.Sprintf("sfu:%d", l[0]), target: fmt.Sprintf("sfu:%d", l[1])})
	}
	return nodes, edges
}

func TestNodesAreNotOnTopOfEachOther(t *testing.T) {
	type shape struct {
		sfus, clients int
		links         [][2]int
	}
	for name, s := range map[string]shape{
		"one SFU":               {sfus: 1, clients: 12},
		"two":                   {sfus: 2, clients: 3, links: [][2]int{{0, 1}}},
		"a line out of order":   {sfus: 5, clients: 4, links: [][2]int{{0, 3}, {3, 1}, {1, 4}, {4, 2}}},
		"a line without people": {sfus: 4, links: [][2]int{{0, 1}, {1, 2}, {2, 3}}},
		"a tree":                {sfus: 4, clients: 2, links: [][2]int{{0, 1}, {0, 2}, {0, 3}}},
		"a ring":                {sfus: 3, clients: 5, links: [][2]int{{0, 1}, {1, 2}, {2, 0}}},
		"apart":                 {sfus: 3, clients: 1},
		"many":                  {sfus: 9, clients: 9, links: [][2]int{{0, 1}, {1, 2}, {2, 0}, {3, 4}}},
	} {
		t.Run(name, func(t *testing.T) {
			nodes, edges := sfusAndClients(s.sfus, s.clients, s.links...)
			place(nodes, edges)
			left, right := nodes[0].x, nodes[0].x
			for _, n := range nodes {
				left, right = min(left, n.x), max(right, n.x)
			}
			require.InDelta(t, 0, left+right, 1e-6, "in the middle")
			for i := range nodes {
				for j := range i {
					require.Greater(t, math.Hypot(nodes[i].x-nodes[j].x, nodes[i].y-nodes[j].y), 85.0, "%s and %s", nodes[i].id, nodes[j].id)
				}
			}
		})
	}
}

func TestACascadeIsALine(t *testing.T) {
	nodes, edges := sfusAndClients(4, 1, [2]int{2, 0}, [2]int{0, 3}, [2]int{3, 1})
	place(nodes, edges)
	x := map[string]float64{}
	for _, n := range nodes {
		if n.kind == sfuKind {
			require.Equal(t, nodes[0].y, n.y)
			x[n.id] = n.x
		}
	}
	require.Less(t, x["sfu:1"], x["sfu:3"], "it begins with the end whose name sorts first")
	require.Less(t, x["sfu:3"], x["sfu:0"])
	require.Less(t, x["sfu:0"], x["sfu:2"])
}

func TestPeopleWithoutAnSFUAreAround(t *testing.T) {
	nodes := []node{{id: "client:a", kind: "client"}, {id: "client:b", kind: "client"}, {id: "unknown:", kind: "unknown"}}
	place(nodes, []edge{{source: "client:a", target: "client:b"}})
	require.NotEqual(t, nodes[0].x, nodes[1].x)
	require.NotEqual(t, nodes[1], nodes[2])
}
