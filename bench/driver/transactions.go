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
	if err := untilStored(reader, f, int64(f.producers)); err != nil {
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
	if err := untilStored(reader, f, int64(f.producers)+committed.Load()); err != nil {
		return nil, err
	}
	figures["transactions"] = float64(committed.Load())
	figures["records"] = figures["transactions"] * recordsPerTransaction
	figures["bytes"] = figures["records"] * float64(f.size)
	return figures, nil
}

// untilStored waits for the records and markers of so many transactions: markers may be on their way when an end is answered.
func untilStored(reader *kgo.Client, f Flags, transactions int64) error {
	wanted := transactions * int64(recordsPerTransaction+f.partitions)
	for until := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		offsets, err := endOffsets(context.Background(), reader, f)
		if err != nil {
			return err
		}
		stored := sum(offsets[f.topic])
		if stored == wanted {
			return nil
		}
		if time.Now().After(until) {
			return fmt.Errorf("%d records and markers were committed and %d are stored", wanted, stored)
		}
	}
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
