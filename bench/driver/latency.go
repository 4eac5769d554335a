package main

import (
	"context"
	"runtime"
	"sort"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"github.com/twmb/franz-go/pkg/kgo"
)

// latency writes at a fixed rate without linger. Each record has a moment at which it is due, and its latency counts from there,
// so a record that had to wait because the broker or the driver was late has waited (no coordinated omission).
func latency(f Flags) (Figures, error) {
	client, err := newClient(f,
		kgo.DefaultProduceTopic(f.topic), kgo.ProducerBatchCompression(kgo.NoCompression()),
		kgo.ProducerBatchMaxBytes(int32(f.batchBytes)), kgo.ProducerLinger(0))
	if err != nil {
		return nil, err
	}
	defer client.Close()
	if err := client.ProduceSync(context.Background(), &kgo.Record{Value: make([]byte, f.size)}).FirstErr(); err != nil {
		return nil, err
	}
	if _, err := paced(client, f, f.warmup); err != nil {
		return nil, err
	}
	clock := startClock(f.brokerPid)
	latencies, err := paced(client, f, f.time)
	if err != nil {
		return nil, err
	}
	figures := clock.stop(Figures{"records": float64(len(latencies)), "bytes": float64(len(latencies) * f.size)})
	sort.Slice(latencies, func(a, b int) bool { return latencies[a] < latencies[b] })
	for name, share := range map[string]float64{"p50Ms": 0.5, "p95Ms": 0.95, "p99Ms": 0.99, "p999Ms": 0.999} {
		figures[name] = latencies[min(len(latencies)-1, int(share*float64(len(latencies))))].Seconds() * 1000
	}
	figures["maxMs"] = latencies[len(latencies)-1].Seconds() * 1000
	return figures, nil
}

func paced(client *kgo.Client, f Flags, duration time.Duration) ([]time.Duration, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	sharpenSleep()
	interval := time.Second / time.Duration(f.rate)
	latencies := make([]time.Duration, int(duration/interval))
	value := make([]byte, f.size)
	var failure atomic.Pointer[error]
	start := time.Now()
	for i := range latencies {
		due := start.Add(time.Duration(i) * interval)
		sleepUntil(due)
		client.Produce(context.Background(), &kgo.Record{Value: value}, func(_ *kgo.Record, err error) {
			latencies[i] = time.Since(due)
			if err != nil {
				failure.CompareAndSwap(nil, &err)
			}
		})
	}
	err := client.Flush(context.Background())
	if first := failure.Load(); first != nil {
		err = *first
	}
	return latencies, err
}

// sharpenSleep lets this thread wake within a microsecond or so of the asked time; the kernel's default is 50 late.
func sharpenSleep() {
	const prSetTimerSlack = 29
	_, _, _ = syscall.RawSyscall(syscall.SYS_PRCTL, prSetTimerSlack, 1000, 0)
}

// sleepUntil sleeps in the kernel: Go's own timers may be a millisecond late, which would be most of what is measured.
func sleepUntil(due time.Time) {
	left := time.Until(due)
	if left <= 0 {
		return
	}
	pause := syscall.NsecToTimespec(left.Nanoseconds())
	_, _, _ = syscall.Syscall(syscall.SYS_NANOSLEEP, uintptr(unsafe.Pointer(&pause)), 0, 0)
}
