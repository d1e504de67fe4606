package main

import (
	"math/bits"
	"sync/atomic"
	"time"
)

const (
	parts   = 64
	buckets = 512
)

// histogram tells how late things were; a bucket is an eighth of a power of two wide. Who adds says by a
// number of its own to which part: counting must not make the threads meet.
type histogram [parts]struct {
	buckets [buckets]atomic.Uint64
	total   atomic.Int64
	early   atomic.Uint64
	_       [112]byte
}

// add counts by how much now is after the deadline.
func (h *histogram) add(who int, deadline, now time.Time) {
	late := now.Sub(deadline)
	part := &h[who%parts]
	if late < 0 {
		part.early.Add(1)
		late = 0
	}
	part.buckets[bucketOf(uint64(late))].Add(1)
	part.total.Add(int64(late))
}

func (h *histogram) countIn(bucket int) (sum uint64) {
	for i := range h {
		sum += h[i].buckets[bucket].Load()
	}
	return sum
}

func (h *histogram) total() (sum time.Duration) {
	for i := range h {
		sum += time.Duration(h[i].total.Load())
	}
	return sum
}

func (h *histogram) early() (sum uint64) {
	for i := range h {
		sum += h[i].early.Load()
	}
	return sum
}

// told gives pairs of an upper bound in microseconds and the count of values up to it.
func (h *histogram) told() (pairs [][2]float64) {
	for bucket := 0; bucket < buckets; bucket++ {
		if count := h.countIn(bucket); count != 0 {
			pairs = append(pairs, [2]float64{float64(upperNs(bucket)) / 1e3, float64(count)})
		}
	}
	return pairs
}

// Values below 8 have a bucket each; then the three bits after the first one choose among eight.
func bucketOf(ns uint64) int {
	if ns < 8 {
		return int(ns)
	}
	shift := bits.Len64(ns) - 4
	if bucket := shift*8 + int(ns>>shift); bucket < buckets {
		return bucket
	}
	return buckets - 1
}

func upperNs(bucket int) uint64 {
	if bucket < 8 {
		return uint64(bucket)
	}
	return uint64(8+bucket%8+1)<<(bucket/8-1) - 1
}
