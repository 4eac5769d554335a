package main

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

const recordsPerTransaction = 100

// transactions has each producer write and commit one transaction after the other: a hundred records, spread over all partitions.
func transactions(f Flags) (Figures, error) {
	clients := make([]*kgo.Client, f.producers)
	for i := range clients {
		client, err := newClient(f,
			kgo.DefaultProduceTopic(f.topic),
			kgo.ProducerBatchCompression(kgo.NoCompression()),
			kgo.ProducerLinger(0),
			kgo.RecordPartitioner(kgo.ManualPartitioner()),
			kgo.TransactionalID(fmt.Sprintf("%s-%d", f.topic, i)),
		)
		if err != nil {
			return nil, err
		}
		defer client.Close()
		if err := transact(client, f); err != nil {
			return nil, err
		}
		clients[i] = client
	}
	reader, err := newClient(f)
	if err != nil {
		return nil, err
	}
	defer reader.Close()
	before, err := endOffsets(context.Background(), reader, f)
	if err != nil {
		return nil, err
	}
	var failure atomic.Pointer[error]
	var committed atomic.Int64
	clock := startClock(f.brokerPid)
	var group sync.WaitGroup
	for _, client := range clients {
		group.Go(func() {
			for time.Since(clock.startedAt) < f.time && failure.Load() == nil {
				if err := transact(client, f); err != nil {
					failure.CompareAndSwap(nil, &err)
					return
				}
				committed.Add(1)
			}
		})
	}
	group.Wait()
	figures := clock.stop(Figures{})
	if err := failure.Load(); err != nil {
		return nil, *err
	}
	// The markers of the last transactions may be on their way when their ends are answered.
	wanted := committed.Load() * int64(recordsPerTransaction+f.partitions)
	for until := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		after, err := endOffsets(context.Background(), reader, f)
		if err != nil {
			return nil, err
		}
		stored := sum(after[f.topic]) - sum(before[f.topic])
		if stored == wanted {
			break
		}
		if time.Now().After(until) {
			return nil, fmt.Errorf("%d records and markers were committed and %d are stored", wanted, stored)
		}
	}
	figures["transactions"] = float64(committed.Load())
	figures["records"] = figures["transactions"] * recordsPerTransaction
	figures["bytes"] = figures["records"] * float64(f.size)
	return figures, nil
}

func transact(client *kgo.Client, f Flags) error {
	ctx := context.Background()
	if err := client.BeginTransaction(); err != nil {
		return err
	}
	value := make([]byte, f.size)
	var failure atomic.Pointer[error]
	for i := range recordsPerTransaction {
		record := &kgo.Record{Value: value, Partition: int32(i % f.partitions)}
		client.Produce(ctx, record, func(_ *kgo.Record, err error) {
			if err != nil {
				failure.CompareAndSwap(nil, &err)
			}
		})
	}
	if err := client.Flush(ctx); err != nil {
		return err
	}
	if err := failure.Load(); err != nil {
		return *err
	}
	return client.EndTransaction(ctx, kgo.TryCommit)
}
