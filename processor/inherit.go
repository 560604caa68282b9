package processor

import (
	"context"

	"github.com/earshot-rtc/earshot/processor/partition"
)

// Epochs tells since when paths have been as they are that no replay reaches back to: for each heritage, the latest epoch_start, in
// ms, of each track in rows of e2e. *recall.Epochs is one.
type Epochs interface {
	Epochs(ctx context.Context, of []partition.Heritage) ([]map[partition.Track]int64, error)
}

// inherit completes the state after a replay with what rows from before it say. The rows are there: they were stored before
// the offset was committed at which the replay ends.
func (w *worker) inherit(ctx context.Context) error {
	of := w.state.Heritages()
	if len(of) == 0 || w.p.epochs == nil {
		return nil
	}
	return w.insist(ctx, "epochs", func(ctx context.Context) error {
		epochs, err := w.p.epochs.Epochs(ctx, of)
		if err != nil {
			return err
		}
		for i, h := range of {
			w.state.Inherit(h, epochs[i])
		}
		return nil
	})
}
