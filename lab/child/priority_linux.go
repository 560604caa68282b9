package child

import (
	"os"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"
)

const (
	realtime = 1   // the lowest of the real-time priorities: above all that is not
	niceness = -10 // where real time is not permitted
)

// claim asks for priority for all threads of the process; threads made later inherit it. The endpoints of a call are to be
// on time, and take a fraction of a core to be so.
func claim() string {
	got := "normal"
	tasks, err := os.ReadDir("/proc/self/task")
	if err != nil || runtime.NumCPU() < 2 { // on one core the rest has to be let in
		return got
	}
	for _, t := range tasks {
		tid, err := strconv.Atoi(t.Name())
		if err != nil {
			continue
		}
		attr := unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_RR, Priority: realtime}
		switch {
		case unix.SchedSetAttr(tid, &attr, 0) == nil:
			got = "real time"
		case unix.Setpriority(unix.PRIO_PROCESS, tid, niceness) == nil:
			got = "raised"
		}
	}
	return got
}
