//go:build !unix

package main

import "time"

var processStart = time.Now()

// cpuTime is wall time where the system does not say more.
func cpuTime() time.Duration { return time.Since(processStart) }
