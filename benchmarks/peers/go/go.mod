module silk/benchmarks/peers

go 1.19
