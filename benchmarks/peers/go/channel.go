package main

// player gives the ball back as soon as it comes, one higher.
func player(from <-chan int, to chan<- int) {
	for ball := range from {
		to <- ball + 1
	}
	close(to)
}

func channelPair(rounds int) (number int) {
	there, back := make(chan int, 1), make(chan int, 1)
	go player(there, back)
	for i := 0; i < rounds; i++ {
		there <- number + 1
		number = <-back
	}
	close(there)
	<-back
	return number
}

func channel(of sizes, _ *histogram) int {
	rounds := of.get("rounds")
	return sumOf(of.get("pairs"), func(int) int { return channelPair(rounds) })
}
