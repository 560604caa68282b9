package export

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestQueue(t *testing.T) {
	q := queue{max: 3 * (overhead + 10)}
	for i := range uint64(3) {
		require.Zero(t, q.push(&entry{session: "s", sequence: i, frame: make([]byte, 10)}))
	}
	require.Equal(t, 2, q.push(&entry{session: "s", sequence: 3, frame: make([]byte, 30)}), "two make room for a longer one")
	require.Equal(t, 1, q.push(&entry{session: "s", sequence: 4, frame: make([]byte, 1000)}), "one that never fits drops nothing else")
	require.Equal(t, -1, q.find("s", 0))
	require.Equal(t, -1, q.find("other", 2))
	require.Equal(t, 0, q.find("s", 2))
	q.remove(0)
	require.Equal(t, overhead+30, q.bytes)
}
