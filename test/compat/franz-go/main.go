// The franz-go client and its admin package against one server: topics, settings, producing in every codec, consuming,
// groups of the classic protocol. Run as `franz-go BOOTSTRAP`; what it saw is on standard output, in steps.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sort"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

var (
	bootstrap string
	admin     *kadm.Client
	ctx       = context.Background()
	keep      = "-1"
)

func main() {
	if os.Args[1] == "member" {
		member(os.Args[2], os.Args[3], os.Args[4], os.Args[5])
		return
	}
	bootstrap = os.Args[1]
	admin = kadm.NewClient(client())
	topics()
	settings()
	producing()
	consuming()
	offsets()
	groups()
	deleting()
	admin.Close()
}

func client(options ...kgo.Opt) *kgo.Client {
	made, err := kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(bootstrap), kgo.MetadataMinAge(50 * time.Millisecond), kgo.RetryTimeout(5 * time.Second)}, options...)...)
	if err != nil {
		panic(err)
	}
	return made
}

func topics() {
	create := func(partitions int32, replicas int16, configs map[string]*string, names ...string) ([]string, error) {
		created, err := admin.CreateTopics(ctx, partitions, replicas, configs, names...)
		var lines []string
		for _, t := range created.Sorted() {
			lines = append(lines, fmt.Sprintf("%s %s %q partitions %d replicas %d configs %d", t.Topic, told(t.Err), t.ErrMessage, t.NumPartitions, t.ReplicationFactor, len(t.Configs)))
		}
		return sorted(lines, err)
	}
	describe := func(names ...string) ([]string, error) {
		details, err := admin.ListTopics(ctx, names...)
		var lines []string
		for _, t := range details.Sorted() {
			line := fmt.Sprintf("%s internal %v %s:", t.Topic, t.IsInternal, told(t.Err))
			for _, p := range t.Partitions.Sorted() {
				line += fmt.Sprintf(" %d leader=%d epoch=%d isr=%v replicas=%v offline=%v", p.Partition, p.Leader, p.LeaderEpoch, p.ISR, p.Replicas, p.OfflineReplicas)
			}
			lines = append(lines, line)
		}
		return sorted(lines, err)
	}
	grow := func(count int, names ...string) ([]string, error) {
		grown, err := admin.UpdatePartitions(ctx, count, names...)
		var lines []string
		for _, t := range grown.Sorted() {
			lines = append(lines, fmt.Sprintf("%s %s %q", t.Topic, told(t.Err), t.ErrMessage))
		}
		return sorted(lines, err)
	}
	remove := func(names ...string) ([]string, error) {
		removed, err := admin.DeleteTopics(ctx, names...)
		var lines []string
		for _, t := range removed.Sorted() {
			lines = append(lines, fmt.Sprintf("%s %s %q", t.Topic, told(t.Err), t.ErrMessage))
		}
		return sorted(lines, err)
	}

	step("metadata of the cluster", func() ([]string, error) {
		m, err := admin.BrokerMetadata(ctx)
		return []string{fmt.Sprintf("controller %d brokers %v cluster id of %d characters", m.Controller, m.Brokers.NodeIDs(), len(m.Cluster))}, err
	})
	step("create", func() ([]string, error) { return create(3, 1, nil, "orders", "shared") })
	step("create with settings", func() ([]string, error) { return create(2, 1, map[string]*string{"retention.ms": &keep}, "kept") })
	step("create with the defaults of the broker", func() ([]string, error) { return create(-1, -1, nil, "plain") })
	step("create what exists and what is not legal", func() ([]string, error) { return create(1, 1, nil, "orders", "not legal", "..") })
	step("create with too many replicas", func() ([]string, error) { return create(1, 3, nil, "bad") })
	step("create with no partitions", func() ([]string, error) { return create(0, 1, nil, "bad") })
	step("create with an unknown setting", func() ([]string, error) { return create(1, 1, map[string]*string{"no.such.setting": &keep}, "bad") })
	step("create, only validated", func() ([]string, error) {
		validated, err := admin.ValidateCreateTopics(ctx, 1, 1, nil, "never", "orders")
		var lines []string
		for _, t := range validated.Sorted() {
			lines = append(lines, fmt.Sprintf("%s %s", t.Topic, told(t.Err)))
		}
		return sorted(lines, err)
	})
	settle()
	step("describe all", func() ([]string, error) { return describe() })
	step("describe what is not there", func() ([]string, error) { return describe("absent") })
	step("add partitions", func() ([]string, error) { return grow(6, "shared", "absent") })
	step("ask for fewer partitions", func() ([]string, error) { return grow(2, "orders") })
	settle()
	step("describe after adding", func() ([]string, error) { return describe("shared") })
	step("delete", func() ([]string, error) { return remove("plain", "absent") })
	settle()
	step("describe after deleting", func() ([]string, error) { return describe() })
}

func settings() {
	show := func(resources kadm.ResourceConfigs, err error, all bool) ([]string, error) {
		var lines []string
		for _, resource := range resources {
			if resource.Err != nil {
				lines = append(lines, fmt.Sprintf("%s %s %q", resource.Name, told(resource.Err), resource.ErrMessage))
			}
			for _, c := range resource.Configs {
				if all || c.Source.String() != "DEFAULT_CONFIG" {
					lines = append(lines, fmt.Sprintf("%s=%s %s sensitive=%v synonyms=%d", c.Key, c.MaybeValue(), c.Source, c.Sensitive, len(c.Synonyms)))
				}
			}
		}
		return sorted(lines, err)
	}
	ofTopic := func(name string, all bool) ([]string, error) {
		resources, err := admin.DescribeTopicConfigs(ctx, name)
		return show(resources, err, all)
	}
	alter := func(changes ...kadm.AlterConfig) ([]string, error) {
		altered, err := admin.AlterTopicConfigs(ctx, changes, "kept", "absent")
		var lines []string
		for _, a := range altered {
			lines = append(lines, fmt.Sprintf("%s %s %q", a.Name, told(a.Err), a.ErrMessage))
		}
		return sorted(lines, err)
	}
	set := func(name, value string) kadm.AlterConfig {
		return kadm.AlterConfig{Op: kadm.SetConfig, Name: name, Value: &value}
	}
	compact := "compact"

	step("settings of a topic", func() ([]string, error) { return ofTopic("kept", true) })
	step("settings of a topic that is not there", func() ([]string, error) { return ofTopic("absent", true) })
	step("settings of the broker that are not defaults", func() ([]string, error) {
		resources, err := admin.DescribeBrokerConfigs(ctx, 1)
		lines, err := show(resources, err, false)
		kept := lines[:0]
		for _, line := range lines {
			if strings.HasPrefix(line, "group.") || strings.HasPrefix(line, "node.id") || strings.HasPrefix(line, "log.dirs") {
				kept = append(kept, line)
			}
		}
		return kept, err
	})
	step("set", func() ([]string, error) {
		return alter(set("segment.ms", "600000"), kadm.AlterConfig{Op: kadm.AppendConfig, Name: "cleanup.policy", Value: &compact})
	})
	settle()
	step("settings after setting", func() ([]string, error) { return ofTopic("kept", false) })
	step("take from a list and unset", func() ([]string, error) {
		return alter(kadm.AlterConfig{Op: kadm.DeleteConfig, Name: "segment.ms"}, kadm.AlterConfig{Op: kadm.SubtractConfig, Name: "cleanup.policy", Value: &compact})
	})
	settle()
	step("settings after unsetting", func() ([]string, error) { return ofTopic("kept", false) })
	step("set to a value out of range", func() ([]string, error) { return alter(set("retention.ms", "-5")) })
	step("set what is not known", func() ([]string, error) { return alter(set("no.such.setting", "1")) })
	step("set the same twice", func() ([]string, error) { return alter(set("segment.ms", "1000"), set("segment.ms", "2000")) })
}

func codecs() map[string]kgo.CompressionCodec {
	return map[string]kgo.CompressionCodec{"none": kgo.NoCompression(), "gzip": kgo.GzipCompression(), "snappy": kgo.SnappyCompression(), "lz4": kgo.Lz4Compression(), "zstd": kgo.ZstdCompression()}
}

func produce(records []*kgo.Record, options ...kgo.Opt) ([]string, error) {
	producer := client(append([]kgo.Opt{kgo.RecordPartitioner(kgo.ManualPartitioner())}, options...)...)
	defer producer.Close()
	limited, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	var lines []string
	for _, result := range producer.ProduceSync(limited, records...) {
		r := result.Record
		if result.Err != nil {
			lines = append(lines, told(result.Err))
		} else {
			lines = append(lines, fmt.Sprintf("%s-%d@%d %d", r.Topic, r.Partition, r.Offset, r.Timestamp.UnixMilli()))
		}
	}
	return sorted(lines, nil)
}

func producing() {
	settle()
	for _, codec := range []string{"none", "gzip", "snappy", "lz4", "zstd"} {
		step("produce with "+codec, func() ([]string, error) {
			var records []*kgo.Record
			for i := range 10 {
				records = append(records, &kgo.Record{
					Topic: "kept", Partition: int32(i % 2), Key: fmt.Appendf(nil, "key-%d", i), Value: []byte(strings.Repeat(fmt.Sprintf("%s %d ", codec, i), 20)),
					Timestamp: time.UnixMilli(firstTimestamp + int64(i)), Headers: []kgo.RecordHeader{{Key: "codec", Value: []byte(codec)}, {Key: "nil"}, {Key: "empty", Value: []byte{}}},
				})
			}
			return produce(records, kgo.ProducerBatchCompression(codecs()[codec]))
		})
	}
	one := func(topic string, partition int32, value string) []*kgo.Record {
		return []*kgo.Record{{Topic: topic, Partition: partition, Value: []byte(value), Timestamp: time.UnixMilli(firstTimestamp)}}
	}
	step("produce without idempotence", func() ([]string, error) {
		none, _ := produce(one("orders", 0, "x"), kgo.RequiredAcks(kgo.NoAck()), kgo.DisableIdempotentWrite())
		leader, err := produce(one("orders", 0, "x"), kgo.RequiredAcks(kgo.LeaderAck()), kgo.DisableIdempotentWrite())
		return []string{fmt.Sprint(len(none), " without acks"), fmt.Sprint(leader)}, err
	})
	step("produce many idempotently", func() ([]string, error) {
		var records []*kgo.Record
		for i := range 5000 {
			records = append(records, &kgo.Record{Topic: "orders", Partition: 1, Value: fmt.Appendf(nil, "%d", i)})
		}
		lines, err := produce(records, kgo.ProducerBatchMaxBytes(2000), kgo.ProducerLinger(0))
		return []string{fmt.Sprint(len(lines), " records")}, err
	})
	step("produce over the limit", func() ([]string, error) {
		return produce(one("orders", 0, strings.Repeat("x", 1_500_000)), kgo.ProducerBatchMaxBytes(4_000_000), kgo.ProducerBatchCompression(kgo.NoCompression()))
	})
	step("produce to a name that is not legal", func() ([]string, error) { return produce(one("not legal", 0, "x")) })
	step("produce to a topic that is not there", func() ([]string, error) { return produce(one("absent", 0, "x"), kgo.UnknownTopicRetries(1)) })
	step("produce to a topic made by producing", func() ([]string, error) { return produce(one("made", 0, "x"), kgo.AllowAutoTopicCreation()) })
}

func read(count int, options ...kgo.Opt) ([]string, error) {
	consumer := client(append([]kgo.Opt{kgo.FetchMaxWait(50 * time.Millisecond)}, options...)...)
	defer consumer.Close()
	limited, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	var lines []string
	for len(lines) < count {
		fetches := consumer.PollFetches(limited)
		if err := fetches.Err(); err != nil {
			return sorted(lines, err)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			headers := ""
			for _, h := range r.Headers {
				headers += fmt.Sprintf(" %s=%q(nil %v)", h.Key, h.Value, h.Value == nil)
			}
			lines = append(lines, fmt.Sprintf("%s-%d@%d %d type %d epoch %d codec %d %q %q%s", r.Topic, r.Partition, r.Offset, r.Timestamp.UnixMilli(), r.Attrs.TimestampType(), r.LeaderEpoch, r.Attrs.CompressionType(), r.Key, short(string(r.Value)), headers))
		})
	}
	return sorted(lines, nil)
}

func from(topic string, places map[int32]kgo.Offset) kgo.Opt {
	return kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: places})
}

func consuming() {
	step("consume all codecs", func() ([]string, error) {
		return read(50, kgo.ConsumeTopics("kept"), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	})
	step("consume from offsets", func() ([]string, error) {
		return read(5, from("kept", map[int32]kgo.Offset{0: kgo.NewOffset().At(22), 1: kgo.NewOffset().AtEnd().Relative(-2)}))
	})
	step("consume from the middle of a batch", func() ([]string, error) {
		return read(23, from("kept", map[int32]kgo.Offset{0: kgo.NewOffset().At(2)}))
	})
	step("consume from a time", func() ([]string, error) {
		return read(22, from("kept", map[int32]kgo.Offset{0: kgo.NewOffset().AfterMilli(firstTimestamp + 5)}))
	})
	step("consume only what is committed", func() ([]string, error) {
		lines, err := read(5000, kgo.FetchIsolationLevel(kgo.ReadCommitted()), from("orders", map[int32]kgo.Offset{1: kgo.NewOffset().AtStart()}))
		return []string{fmt.Sprint(len(lines), " records")}, err
	})
	step("consume beyond the end", func() ([]string, error) {
		return read(1, from("kept", map[int32]kgo.Offset{0: kgo.NewOffset().At(1000)}), kgo.ConsumeResetOffset(kgo.NoResetOffset()))
	})
	step("consume by pattern", func() ([]string, error) {
		return read(1, kgo.ConsumeRegex(), kgo.ConsumeTopics("^ma.*"), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	})
}

func offsets() {
	list := func(listed kadm.ListedOffsets, err error) ([]string, error) {
		var lines []string
		listed.Each(func(o kadm.ListedOffset) {
			lines = append(lines, fmt.Sprintf("%s-%d %d time %d epoch %d %s", o.Topic, o.Partition, o.Offset, o.Timestamp, o.LeaderEpoch, told(o.Err)))
		})
		return sorted(lines, err)
	}
	step("start offsets", func() ([]string, error) { return list(admin.ListStartOffsets(ctx, "kept", "absent")) })
	step("end offsets", func() ([]string, error) { return list(admin.ListEndOffsets(ctx, "kept")) })
	step("committed offsets", func() ([]string, error) { return list(admin.ListCommittedOffsets(ctx, "kept")) })
	step("offsets of the greatest time", func() ([]string, error) { return list(admin.ListMaxTimestampOffsets(ctx, "kept")) })
	step("offsets after a time", func() ([]string, error) { return list(admin.ListOffsetsAfterMilli(ctx, firstTimestamp+5, "kept")) })
	step("offsets after a time to come", func() ([]string, error) { return list(admin.ListOffsetsAfterMilli(ctx, firstTimestamp+1000, "kept")) })
	step("ends of leader epochs", func() ([]string, error) {
		var request kadm.OffsetForLeaderEpochRequest
		for epoch := range int32(2) {
			request.Add("kept", epoch, epoch)
		}
		ends, err := admin.OffsetForLeaderEpoch(ctx, request)
		var lines []string
		for topic, partitions := range ends {
			for partition, end := range partitions {
				lines = append(lines, fmt.Sprintf("%s-%d epoch %d end %d %s", topic, partition, end.LeaderEpoch, end.EndOffset, told(end.Err)))
			}
		}
		return sorted(lines, err)
	})
	step("log dirs", func() ([]string, error) {
		dirs, err := admin.DescribeAllLogDirs(ctx, kadm.TopicsSet{"kept": {0: {}, 1: {}}})
		var lines []string
		dirs.Each(func(d kadm.DescribedLogDir) {
			d.Topics.Each(func(p kadm.DescribedLogDirPartition) {
				lines = append(lines, fmt.Sprintf("%s-%d lag %d future %v has bytes %v", p.Topic, p.Partition, p.OffsetLag, p.IsFuture, p.Size > 0))
			})
		})
		return sorted(lines, err)
	})
}

func groups() {
	everyone := newMembers(bootstrap, "team", "shared")
	defer everyone.stop()
	describe := func(names ...string) ([]string, error) {
		described, err := admin.DescribeGroups(ctx, names...)
		var lines []string
		for _, g := range described.Sorted() {
			var who []string
			for _, m := range g.Members {
				partitions := 0
				if assigned, ok := m.Assigned.AsConsumer(); ok {
					for _, t := range assigned.Topics {
						partitions += len(t.Partitions)
					}
				}
				who = append(who, fmt.Sprintf("%s at %s with %d", m.ClientID, m.ClientHost, partitions))
			}
			sort.Strings(who)
			lines = append(lines, fmt.Sprintf("%s %s %q %q %v %s coordinator %d", g.Group, g.State, g.ProtocolType, g.Protocol, who, told(g.Err), g.Coordinator.NodeID))
		}
		return sorted(lines, err)
	}
	list := func(states ...string) ([]string, error) {
		listed, err := admin.ListGroups(ctx, states...)
		var lines []string
		for _, g := range listed.Sorted() {
			lines = append(lines, fmt.Sprintf("%s %q %s coordinator %d", g.Group, g.ProtocolType, g.State, g.Coordinator))
		}
		return sorted(lines, err)
	}
	remove := func(names ...string) ([]string, error) {
		removed, err := admin.DeleteGroups(ctx, names...)
		var lines []string
		for _, g := range removed.Sorted() {
			lines = append(lines, fmt.Sprintf("%s %s", g.Group, told(g.Err)))
		}
		return sorted(lines, err)
	}
	produced := 0
	readAll := func() ([]string, error) {
		var records []*kgo.Record
		var want []place
		for range 60 {
			records = append(records, &kgo.Record{Topic: "shared", Partition: int32(produced % 6), Value: fmt.Appendf(nil, "%d", produced)})
			want = append(want, place{int32(produced % 6), int64(produced / 6)})
			produced++
		}
		if lines, err := produce(records); err != nil || len(lines) != 60 {
			return sorted(lines, err)
		}
		return everyone.untilRead(want)
	}

	step("group of three shares six partitions", func() ([]string, error) {
		for _, name := range []string{"a", "b", "c"} {
			if err := everyone.start(name); err != nil {
				return nil, err
			}
		}
		return everyone.untilShares(2, 2, 2)
	})
	step("group reads everything", readAll)
	step("describe the group", func() ([]string, error) { return describe("team") })
	step("list groups", func() ([]string, error) { return list() })
	step("list groups by state", func() ([]string, error) { return list("Stable") })
	step("delete a group with members", func() ([]string, error) { return remove("team") })
	step("a member dies, two are left", func() ([]string, error) { everyone.kill("b"); return everyone.untilShares(3, 3) })
	step("group of two reads everything", readAll)
	step("describe the group of two", func() ([]string, error) { return describe("team") })
	step("a member leaves, one is left", func() ([]string, error) { everyone.leave("c"); return everyone.untilShares(6) })
	step("group of one reads everything", readAll)
	everyone.leave("a")

	fetch := func(group string) ([]string, error) {
		fetched, err := admin.FetchOffsets(ctx, group)
		var lines []string
		for _, o := range fetched.Sorted() {
			lines = append(lines, fmt.Sprintf("%s-%d %d epoch %d %q %s", o.Topic, o.Partition, o.At, o.LeaderEpoch, o.Metadata, told(o.Err)))
		}
		return sorted(lines, err)
	}
	commit := func(group, topic string, partition int32, at int64, metadata string) ([]string, error) {
		var all kadm.Offsets
		all.Add(kadm.Offset{Topic: topic, Partition: partition, At: at, LeaderEpoch: 0, Metadata: metadata})
		committed, err := admin.CommitOffsets(ctx, group, all)
		var lines []string
		for _, o := range committed.Sorted() {
			lines = append(lines, fmt.Sprintf("%s-%d %s", o.Topic, o.Partition, told(o.Err)))
		}
		return sorted(lines, err)
	}
	step("describe the empty group", func() ([]string, error) { return describe("team") })
	step("offsets of the group", func() ([]string, error) { return fetch("team") })
	step("commit offsets from outside", func() ([]string, error) { return commit("team", "shared", 0, 3, "a note") })
	step("commit offsets for a new group", func() ([]string, error) { return commit("fresh", "shared", 1, 5, "") })
	step("commit offsets of a topic that is not there", func() ([]string, error) { return commit("fresh", "absent", 0, 5, "") })
	step("offsets after committing", func() ([]string, error) { return fetch("team") })
	step("lag", func() ([]string, error) {
		lags, err := admin.Lag(ctx, "team", "fresh")
		var lines []string
		lags.Each(func(l kadm.DescribedGroupLag) {
			lines = append(lines, fmt.Sprintf("%s %s total %d", l.Group, l.State, l.Lag.Total()))
		})
		return sorted(lines, err)
	})
	step("offsets of a group that is not there", func() ([]string, error) { return fetch("absent") })
	step("delete offsets", func() ([]string, error) {
		deleted, err := admin.DeleteOffsets(ctx, "team", kadm.TopicsSet{"shared": {0: {}, 1: {}}, "absent": {0: {}}})
		var lines []string
		for topic, partitions := range deleted {
			for partition, err := range partitions {
				lines = append(lines, fmt.Sprintf("%s-%d %s", topic, partition, told(err)))
			}
		}
		return sorted(lines, err)
	})
	step("offsets after deleting", func() ([]string, error) { return fetch("team") })
	step("delete groups", func() ([]string, error) { return remove("team", "fresh", "absent") })
	step("describe a group that is not there", func() ([]string, error) { return describe("team") })
	step("list groups at the end", func() ([]string, error) { return list() })
	step("find coordinators", func() ([]string, error) {
		found := admin.FindGroupCoordinators(ctx, "one", "two")
		var lines []string
		for _, c := range found.Sorted() {
			lines = append(lines, fmt.Sprintf("%s node %d %s %q", c.Name, c.NodeID, told(c.Err), c.ErrMessage))
		}
		return sorted(lines, nil)
	})
}

func deleting() {
	step("delete records", func() ([]string, error) {
		var at kadm.Offsets
		at.Add(kadm.Offset{Topic: "kept", Partition: 0, At: 5})
		at.Add(kadm.Offset{Topic: "kept", Partition: 1, At: 1000})
		deleted, err := admin.DeleteRecords(ctx, at)
		var lines []string
		for _, d := range deleted.Sorted() {
			lines = append(lines, fmt.Sprintf("%s-%d low %d %s", d.Topic, d.Partition, d.LowWatermark, told(d.Err)))
		}
		return sorted(lines, err)
	})
	step("start offsets after deleting records", func() ([]string, error) {
		listed, err := admin.ListStartOffsets(ctx, "kept")
		return []string{fmt.Sprint(listed.Offsets().Sorted())}, err
	})
	step("delete all topics", func() ([]string, error) {
		removed, err := admin.DeleteTopics(ctx, "orders", "shared", "kept", "made")
		return []string{fmt.Sprint(len(removed), " ", told(removed.Error()))}, err
	})
}

func member(bootstrap, group, topic, name string) {
	var consumer *kgo.Client
	assigned := map[int32]bool{}
	change := func(given map[string][]int32, held bool) {
		for _, partition := range given[topic] {
			if held {
				assigned[partition] = true
			} else {
				delete(assigned, partition)
			}
		}
		all := []int32{}
		for partition := range assigned {
			all = append(all, partition)
		}
		tell(telling{Assigned: &all})
	}
	consumer, err := kgo.NewClient(
		kgo.SeedBrokers(bootstrap), kgo.ClientID("member-"+name), kgo.ConsumerGroup(group), kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.Balancers(kgo.CooperativeStickyBalancer()),
		kgo.SessionTimeout(1500*time.Millisecond), kgo.HeartbeatInterval(100*time.Millisecond), kgo.AutoCommitInterval(100*time.Millisecond), kgo.FetchMaxWait(50*time.Millisecond), kgo.BlockRebalanceOnPoll(),
		kgo.OnPartitionsAssigned(func(_ context.Context, _ *kgo.Client, given map[string][]int32) { change(given, true) }),
		kgo.OnPartitionsRevoked(func(_ context.Context, _ *kgo.Client, taken map[string][]int32) { change(taken, false) }),
		kgo.OnPartitionsLost(func(_ context.Context, _ *kgo.Client, taken map[string][]int32) { change(taken, false) }),
	)
	if err != nil {
		panic(err)
	}
	open, end := context.WithCancel(ctx)
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		end()
	}()
	for {
		fetches := consumer.PollFetches(open)
		if errors.Is(fetches.Err0(), context.Canceled) {
			break
		}
		fetches.EachRecord(func(r *kgo.Record) { tell(telling{Record: &place{r.Partition, r.Offset}}) })
		consumer.AllowRebalance()
	}
	_ = consumer.CommitUncommittedOffsets(ctx)
	consumer.CloseAllowingRebalance()
}
