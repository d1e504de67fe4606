package main

import "time"

func spider(of sizes, late *histogram) int {
	pages, delay := of.get("pages"), time.Duration(of.get("delay_ms"))*time.Millisecond
	return sumOf(of.get("sites"), func(site int) int {
		deadline := time.Now()
		for page := 0; page < pages; page++ {
			deadline = deadline.Add(delay)
			time.Sleep(time.Until(deadline))
			now := time.Now()
			late.add(site, deadline, now)
			deadline = now
		}
		return pages
	})
}
