package main

// A promise is a channel for one number.
func promises(count int) []chan int {
	all := make([]chan int, count)
	for i := range all {
		all[i] = make(chan int, 1)
	}
	return all
}

func handOffPair(rounds int) (number int) {
	there, back := promises(rounds), promises(rounds)
	go func() { // gives the ball back as soon as it comes, one higher
		for i, promise := range there {
			back[i] <- <-promise + 1
		}
	}()
	for i, promise := range there {
		promise <- number + 1
		number = <-back[i]
	}
	return number
}

func handOff(of sizes, _ *histogram) int {
	rounds := of.get("rounds")
	return sumOf(of.get("pairs"), func(int) int { return handOffPair(rounds) })
}
