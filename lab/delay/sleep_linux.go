package delay

import (
	"runtime"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// newClock counts on CLOCK_MONOTONIC, which futexes sleep by and time.Since reads without a system call.
func newClock() clock {
	var ts unix.Timespec
	base := time.Now()
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts); err != nil {
		return clock{base: base}
	}
	return clock{base: base, offset: ts.Nano()}
}

const (
	futexWait        = 9 | 128 // FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG: an absolute time on CLOCK_MONOTONIC
	futexWake        = 1 | 128 // FUTEX_WAKE | FUTEX_PRIVATE_FLAG
	futexMatchAny    = 0xffffffff
	realtimePriority = 10
)

// sleeper is an absolute, interruptible sleep with the precision of the kernel's high-resolution timers.
type sleeper struct{ word atomic.Uint32 }

func (s *sleeper) init(clock) {}

// enter makes the calling goroutine's thread one of its own: no timer slack, and ahead of others where that is permitted.
func (s *sleeper) enter() {
	runtime.LockOSThread() // and never unlocked: the thread ends with its goroutine
	_ = unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0)
	attr := unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_FIFO, Priority: realtimePriority}
	_ = unix.SchedSetAttr(0, &attr, 0) // EPERM without the capability: then it shares, as all others
}

// ticket is to be taken before looking at what sleep depends on: a wake after it ends the sleep at once.
func (s *sleeper) ticket() uint32 { return s.word.Load() }

func (s *sleeper) sleep(ticket uint32, until int64) {
	ts := unix.NsecToTimespec(until)
	_, _, _ = unix.Syscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(&s.word)), futexWait, uintptr(ticket),
		uintptr(unsafe.Pointer(&ts)), 0, futexMatchAny)
}

func (s *sleeper) wake() {
	s.word.Add(1)
	_, _, _ = unix.RawSyscall(unix.SYS_FUTEX, uintptr(unsafe.Pointer(&s.word)), futexWake, 1)
}

// transmit sends without the runtime's bookkeeping for calls that may block: this one does not.
func (c *Conn) transmit(p *packet) {
	sa := unix.RawSockaddrInet4{Family: unix.AF_INET, Addr: p.ip}
	port := (*[2]byte)(unsafe.Pointer(&sa.Port))
	port[0], port[1] = byte(p.port>>8), byte(p.port)
	_, _, _ = unix.RawSyscall6(unix.SYS_SENDTO, uintptr(c.fd), uintptr(unsafe.Pointer(&p.data[0])), uintptr(p.n),
		unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, uintptr(unsafe.Pointer(&sa)), unix.SizeofSockaddrInet4)
}
