package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// batchCounter sees every batch and every produce request that was answered: proof that the batches had the wanted size.
type batchCounter struct{ batches, batchBytes, requests atomic.Int64 }

func (c *batchCounter) OnProduceBatchWritten(_ kgo.BrokerMetadata, _ string, _ int32, m kgo.ProduceBatchMetrics) {
	c.batches.Add(1)
	c.batchBytes.Add(int64(m.CompressedBytes) + batchHeaderBytes)
}

func (c *batchCounter) OnBrokerE2E(_ kgo.BrokerMetadata, key int16, _ kgo.BrokerE2E) {
	if key == 0 {
		c.requests.Add(1)
	}
}

const batchHeaderBytes = 61

// produce writes as fast as the broker answers: records go round the partitions in runs of about one batch, so that batches are full.
func produce(f Flags) (Figures, error) {
	counter := &batchCounter{}
	clients := make([]*kgo.Client, f.producers)
	for i := range clients {
		client, err := newProducer(f, counter)
		if err != nil {
			return nil, err
		}
		defer client.Close()
		clients[i] = client
		if err := touch(client, f); err != nil {
			return nil, err
		}
	}
	ctx := context.Background()
	before, err := endOffsets(ctx, clients[0], f)
	if err != nil {
		return nil, err
	}
	var failure atomic.Pointer[error]
	var acked atomic.Int64
	base := [3]int64{counter.batches.Load(), counter.batchBytes.Load(), counter.requests.Load()}
	clock := startClock(f.brokerPid)
	var group sync.WaitGroup
	for _, client := range clients {
		group.Go(func() { write(client, f, clock.startedAt.Add(f.time), &acked, &failure) })
	}
	group.Wait()
	figures := clock.stop(Figures{})
	if err := failure.Load(); err != nil {
		return nil, *err
	}
	after, err := endOffsets(ctx, clients[0], f)
	if err != nil {
		return nil, err
	}
	if stored := sum(after[f.topic]) - sum(before[f.topic]); stored != acked.Load() {
		return nil, fmt.Errorf("%d records were acknowledged and %d stored", acked.Load(), stored)
	}
	batches := float64(counter.batches.Load() - base[0])
	figures["records"] = float64(acked.Load())
	figures["bytes"] = figures["records"] * float64(f.size)
	figures["batchBytesMean"] = float64(counter.batchBytes.Load()-base[1]) / batches
	figures["batchesPerRequest"] = batches / float64(counter.requests.Load()-base[2])
	return figures, nil
}

func newProducer(f Flags, counter *batchCounter) (*kgo.Client, error) {
	acks := map[int]kgo.Acks{0: kgo.NoAck(), 1: kgo.LeaderAck(), -1: kgo.AllISRAcks()}[f.acks]
	options := []kgo.Opt{
		kgo.DefaultProduceTopic(f.topic),
		kgo.ProducerBatchCompression(kgo.NoCompression()),
		kgo.ProducerBatchMaxBytes(int32(f.batchBytes)),
		kgo.ProducerLinger(f.linger),
		kgo.RequiredAcks(acks),
		kgo.MaxBufferedRecords(max(10_000, 64*f.batchBytes/f.size)),
		kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.WithHooks(counter),
	}
	if !f.idempotent {
		options = append(options, kgo.DisableIdempotentWrite(), kgo.MaxProduceRequestsInflightPerBroker(5))
	}
	return newClient(f, options...)
}

// touch writes one record to each partition: connections, producer id and leaders are known when the measured part starts.
func touch(client *kgo.Client, f Flags) error {
	value := make([]byte, f.size)
	for partition := range f.partitions {
		record := &kgo.Record{Value: value, Partition: int32(partition)}
		if err := client.ProduceSync(context.Background(), record).FirstErr(); err != nil {
			return err
		}
	}
	return nil
}

func write(client *kgo.Client, f Flags, until time.Time, acked *atomic.Int64, failure *atomic.Pointer[error]) {
	value := make([]byte, f.size)
	_, _ = rand.Read(value)
	perBatch := max(1, (f.batchBytes-batchHeaderBytes)/(f.size+10))
	var mine int64
	free := sync.Pool{New: func() any { return new(kgo.Record) }}
	done := func(record *kgo.Record, err error) {
		if err != nil {
			failure.CompareAndSwap(nil, &err)
		} else {
			mine++
		}
		free.Put(record)
	}
	ctx := context.Background()
	limit := f.records / f.producers
	for i := 0; (limit == 0 || i < limit) && failure.Load() == nil; i++ {
		if i%perBatch == 0 && time.Now().After(until) {
			break
		}
		record := free.Get().(*kgo.Record)
		*record = kgo.Record{Value: value, Partition: int32(i / perBatch % f.partitions)}
		client.Produce(ctx, record, done)
	}
	if err := client.Flush(ctx); err != nil {
		failure.CompareAndSwap(nil, &err)
	}
	acked.Add(mine)
}
