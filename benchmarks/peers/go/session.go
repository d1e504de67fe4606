package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"syscall"
	"time"
)

type wish struct {
	variant              string
	workers, repetitions int
	enoughS              float64
	warmUp, sizes        sizes
}

type usage struct {
	cpuS        float64
	allocations uint64
}

// session is one run of one problem.
type session struct {
	wish
	timedByLateness    bool
	late               *histogram
	residentAtFirstKib int
	seconds            []float64
	elapsed            time.Duration
	used               usage
}

func newSession(wish wish, timedByLateness bool) *session {
	return &session{
		wish:               wish,
		timedByLateness:    timedByLateness,
		late:               new(histogram),
		residentAtFirstKib: peakKib(),
	}
}

// measure warms up with the small sizes, then does the work until it was done often or long enough.
func (s *session) measure(work problem) error {
	if err := s.repeat(work, s.warmUp); err != nil {
		return err
	}
	s.seconds, s.elapsed, s.used, s.late = nil, 0, usage{}, new(histogram)
	for len(s.seconds) == 0 || len(s.seconds) < s.repetitions && s.elapsed.Seconds() < s.enoughS {
		if err := s.repeat(work, s.sizes); err != nil {
			return err
		}
	}
	return s.print()
}

func (s *session) repeat(work problem, of sizes) error {
	lateBefore, before := s.late.total(), usedByNow()
	began := time.Now()
	answer := work(of, s.late)
	took := time.Since(began)
	now := usedByNow()
	s.elapsed += took
	s.used.cpuS += now.cpuS - before.cpuS
	s.used.allocations += now.allocations - before.allocations
	if s.timedByLateness {
		took = s.late.total() - lateBefore
	}
	s.seconds = append(s.seconds, took.Seconds())
	if answer != of.get("answer") {
		return errors.New("wrong answer")
	}
	return nil
}

func (s *session) print() error {
	repetitions := float64(len(s.seconds))
	operations := float64(s.sizes.get("operations"))
	residentKib := peakKib()
	told := map[string]any{
		"variant":                   s.variant,
		"workers":                   s.workers,
		"operations":                s.sizes.get("operations"),
		"seconds":                   s.seconds,
		"cpu_s":                     s.used.cpuS / repetitions,
		"allocations_per_operation": float64(s.used.allocations) / (operations * repetitions),
		"max_rss_kib":               residentKib,
		"bytes_per_operation":       float64(residentKib-s.residentAtFirstKib) * 1024 / operations,
	}
	if buckets := s.late.told(); buckets != nil {
		told["late_us"] = buckets
		told["early"] = s.late.early()
	}
	return json.NewEncoder(os.Stdout).Encode(told)
}

func usedByNow() usage {
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		panic(err)
	}
	ns := used.Utime.Nano() + used.Stime.Nano()
	return usage{cpuS: float64(ns) / 1e9, allocations: memory.Mallocs}
}

// peakKib is the most memory that was resident so far.
func peakKib() (kib int) {
	status, _ := os.ReadFile("/proc/self/status")
	if _, rest, found := strings.Cut(string(status), "VmHWM:"); found {
		fmt.Sscan(rest, &kib)
	}
	return kib
}
