package main

import "sync"

func mutex(of sizes, _ *histogram) int {
	var (
		lock   sync.Mutex
		number int
	)
	turns := of.get("turns")
	sumOf(of.get("tasks"), func(int) int {
		for i := 0; i < turns; i++ {
			lock.Lock()
			number++
			lock.Unlock()
		}
		return 0
	})
	return number
}
