// The problems of the benchmarks with Go, each in a file of its own.
//
//	PROBLEM --variant NAME --workers N --repetitions N --enough SECONDS --warm-up SIZES --sizes SIZES
//
// SIZES are name=number,name=number, as the problem tells them.
package main

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
)

// A problem gives the answer.
type problem func(of sizes, late *histogram) int

var problems = map[string]problem{
	"channel":    channel,
	"hand_off":   handOff,
	"lateness":   lateness,
	"mutex":      mutex,
	"sleepers":   sleepers,
	"spawn_join": spawnJoin,
	"spider":     spider,
	"timeout":    timeout,
	"wake_up":    wakeUp,
	"yield":      yield,
}

// Those of which the time is that by which things were late.
var timedByLateness = map[string]bool{"lateness": true, "wake_up": true}

type sizes map[string]int

func (s sizes) get(name string) int {
	number, told := s[name]
	if !told {
		refuse(fmt.Errorf("the problem tells no '%s'", name))
	}
	return number
}

func (s sizes) String() string { return fmt.Sprint(map[string]int(s)) }

// Set reads sizes from the command line.
func (s sizes) Set(text string) error {
	for _, pair := range strings.Split(text, ",") {
		name, value, _ := strings.Cut(pair, "=")
		number, err := strconv.Atoi(value)
		if err != nil {
			return err
		}
		s[name] = number
	}
	return nil
}

func refuse(why error) {
	fmt.Fprintln(os.Stderr, why)
	os.Exit(2)
}

func main() {
	if len(os.Args) < 2 || problems[os.Args[1]] == nil {
		refuse(fmt.Errorf("Go takes no part in %q", os.Args[1:]))
	}
	name := os.Args[1]
	wish := wish{warmUp: sizes{}, sizes: sizes{}}
	flags := flag.NewFlagSet(name, flag.ExitOnError)
	flags.StringVar(&wish.variant, "variant", "", "name of the variant")
	flags.IntVar(&wish.workers, "workers", runtime.NumCPU(), "threads that work")
	flags.IntVar(&wish.repetitions, "repetitions", 1, "how often at most")
	flags.Float64Var(&wish.enoughS, "enough", 5, "seconds after which there are no more repetitions")
	flags.Var(wish.warmUp, "warm-up", "sizes to begin with")
	flags.Var(wish.sizes, "sizes", "sizes of the problem")
	flags.Parse(os.Args[2:])

	runtime.GOMAXPROCS(wish.workers)
	session := newSession(wish, timedByLateness[name])
	if err := session.measure(problems[name]); err != nil {
		fmt.Fprintf(os.Stderr, "%s (%s): %v\n", name, wish.variant, err)
		os.Exit(1)
	}
}
