package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Clock reads time and CPU time at the start of the measured part, of broker, driver and the whole machine, and the differences at its end.
type Clock struct {
	brokerPid             int
	startedAt             time.Time
	broker, self, machine cpu
}

// cpu is time in seconds; stolen is what the hypervisor gave to others, known for the whole machine only.
type cpu struct{ user, system, stolen float64 }

func startClock(brokerPid int) Clock {
	clock := Clock{brokerPid: brokerPid, machine: machineCPU(), self: ownCPU(), startedAt: time.Now()}
	if brokerPid != 0 {
		clock.broker = cpuOf(brokerPid)
	}
	return clock
}

// stop adds the elapsed seconds, the CPU seconds and the broker's memory to the figures.
func (clock Clock) stop(figures Figures) Figures {
	figures["seconds"] = time.Since(clock.startedAt).Seconds()
	self, machine := ownCPU(), machineCPU()
	figures["driverCpuSeconds"] = self.user + self.system - clock.self.user - clock.self.system
	figures["machineCpuSeconds"] = machine.user + machine.system - clock.machine.user - clock.machine.system
	figures["stolenSeconds"] = machine.stolen - clock.machine.stolen
	if clock.brokerPid != 0 {
		broker := cpuOf(clock.brokerPid)
		figures["brokerUserSeconds"] = broker.user - clock.broker.user
		figures["brokerSystemSeconds"] = broker.system - clock.broker.system
		figures["brokerCpuSeconds"] = figures["brokerUserSeconds"] + figures["brokerSystemSeconds"]
		figures["brokerResidentBytes"] = statusBytes(clock.brokerPid, "VmRSS:")
		figures["brokerResidentPeakBytes"] = statusBytes(clock.brokerPid, "VmHWM:")
	}
	return figures
}

// ticksPerSecond is the unit of the stat files on every Linux.
const ticksPerSecond = 100

func cpuOf(pid int) cpu {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return cpu{}
	}
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	return cpu{user: ticks(fields[11]), system: ticks(fields[12])}
}

// machineCPU adds up all processors: user and nice; system, interrupts and soft interrupts; stolen.
func machineCPU() cpu {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return cpu{}
	}
	line, _, _ := strings.Cut(string(text), "\n")
	fields := strings.Fields(line)
	return cpu{
		user:   ticks(fields[1]) + ticks(fields[2]),
		system: ticks(fields[3]) + ticks(fields[6]) + ticks(fields[7]),
		stolen: ticks(fields[8]),
	}
}

func ticks(text string) float64 {
	n, _ := strconv.ParseFloat(text, 64)
	return n / ticksPerSecond
}

func ownCPU() cpu {
	var usage syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	seconds := func(t syscall.Timeval) float64 { return float64(t.Sec) + float64(t.Usec)/1e6 }
	return cpu{user: seconds(usage.Utime), system: seconds(usage.Stime)}
}

// statusBytes reads one of the memory lines of a process's status file.
func statusBytes(pid int, name string) float64 {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, name); ok {
			kib, _ := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			return kib * 1024
		}
	}
	return 0
}
