package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// idleConnections opens connections that ask for the versions once and then are silent: what does each cost in memory?
func idleConnections(f Flags) (Figures, error) {
	// Some connections come and go first, so that code and pools are not counted.
	few, err := openAll(f.bootstrap, min(200, f.connections))
	closeAll(few)
	if err != nil {
		return nil, err
	}
	time.Sleep(f.warmup)
	before := statusBytes(f.brokerPid, "VmRSS:")
	connections, err := openAll(f.bootstrap, f.connections)
	defer closeAll(connections)
	if err != nil {
		return nil, err
	}
	time.Sleep(f.warmup)
	clock := startClock(f.brokerPid)
	time.Sleep(f.time)
	figures := clock.stop(Figures{"connections": float64(len(connections))})
	figures["connectionBytes"] = (statusBytes(f.brokerPid, "VmRSS:") - before) / float64(len(connections))
	figures["brokerCpuPercent"] = 100 * figures["brokerCpuSeconds"] / figures["seconds"]
	return figures, alive(connections)
}

// parkedFetches lets one fetch wait on each connection, measures the broker meanwhile, then writes a record that answers them all.
func parkedFetches(f Flags) (Figures, error) {
	client, err := newClient(f, kgo.DefaultProduceTopic(f.topic), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err != nil {
		return nil, err
	}
	defer client.Close()
	ends, err := endOffsets(context.Background(), client, f)
	if err != nil {
		return nil, err
	}
	connections, err := openAll(f.bootstrap, f.connections)
	defer closeAll(connections)
	if err != nil {
		return nil, err
	}
	var answered, failed atomic.Int64
	var firstFailure atomic.Pointer[error]
	for i, connection := range connections {
		partition := int32(i % f.partitions)
		request := fetchRequest(f.topic, partition, ends[f.topic][partition], 1<<20, int32(f.wait.Milliseconds()))
		if err := connection.send(request); err != nil {
			return nil, err
		}
		go func() {
			if err := receiveRecord(connection, request); err != nil {
				failed.Add(1)
				firstFailure.CompareAndSwap(nil, &err)
			}
			answered.Add(1)
		}()
	}
	time.Sleep(f.warmup)
	clock := startClock(f.brokerPid)
	time.Sleep(f.time)
	early := answered.Load()
	figures := clock.stop(Figures{"connections": float64(len(connections))})
	figures["brokerCpuPercent"] = 100 * figures["brokerCpuSeconds"] / figures["seconds"]
	if early != 0 {
		return nil, fmt.Errorf("%d parked fetches were answered before there was anything to fetch", early)
	}
	woken := time.Now()
	if err := wake(client, f); err != nil {
		return nil, err
	}
	for answered.Load() < int64(len(connections)) {
		if time.Since(woken) > 20*time.Second {
			return nil, fmt.Errorf("%d of %d parked fetches were answered", answered.Load(), len(connections))
		}
		time.Sleep(time.Millisecond)
	}
	figures["wakeAllSeconds"] = time.Since(woken).Seconds()
	if failed.Load() != 0 {
		return nil, fmt.Errorf("%d parked fetches failed, the first: %w", failed.Load(), *firstFailure.Load())
	}
	return figures, nil
}

func receiveRecord(connection *connection, request *kmsg.FetchRequest) error {
	response := kmsg.NewPtrFetchResponse()
	if err := connection.receive(request, response); err != nil {
		return err
	}
	part, err := onlyPartition(response)
	if err == nil && len(part.RecordBatches) == 0 {
		err = fmt.Errorf("no records, high watermark %d", part.HighWatermark)
	}
	return err
}

func wake(client *kgo.Client, f Flags) error {
	records := make([]*kgo.Record, f.partitions)
	for partition := range records {
		records[partition] = &kgo.Record{Value: []byte("wake"), Partition: int32(partition)}
	}
	return client.ProduceSync(context.Background(), records...).FirstErr()
}

func openAll(address string, count int) ([]*connection, error) {
	connections := make([]*connection, 0, count)
	for range count {
		connection, err := dial(address)
		if err != nil {
			return connections, fmt.Errorf("connection %d: %w", len(connections)+1, err)
		}
		connections = append(connections, connection)
		if err := connection.askVersions(); err != nil {
			return connections, fmt.Errorf("connection %d: %w", len(connections), err)
		}
	}
	return connections, nil
}

func (c *connection) askVersions() error {
	request, response := kmsg.NewPtrApiVersionsRequest(), kmsg.NewPtrApiVersionsResponse()
	if err := c.ask(request, response); err != nil {
		return err
	}
	c.out, c.in = nil, nil
	return kerr.ErrorForCode(response.ErrorCode)
}

func closeAll(connections []*connection) {
	for _, connection := range connections {
		_ = connection.Close()
	}
}

// alive asks on every connection again: a broker that had closed some would look cheap.
func alive(connections []*connection) error {
	dead := 0
	for _, connection := range connections {
		if connection.askVersions() != nil {
			dead++
		}
	}
	if dead > 0 {
		return errors.New(strconv.Itoa(dead) + " connections were closed by the broker")
	}
	return nil
}
