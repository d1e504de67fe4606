package main

import "time"

func sleepers(of sizes, late *histogram) int {
	first := time.Now().Add(time.Duration(of.get("at_least_ms")) * time.Millisecond)
	return sumOf(of.get("tasks"), func(i int) int {
		until := first.Add(time.Duration(i*7_919%5_000*10) * time.Microsecond)
		time.Sleep(time.Until(until))
		late.add(i, until, time.Now())
		return 1
	})
}
