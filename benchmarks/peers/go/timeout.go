package main

import (
	"context"
	"runtime"
	"time"
)

func one(context.Context) int { return 1 }

func oneLater(context.Context) int {
	runtime.Gosched()
	return 1
}

func inTime(limit time.Duration, work func(context.Context) int) int {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	done := work(ctx)
	if ctx.Err() != nil {
		return 0
	}
	return done
}

func timeout(of sizes, _ *histogram) int {
	turns, limit := of.get("turns"), time.Duration(of.get("limit_s"))*time.Second
	times := func(work func(context.Context) int) (sum int) {
		for i := 0; i < turns; i++ {
			sum += inTime(limit, work)
		}
		return sum
	}
	if of.get("tasks") == 1 {
		return times(one)
	}
	return sumOf(of.get("tasks"), func(int) int { return times(oneLater) })
}
