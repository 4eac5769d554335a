package main

// The transcript, and a group of members in processes of their own, as in ../python/steps.py.

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
)

// firstTimestamp is fixed and long ago, so the topics that hold such records keep them for ever.
const firstTimestamp = int64(1_500_000_000_000)

// step notes the lines that run gives, or its failure.
func step(name string, run func() ([]string, error)) {
	fmt.Printf("## %s\n", name)
	lines, err := run()
	for _, line := range lines {
		fmt.Println(line)
	}
	if err != nil {
		fmt.Println(told(err))
	}
	fmt.Println()
}

func sorted(lines []string, err error) ([]string, error) {
	sort.Strings(lines)
	return lines, err
}

// told gives the name of a Kafka error, or the whole of another one.
func told(err error) string {
	if err == nil {
		return "ok"
	}
	var broker *kerr.Error
	if errors.As(err, &broker) {
		return broker.Message
	}
	return err.Error()
}

// settle waits until the broker's own view follows the controller's answer.
func settle() { time.Sleep(300 * time.Millisecond) }

func until(what string, holds func() bool) error {
	deadline := time.Now().Add(20 * time.Second)
	for time.Now().Before(deadline) {
		if holds() {
			return nil
		}
		time.Sleep(20 * time.Millisecond)
	}
	return fmt.Errorf("not in time: %s", what)
}

type place struct {
	Partition int32
	Offset    int64
}

type telling struct {
	Assigned *[]int32
	Record   *place
}

func tell(t telling) {
	line, _ := json.Marshal(t)
	fmt.Println(string(line))
}

type groupMember struct {
	command *exec.Cmd
	stdin   interface{ Close() error }
}

type members struct {
	arguments []string
	mutex     sync.Mutex
	running   map[string]groupMember
	assigned  map[string][]int32
	read      map[place]bool
}

func newMembers(bootstrap, group, topic string) *members {
	return &members{arguments: []string{"member", bootstrap, group, topic}, running: map[string]groupMember{}, assigned: map[string][]int32{}, read: map[place]bool{}}
}

func (m *members) start(name string) error {
	command := exec.Command(os.Args[0], append(m.arguments, name)...)
	out, err := command.StdoutPipe()
	if err != nil {
		return err
	}
	in, err := command.StdinPipe()
	if err != nil {
		return err
	}
	m.mutex.Lock()
	m.running[name] = groupMember{command, in}
	m.assigned[name] = nil
	m.mutex.Unlock()
	go func() {
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			var t telling
			if json.Unmarshal(lines.Bytes(), &t) != nil {
				continue
			}
			m.mutex.Lock()
			if t.Assigned != nil {
				m.assigned[name] = *t.Assigned
			} else if t.Record != nil {
				m.read[*t.Record] = true
			}
			m.mutex.Unlock()
		}
	}()
	return command.Start()
}

func (m *members) untilShares(want ...int) ([]string, error) {
	shares := func() string {
		m.mutex.Lock()
		defer m.mutex.Unlock()
		var sizes []int
		for _, partitions := range m.assigned {
			sizes = append(sizes, len(partitions))
		}
		sort.Ints(sizes)
		return fmt.Sprint(sizes)
	}
	err := until(fmt.Sprint("shares ", want), func() bool { return shares() == fmt.Sprint(want) })
	return []string{shares()}, err
}

func (m *members) untilRead(want []place) ([]string, error) {
	err := until("all is read", func() bool {
		m.mutex.Lock()
		defer m.mutex.Unlock()
		for _, p := range want {
			if !m.read[p] {
				return false
			}
		}
		return true
	})
	return []string{fmt.Sprint("read ", len(want))}, err
}

// kill is a crash: no LeaveGroup is sent.
func (m *members) kill(name string) {
	_ = m.running[name].command.Process.Kill()
	m.gone(name)
}

// leave asks the member to close its client and end.
func (m *members) leave(name string) {
	_ = m.running[name].stdin.Close()
	m.gone(name)
}

func (m *members) gone(name string) {
	_ = m.running[name].command.Wait()
	m.mutex.Lock()
	delete(m.assigned, name)
	delete(m.running, name)
	m.mutex.Unlock()
}

func (m *members) stop() {
	for name := range m.running {
		_ = m.running[name].command.Process.Kill()
	}
}

func short(text string) string {
	if len(text) > 12 {
		return text[:12]
	}
	return strings.ReplaceAll(text, "\n", " ")
}
