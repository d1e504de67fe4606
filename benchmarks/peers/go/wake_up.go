package main

import (
	"runtime"
	"syscall"
	"time"
)

// The caller has a thread of its own: else the goroutine that is called would run on the caller's thread,
// and nobody would be woken. It does not sleep as goroutines do, since the thread that ends such a sleep
// looks for more work for a while.
func wakeUp(of sizes, late *histogram) int {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	calls := of.get("calls")
	idle := syscall.NsecToTimespec(int64(of.get("idle_us")) * 1_000)
	for i := 0; i < calls; i++ {
		call, woken := make(chan struct{}), make(chan time.Time, 1)
		go func() {
			<-call
			woken <- time.Now()
		}()
		runtime.Gosched() // lets it begin to wait
		_ = syscall.Nanosleep(&idle, nil)
		called := time.Now()
		close(call)
		late.add(i, called, <-woken)
	}
	return calls
}
