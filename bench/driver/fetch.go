package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// fetch reads a topic from its start to its end as a consumer does: every record decoded, every checksum checked.
func fetch(f Flags) (Figures, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	asker, err := newClient(f)
	if err != nil {
		return nil, err
	}
	defer asker.Close()
	ends, err := endOffsets(ctx, asker, f)
	if err != nil {
		return nil, err
	}
	offsets := map[int32]kgo.Offset{}
	for partition := range f.partitions {
		offsets[int32(partition)] = kgo.NewOffset().AtStart()
	}
	wanted := sum(ends[f.topic])
	if f.records != 0 {
		wanted = min(wanted, int64(f.records))
	}
	clock := startClock(f.brokerPid)
	client, err := newClient(f,
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{f.topic: offsets}),
		kgo.FetchMaxPartitionBytes(int32(f.fetchBytes)), kgo.FetchMaxWait(500*time.Millisecond))
	if err != nil {
		return nil, err
	}
	defer client.Close()
	var records, bytes int64
	for records < wanted {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			return nil, err
		}
		fetches.EachRecord(func(record *kgo.Record) {
			records++
			bytes += int64(len(record.Value))
		})
	}
	figures := clock.stop(Figures{"records": float64(records), "bytes": float64(bytes)})
	return figures, nil
}

// fetchRaw reads the same bytes but looks at batch headers only: a driver so cheap that the broker is what is measured.
// Each partition has a connection of its own and one request in flight.
func fetchRaw(f Flags) (Figures, error) {
	asker, err := newClient(f)
	if err != nil {
		return nil, err
	}
	defer asker.Close()
	ends, err := endOffsets(context.Background(), asker, f)
	if err != nil {
		return nil, err
	}
	bytes := make([]int64, f.partitions)
	failures := make([]error, f.partitions)
	clock := startClock(f.brokerPid)
	var group sync.WaitGroup
	for partition, end := range ends[f.topic] {
		group.Go(func() { bytes[partition], failures[partition] = drain(f, int32(partition), end) })
	}
	group.Wait()
	for _, err := range failures {
		if err != nil {
			return nil, err
		}
	}
	return clock.stop(Figures{"records": float64(sum(ends[f.topic])), "bytes": float64(sum(bytes))}), nil
}

func drain(f Flags, partition int32, end int64) (bytes int64, err error) {
	connection, err := dial(f.bootstrap)
	if err != nil {
		return 0, err
	}
	defer connection.Close()
	for offset := int64(0); offset < end; {
		response := kmsg.NewPtrFetchResponse()
		if err := connection.ask(fetchRequest(f.topic, partition, offset, int32(f.fetchBytes), 500), response); err != nil {
			return 0, err
		}
		part, err := onlyPartition(response)
		if err != nil {
			return 0, err
		}
		next := offsetAfter(part.RecordBatches, offset)
		if next == offset {
			return 0, fmt.Errorf("no whole batch at offset %d of %d", offset, end)
		}
		bytes += int64(len(part.RecordBatches))
		offset = next
	}
	return bytes, nil
}

func onlyPartition(response *kmsg.FetchResponse) (*kmsg.FetchResponseTopicPartition, error) {
	if err := kerr.ErrorForCode(response.ErrorCode); err != nil {
		return nil, err
	}
	if len(response.Topics) != 1 || len(response.Topics[0].Partitions) != 1 {
		return nil, errors.New("a fetch answer without the partition that was asked for")
	}
	part := &response.Topics[0].Partitions[0]
	return part, kerr.ErrorForCode(part.ErrorCode)
}

// offsetAfter walks whole batches and returns the offset that follows the last one.
func offsetAfter(batches []byte, offset int64) int64 {
	for len(batches) >= batchHeaderBytes {
		length := 12 + int(binary.BigEndian.Uint32(batches[8:]))
		if len(batches) < length {
			break
		}
		offset = int64(binary.BigEndian.Uint64(batches)) + int64(binary.BigEndian.Uint32(batches[23:])) + 1
		batches = batches[length:]
	}
	return offset
}

// fetchVersion is the last one that names topics by name.
const fetchVersion = 12

func fetchRequest(topic string, partition int32, offset int64, bytesMax, waitMillis int32) *kmsg.FetchRequest {
	request := kmsg.NewPtrFetchRequest()
	request.SetVersion(fetchVersion)
	request.MaxWaitMillis, request.MinBytes, request.MaxBytes, request.SessionEpoch = waitMillis, 1, bytesMax, -1
	entry := kmsg.NewFetchRequestTopic()
	entry.Topic = topic
	part := kmsg.NewFetchRequestTopicPartition()
	part.Partition, part.FetchOffset, part.PartitionMaxBytes = partition, offset, bytesMax
	entry.Partitions = append(entry.Partitions, part)
	request.Topics = append(request.Topics, entry)
	return request
}
