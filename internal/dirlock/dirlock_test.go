package dirlock_test

import (
	"io/fs"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/internal/dirlock"
)

func TestLockKeepsOthersOutUntilItIsGivenBack(t *testing.T) {
	dir := t.TempDir()
	unlock, err := dirlock.Lock(dir)
	require.NoError(t, err)
	_, err = dirlock.Lock(dir)
	require.ErrorIs(t, err, dirlock.ErrLocked)
	require.NoError(t, unlock())
	unlock, err = dirlock.Lock(dir)
	require.NoError(t, err)
	require.NoError(t, unlock())
}

func TestLockOfAMissingDirectoryIsAnError(t *testing.T) {
	_, err := dirlock.Lock(t.TempDir() + "/none")
	require.ErrorIs(t, err, fs.ErrNotExist)
}
