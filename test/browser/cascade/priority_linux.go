package main

import "golang.org/x/sys/unix"

// prioritise asks that SFUs and delays are on time while browsers and the pipeline share the machine. Where that is not
// permitted they are as on time as everybody.
func prioritise() { _ = unix.Setpriority(unix.PRIO_PROCESS, 0, -10) }
