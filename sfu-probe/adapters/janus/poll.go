package janus

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// poll asks the gateway for all of its handles. Those that go away meanwhile are left out.
func (a *Adapter) poll(ctx context.Context) ([]*look, error) {
	var sessions sessionList
	if err := a.admin.ask(ctx, "list_sessions", &sessions); err != nil {
		return nil, err
	}
	type place struct{ session, handle name }
	var mu sync.Mutex
	var places []place
	err := a.each(ctx, len(sessions.Sessions), func(ctx context.Context, i int) error {
		var handles handleList
		if err := a.admin.ask(ctx, "list_handles", &handles, sessions.Sessions[i]); err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		for _, h := range handles.Handles {
			places = append(places, place{sessions.Sessions[i], h})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(places) > a.cfg.Handles {
		return nil, fmt.Errorf("the gateway has %d handles, more than the limit of %d", len(places), a.cfg.Handles)
	}
	looks := make([]*look, 0, len(places))
	err = a.each(ctx, len(places), func(ctx context.Context, i int) error {
		var answer handleInfo
		if err := a.admin.ask(ctx, "handle_info", &answer, places[i].session, places[i].handle); err != nil {
			return err
		}
		if answer.Info == nil {
			return nil
		}
		answer.Info.at = time.Now()
		mu.Lock()
		defer mu.Unlock()
		looks = append(looks, answer.Info)
		return nil
	})
	return looks, err
}

// each does the work for 0 to n-1, some at once, and ends at the first error; that something is gone is none.
func (a *Adapter) each(ctx context.Context, n int, work func(ctx context.Context, i int) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	next := make(chan int)
	var workers sync.WaitGroup
	for range min(a.cfg.Parallel, n) {
		workers.Go(func() {
			for i := range next {
				if err := work(ctx, i); err != nil && !gone(err) {
					cancel(err)
				}
			}
		})
	}
	for i := 0; i < n && ctx.Err() == nil; i++ {
		select {
		case next <- i:
		case <-ctx.Done():
		}
	}
	close(next)
	workers.Wait()
	return context.Cause(ctx)
}
