package main

import (
	"context"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

func newClient(f Flags, options ...kgo.Opt) (*kgo.Client, error) {
	return kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(f.bootstrap), kgo.ClientID("bench")}, options...)...)
}

// createTopics makes the topics and waits until every partition has a leader. Topics that are there already are left alone.
func createTopics(f Flags) (Figures, error) {
	client, err := newClient(f)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	clock := startClock(f.brokerPid)
	request := kmsg.NewPtrCreateTopicsRequest()
	request.TimeoutMillis = 30_000
	for _, name := range f.topicNames() {
		topic := kmsg.NewCreateTopicsRequestTopic()
		topic.Topic, topic.NumPartitions, topic.ReplicationFactor = name, int32(f.partitions), 1
		request.Topics = append(request.Topics, topic)
	}
	response, err := request.RequestWith(ctx, client)
	if err != nil {
		return nil, err
	}
	for _, topic := range response.Topics {
		if err := kerr.ErrorForCode(topic.ErrorCode); err != nil && err != kerr.TopicAlreadyExists {
			return nil, fmt.Errorf("creating %s: %w", topic.Topic, err)
		}
	}
	for {
		_, err := endOffsets(ctx, client, f)
		if err == nil {
			return clock.stop(Figures{}), nil
		}
		if ctx.Err() != nil {
			return nil, fmt.Errorf("the topics have no leaders: %w", err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func deleteTopics(f Flags) (Figures, error) {
	client, err := newClient(f)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	clock := startClock(f.brokerPid)
	request := kmsg.NewPtrDeleteTopicsRequest()
	request.TimeoutMillis = 30_000
	request.TopicNames = f.topicNames()
	for _, name := range f.topicNames() {
		topic := kmsg.NewDeleteTopicsRequestTopic()
		topic.Topic = kmsg.StringPtr(name)
		request.Topics = append(request.Topics, topic)
	}
	response, err := request.RequestWith(context.Background(), client)
	if err != nil {
		return nil, err
	}
	for _, topic := range response.Topics {
		if err := kerr.ErrorForCode(topic.ErrorCode); err != nil {
			return nil, fmt.Errorf("deleting %s: %w", *topic.Topic, err)
		}
	}
	return clock.stop(Figures{}), nil
}

// endOffsets asks the single broker for the end of every partition; an error of any partition is an error.
func endOffsets(ctx context.Context, client *kgo.Client, f Flags) (map[string][]int64, error) {
	request := kmsg.NewPtrListOffsetsRequest()
	request.ReplicaID = -1
	ends := map[string][]int64{}
	for _, name := range f.topicNames() {
		topic := kmsg.NewListOffsetsRequestTopic()
		topic.Topic = name
		for partition := range f.partitions {
			entry := kmsg.NewListOffsetsRequestTopicPartition()
			entry.Partition, entry.Timestamp = int32(partition), -1
			topic.Partitions = append(topic.Partitions, entry)
		}
		request.Topics = append(request.Topics, topic)
		ends[name] = make([]int64, f.partitions)
	}
	answer, err := client.SeedBrokers()[0].Request(ctx, request)
	if err != nil {
		return nil, err
	}
	for _, topic := range answer.(*kmsg.ListOffsetsResponse).Topics {
		for _, partition := range topic.Partitions {
			if err := kerr.ErrorForCode(partition.ErrorCode); err != nil {
				return nil, err
			}
			ends[topic.Topic][partition.Partition] = partition.Offset
		}
	}
	return ends, nil
}

func sum(offsets []int64) (total int64) {
	for _, offset := range offsets {
		total += offset
	}
	return total
}
