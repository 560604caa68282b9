package spool

import (
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The disk itself is full, not the spool's bound.
func TestAFullDiskRefusesAndLosesNothing(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root mounts a small disk")
	}
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=512k"); err != nil {
		t.Skipf("no small disk: %v", err)
	}
	t.Cleanup(func() { require.NoError(t, syscall.Unmount(dir, syscall.MNT_DETACH)) })
	b := &broker{state: down}
	cfg := config(dir)
	cfg.Bytes = 64 << 20
	s := run(t, cfg, b, nil)
	var acked []string
	fill := func(from int) error {
		for i := from; ; i += 100 {
			msgs := numbered("a", i, 100)
			if err := s.Produce(t.Context(), msgs); err != nil {
				return err
			}
			acked = append(acked, valuesOf(msgs)...)
		}
	}
	err := fill(1)
	require.ErrorIs(t, err, ErrFull)
	require.ErrorIs(t, err, syscall.ENOSPC)
	require.Greater(t, len(acked), 5000)
	require.ErrorIs(t, s.Ping(t.Context()), ErrFull)

	// A crash on a full disk.
	require.NoError(t, s.Shutdown(t.Context()))
	s = run(t, cfg, b, nil)
	require.EqualValues(t, len(acked), s.records)
	require.ErrorIs(t, s.Produce(t.Context(), numbered("b", 1, 100)), syscall.ENOSPC)

	// Room comes by draining, and then there is room for as much again.
	b.set(up)
	require.Eventually(t, func() bool { return s.is() == direct }, 20*time.Second, 10*time.Millisecond)
	b.set(down)
	before := len(acked)
	require.ErrorIs(t, fill(50_000), ErrFull)
	require.InDelta(t, before, len(acked)-before, float64(before)/10)
	b.set(up)
	require.Eventually(t, func() bool { return s.is() == direct }, 20*time.Second, 10*time.Millisecond)
	require.Equal(t, acked, b.values())
}
