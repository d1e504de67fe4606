package main

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

func nap(sleeper, turn int) time.Duration {
	return time.Duration(1_000+(sleeper*7_919+turn*31)%1_900*10) * time.Microsecond
}

func compute(busy time.Duration, over *atomic.Bool) {
	for !over.Load() {
		for end := time.Now().Add(busy); time.Now().Before(end); {
		}
		runtime.Gosched()
	}
}

func lateness(of sizes, late *histogram) int {
	var (
		over atomic.Bool
		load sync.WaitGroup
	)
	busy := time.Duration(of.get("busy_us")) * time.Microsecond
	for i := 0; i < of.get("busy_per_worker")*runtime.GOMAXPROCS(0); i++ {
		load.Add(1)
		go func() {
			defer load.Done()
			compute(busy, &over)
		}()
	}
	turns := of.get("turns")
	sleeps := sumOf(of.get("sleepers"), func(sleeper int) int {
		for turn := 0; turn < turns; turn++ {
			deadline := time.Now().Add(nap(sleeper, turn))
			time.Sleep(time.Until(deadline))
			late.add(sleeper, deadline, time.Now())
		}
		return turns
	})
	over.Store(true)
	load.Wait()
	return sleeps
}
