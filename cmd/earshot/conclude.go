package main

import (
	"context"
	"fmt"
	"time"
)

func (r *labRun) conclude(ctx context.Context, settle time.Duration, jsonFile string) error {
	ctx, cancel := context.WithTimeout(ctx, settle)
	defer cancel()
	err := r.finish(ctx)
	fmt.Println(r.lab.Totals())
	return err
}
