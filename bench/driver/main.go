// The neutral client of the benchmarks: franz-go against any broker that speaks the Kafka protocol.
// In: a mode and flags. Out: one line of JSON with numbers only, measured between the end of the warm-up and the last answer.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"
)

// Figures is what a run measured; the names are the names in bench/results.
type Figures map[string]float64

// Flags are shared by all modes; a mode reads the ones it needs.
type Flags struct {
	bootstrap   string
	topic       string
	partitions  int
	brokerPid   int
	records     int
	size        int
	batchBytes  int
	linger      time.Duration
	acks        int
	idempotent  bool
	producers   int
	time        time.Duration
	warmup      time.Duration
	rate        int
	connections int
	topics      string
	wait        time.Duration
	fetchBytes  int
}

func main() {
	modes := map[string]func(Flags) (Figures, error){
		"produce": produce, "transactions": transactions, "fetch": fetch, "fetch-raw": fetchRaw, "latency": latency,
		"idle": idleConnections, "parked": parkedFetches, "ready": untilReady,
		"create": createTopics, "delete": deleteTopics,
	}
	if len(os.Args) < 2 || modes[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: driver produce|transactions|fetch|fetch-raw|latency|idle|parked|ready|create|delete [flags]")
		os.Exit(2)
	}
	figures, err := modes[os.Args[1]](parse(os.Args[2:]))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	line, err := json.Marshal(figures)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(string(line))
}

func parse(args []string) Flags {
	var f Flags
	set := flag.NewFlagSet("driver", flag.ExitOnError)
	set.StringVar(&f.bootstrap, "bootstrap", "127.0.0.1:9092", "host:port")
	set.StringVar(&f.topic, "topic", "bench", "the topic to write or read")
	set.StringVar(&f.topics, "topics", "", "names, separated by commas (create, delete, ready)")
	set.IntVar(&f.partitions, "partitions", 4, "partitions of each topic")
	set.IntVar(&f.brokerPid, "broker-pid", 0, "the process whose CPU time is read at both ends of the run")
	set.IntVar(&f.records, "records", 0, "records to write or read at most; 0 for no limit (produce) or all there are (fetch)")
	set.IntVar(&f.size, "size", 100, "bytes of a record's value")
	set.IntVar(&f.batchBytes, "batch-bytes", 16384, "bytes of a batch at most")
	set.DurationVar(&f.linger, "linger", 10*time.Millisecond, "how long a batch waits for more records")
	set.IntVar(&f.acks, "acks", -1, "0, 1 or -1 for all")
	set.BoolVar(&f.idempotent, "idempotent", true, "with producer id and sequence numbers (needs acks -1)")
	set.IntVar(&f.producers, "producers", 1, "clients, each with a connection of its own")
	set.DurationVar(&f.time, "time", 5*time.Second, "how long to write at most, or how long to measure")
	set.DurationVar(&f.warmup, "warmup", time.Second, "time before the measured part (latency)")
	set.IntVar(&f.rate, "rate", 15000, "records a second (latency)")
	set.IntVar(&f.connections, "connections", 5000, "connections to open (idle, parked)")
	set.DurationVar(&f.wait, "wait", time.Minute, "max wait of a parked fetch, or how long to wait for a broker (ready)")
	set.IntVar(&f.fetchBytes, "fetch-bytes", 1<<20, "bytes of a partition in a fetch answer at most")
	_ = set.Parse(args)
	return f
}

func (f Flags) topicNames() []string {
	if f.topics == "" {
		return []string{f.topic}
	}
	return strings.Split(f.topics, ",")
}
