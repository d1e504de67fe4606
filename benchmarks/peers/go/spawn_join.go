package main

// future starts a goroutine and gives the channel on which it will tell its number.
func future(work func() int) <-chan int {
	result := make(chan int, 1)
	go func() { result <- work() }()
	return result
}

// sumOf gives the sum of what so many goroutines give, which run at the same time.
func sumOf(tasks int, work func(int) int) (sum int) {
	results := make([]<-chan int, tasks)
	for i := range results {
		i := i
		results[i] = future(func() int { return work(i) })
	}
	for _, result := range results {
		sum += <-result
	}
	return sum
}

func give(number int) int { return number }

func oneAtATime(tasks int) (sum int) {
	for i := 0; i < tasks; i++ {
		i := i
		sum += <-future(func() int { return give(i) })
	}
	return sum
}

func spawnJoin(of sizes, _ *histogram) int {
	if of.get("at_once") == 0 {
		return oneAtATime(of.get("tasks"))
	}
	return sumOf(of.get("tasks"), give)
}
