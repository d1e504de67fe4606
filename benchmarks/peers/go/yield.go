package main

import "runtime"

func yield(of sizes, _ *histogram) int {
	turns := of.get("turns")
	return sumOf(of.get("tasks"), func(int) (taken int) {
		for ; taken < turns; taken++ {
			runtime.Gosched()
		}
		return taken
	})
}
