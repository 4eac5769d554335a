"""confluent-kafka, the Python door to librdkafka: the same work as the other Python client, through a different engine."""

import sys
import time
import warnings

from confluent_kafka import Consumer, ConsumerGroupState, ConsumerGroupTopicPartitions, ConsumerGroupType, IsolationLevel, KafkaError, KafkaException, OFFSET_BEGINNING, OFFSET_END, Producer, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, NewPartitions, NewTopic, OffsetSpec, ResourceType

from steps import FIRST_TIMESTAMP, Members, settle, step, stdin_closed, tell, until

warnings.simplefilter("ignore", DeprecationWarning)
CODECS = ["none", "gzip", "snappy", "lz4", "zstd"]
KEPT = {"retention.ms": "-1"}
QUIET = {"log_level": 0, "topic.metadata.refresh.fast.interval.ms": 50}


def main(bootstrap):
    admin = AdminClient({"bootstrap.servers": bootstrap, **QUIET})
    topics(admin)
    configs(admin)
    producing(bootstrap)
    consuming(bootstrap)
    offsets_by_admin(admin)
    groups(bootstrap, admin)
    deleting(admin)


def each(futures, show=lambda result: result):
    """What the futures of an admin call hold, in the order of their names."""
    lines = []
    for name, future in sorted(futures.items(), key=lambda item: str(item[0])):
        try:
            lines.append(f"{name} {show(future.result(15))}")
        except KafkaException as failure:
            lines.append(f"{name} {told(failure.args[0])}")
    return lines


def told(error):
    return f"{error.name()}: {error.str()}"


def parts(partitions):
    """`str(partition)` hides the error; this shows all."""
    return [f"{p.topic}-{p.partition} {p.offset} {p.metadata and p.metadata[:10]!r} {p.error.name() if p.error else 'ok'}" for p in sorted(partitions)]


def topics(admin):
    def create(*topics, **options):
        return each(admin.create_topics([NewTopic(**topic) for topic in topics], **options))

    def one(topic, partitions=-1, replicas=-1, **options):
        return {"topic": topic, "num_partitions": partitions, "replication_factor": replicas, **options}

    def describe(*names):
        def show(topic):
            return f"internal {topic.is_internal} partitions " + " ".join(f"{p.id}:leader={p.leader.id},isr={[n.id for n in p.isr]},replicas={[n.id for n in p.replicas]}" for p in topic.partitions)
        return each(admin.describe_topics(TopicCollection(list(names))), show)

    def listed():
        return [f"{name} {len(topic.partitions)}" for name, topic in admin.list_topics(timeout=5).topics.items()]

    step("cluster", lambda: [f"controller {c.controller.id} nodes {[n.id for n in c.nodes]} operations {c.authorized_operations}" for c in [admin.describe_cluster().result(5)]])
    step("create topics", lambda: create(one("orders", 3, 1), one("plain"), one("kept", 2, 1, config=KEPT), one("assigned", 2, replica_assignment=[[1], [1]])))
    step("create what exists and what is not legal", lambda: create(one("orders", 3, 1), one("not legal", 1, 1), one("", 1, 1)))
    step("create with too many replicas", lambda: create(one("bad", 1, 3)))
    step("create with no partitions", lambda: create(one("bad", 0, 1)))
    step("create with an unknown setting", lambda: create(one("bad", 1, 1, config={"no.such.setting": "1"})))
    step("create, only validated", lambda: create(one("never", 1, 1), validate_only=True))
    settle()
    step("list", listed, sort=True)
    step("describe", lambda: describe("orders", "kept", "absent"))
    step("add partitions", lambda: each(admin.create_partitions([NewPartitions("orders", 5)])))
    step("ask for fewer partitions", lambda: each(admin.create_partitions([NewPartitions("orders", 2)])))
    step("add partitions to what is not there", lambda: each(admin.create_partitions([NewPartitions("absent", 2)])))
    settle()
    step("describe after adding", lambda: describe("orders"))
    step("delete", lambda: each(admin.delete_topics(["plain", "absent"])))
    settle()
    step("list after deleting", listed, sort=True)


def configs(admin):
    def describe(kind, name, wanted):
        (future,) = admin.describe_configs([ConfigResource(kind, name)]).values()
        try:
            entries = future.result(5).values()
        except KafkaException as failure:
            return told(failure.args[0])
        return [f"{e.name}={e.value} source={e.source} read_only={e.is_read_only} default={e.is_default} sensitive={e.is_sensitive} synonyms={sorted(s.name for s in e.synonyms.values())}" for e in entries if wanted(e)]

    def alter(*entries, **options):
        incremental = [ConfigEntry(name, value, incremental_operation=operation) for name, value, operation in entries]
        return each(admin.incremental_alter_configs([ConfigResource(ResourceType.TOPIC, "kept", incremental_configs=incremental)], **options))

    topic = ResourceType.TOPIC
    op = AlterConfigOpType
    step("settings of a topic", lambda: describe(topic, "kept", lambda _: True), sort=True)
    step("settings of a topic that is not there", lambda: describe(topic, "absent", lambda _: True))
    step("settings of a broker", lambda: describe(ResourceType.BROKER, "1", lambda e: e.name.startswith(("log.", "num."))), sort=True)
    step("set", lambda: alter(("segment.ms", "600000", op.SET), ("cleanup.policy", "compact", op.APPEND)))
    settle()
    step("settings after setting", lambda: describe(topic, "kept", lambda e: not e.is_default), sort=True)
    step("take from a list and unset", lambda: alter(("segment.ms", None, op.DELETE), ("cleanup.policy", "compact", op.SUBTRACT)))
    settle()
    step("settings after unsetting", lambda: describe(topic, "kept", lambda e: not e.is_default), sort=True)
    step("set to a value out of range", lambda: alter(("retention.ms", "-5", op.SET)))
    step("set what is not known", lambda: alter(("no.such.setting", "1", op.SET)))
    step("append to what is no list", lambda: alter(("segment.ms", "1", op.APPEND)))
    step("set, only validated", lambda: alter(("segment.ms", "700000", op.SET), validate_only=True))
    step("set the old way, all at once", lambda: each(admin.alter_configs([ConfigResource(topic, "kept", set_config={**KEPT, "max.message.bytes": "2000000"})])))
    settle()
    step("settings at the end", lambda: describe(topic, "kept", lambda e: not e.is_default), sort=True)


def producing(bootstrap):
    settle()
    def produce(topic, records, **options):
        noted = []
        producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": 1, "message.timeout.ms": 5000, **QUIET, **options})
        for record in records:
            producer.produce(topic, on_delivery=lambda error, message: noted.append(told(error) if error else f"{message.topic()}-{message.partition()}@{message.offset()} {message.timestamp()[1]}"), **record)
        left = producer.flush(10)
        return sorted(noted) + ([f"{left} left"] if left else [])

    def records(codec):
        return [
            {"key": f"key-{i}", "value": f"{codec} {i} " * 20, "partition": i % 2, "timestamp": FIRST_TIMESTAMP + i, "headers": [("codec", codec), ("n", None), ("e", b"")]}
            for i in range(10)
        ]

    for codec in CODECS:
        step(f"produce with {codec}", lambda: produce("kept", records(codec), **{"compression.type": codec}))
    for acks in ["0", "1", "all"]:
        step(f"produce with acks {acks}", lambda: len(produce("orders", [{"value": "x", "partition": 0}], acks=acks)))
    step("produce idempotently", lambda: len(produce("orders", [{"value": str(i), "partition": 1} for i in range(500)], **{"enable.idempotence": True, "batch.num.messages": 10})))
    step("produce null values and keys", lambda: len(produce("orders", [{"key": "k", "value": None, "partition": 2}, {"value": "v", "partition": 2}])))
    step("produce over the limit", lambda: produce("orders", [{"value": "x" * 1_500_000, "partition": 0}], **{"message.max.bytes": 4_000_000}))
    step("produce to a partition that is not there", lambda: produce("orders", [{"value": "x", "partition": 99}], **{"topic.metadata.propagation.max.ms": 500}))
    step("produce to a name that is not legal", lambda: produce("not legal", [{"value": "x"}]))
    step("produce to a topic made by producing", lambda: [line.split(" ")[0] for line in produce("made", [{"value": "x", "partition": 0}])])


def consuming(bootstrap):
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "unused", "enable.auto.commit": False, "auto.offset.reset": "earliest", "fetch.wait.max.ms": 50, "check.crcs": True, "enable.partition.eof": False, **QUIET})

    def read(count):
        lines = []
        deadline = time.monotonic() + 10
        while len(lines) < count and time.monotonic() < deadline:
            message = consumer.poll(0.2)
            if message is not None:
                lines.append(told(message.error()) if message.error() else show(message))
        return lines[:count]

    def show(m):
        return f"{m.topic()}-{m.partition()}@{m.offset()} {m.timestamp()} epoch {m.leader_epoch()} {m.key()} {m.value()[:12] if m.value() else m.value()} {m.headers()}"

    kept = [TopicPartition("kept", p) for p in range(2)]
    consumer.assign([TopicPartition("kept", p, OFFSET_BEGINNING) for p in range(2)])
    step("consume all codecs", lambda: read(50), sort=True)
    consumer.seek(TopicPartition("kept", 0, 7))
    step("seek", lambda: read(3))
    consumer.assign([TopicPartition("kept", 0, OFFSET_END), TopicPartition("kept", 1, 23)])
    step("assign the end and an offset", lambda: read(2))
    step("watermarks", lambda: [consumer.get_watermark_offsets(p) for p in kept])
    for name, timestamp in [("in between", FIRST_TIMESTAMP + 5), ("before all", 1), ("after all", FIRST_TIMESTAMP + 1000)]:
        step(f"offsets of a time {name}", lambda: parts(consumer.offsets_for_times([TopicPartition("kept", p, timestamp) for p in range(2)], timeout=5)))
    consumer.assign([TopicPartition("kept", 0, 1000)])
    step("beyond the end, reset to the earliest", lambda: read(2))
    consumer.assign([TopicPartition("orders", 1, OFFSET_BEGINNING)])
    step("idempotent records", lambda: len(read(500)))
    consumer.assign([TopicPartition("orders", 2, OFFSET_BEGINNING)])
    step("null key and value", lambda: [f"{line.split(' (')[0]} {line.split(') ')[1]}" for line in read(2)])
    consumer.unassign()
    consumer.subscribe(["absent"])
    step("subscribe to what is not there", lambda: read(1))
    consumer.close()


def offsets_by_admin(admin):
    kept = [TopicPartition("kept", p) for p in range(3)]
    for name, spec in [("earliest", OffsetSpec.earliest()), ("latest", OffsetSpec.latest()), ("max timestamp", OffsetSpec.max_timestamp()), ("a time", OffsetSpec.for_timestamp(FIRST_TIMESTAMP + 3))]:
        step(f"list offsets at {name}", lambda: each(admin.list_offsets({p: spec for p in kept}, request_timeout=5), lambda r: f"{r.offset} {r.timestamp} epoch {r.leader_epoch}"))
    committed = IsolationLevel.READ_COMMITTED
    step("list offsets, committed only", lambda: each(admin.list_offsets({kept[0]: OffsetSpec.latest()}, isolation_level=committed), lambda r: r.offset))


def groups(bootstrap, admin):
    each(admin.create_topics([NewTopic("shared", 6, 1)]))
    settle()
    producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": 1, **QUIET})
    members = Members(bootstrap, "team", "shared")

    def describe(group="team"):
        def show(g):
            hosts = sorted({m.host for m in g.members})
            return f"{g.state} {g.type} simple {g.is_simple_consumer_group} {g.partition_assignor} members {sorted(m.client_id for m in g.members)} sizes {sorted(len(m.assignment.topic_partitions) for m in g.members)} hosts {hosts} coordinator {g.coordinator.id}"
        return each(admin.describe_consumer_groups([group]), show)

    def listed(**options):
        result = admin.list_consumer_groups(**options).result(5)
        return [f"{g.group_id} {g.state} {g.type} simple {g.is_simple_consumer_group}" for g in result.valid] + [told(e) for e in result.errors]

    def share(change, *shares):
        change()
        members.until_shares(list(shares))
        return members.shares()

    def read(first):
        for i in range(first, first + 60):
            producer.produce("shared", str(i), partition=i % 6)
        producer.flush(10)
        wanted = {(i % 6, i // 6) for i in range(first, first + 60)}
        until(lambda: wanted <= members.read, f"missing {wanted - members.read}, {members.failures}")
        return f"{len(members.read & wanted)} of {len(wanted)}"

    try:
        step("group of three shares six partitions", lambda: share(lambda: [members.start(name) for name in "abc"], 2, 2, 2))
        step("group reads everything", lambda: read(0))
        step("describe the group", describe)
        step("list groups", listed, sort=True)
        step("list groups by state", lambda: listed(states={ConsumerGroupState.STABLE}), sort=True)
        step("list groups by type", lambda: listed(types={ConsumerGroupType.CLASSIC}), sort=True)
        step("delete a group with members", lambda: each(admin.delete_consumer_groups(["team"])))
        step("a member dies, two are left", lambda: share(lambda: members.kill("b"), 3, 3))
        step("group of two reads everything", lambda: read(60))
        step("describe the group of two", describe)
        step("a member leaves, one is left", lambda: share(lambda: members.leave("c"), 6))
        step("group of one reads everything", lambda: read(120))
    finally:
        members.leave("a")
        members.stop()

    def offsets(group, partitions=None):
        futures = admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group, partitions)])
        return each(futures, lambda r: parts(r.topic_partitions))

    def alter(group, *partitions):
        return each(admin.alter_consumer_group_offsets([ConsumerGroupTopicPartitions(group, list(partitions))]), lambda r: parts(r.topic_partitions))

    step("describe the empty group", describe)
    step("offsets of the group", lambda: offsets("team"))
    step("offsets of some partitions", lambda: offsets("team", [TopicPartition("shared", 0), TopicPartition("shared", 9), TopicPartition("absent", 0)]))
    step("commit offsets from outside", lambda: alter("team", TopicPartition("shared", 0, 3, metadata="a note", leader_epoch=0)))
    step("commit offsets for a new group", lambda: alter("fresh", TopicPartition("shared", 1, 5)))
    step("commit offsets of what is not there", lambda: alter("fresh", TopicPartition("absent", 0, 5), TopicPartition("shared", 99, 5)))
    step("commit with metadata too long", lambda: alter("fresh", TopicPartition("shared", 1, 5, metadata="x" * 5000)))
    step("offsets after committing", lambda: offsets("team") + offsets("fresh"))
    step("offsets of a group that is not there", lambda: offsets("absent"))
    step("delete groups", lambda: each(admin.delete_consumer_groups(["team", "fresh", "absent"])))
    step("describe a group that is not there", describe)
    step("list groups at the end", listed, sort=True)


def deleting(admin):
    def delete(*partitions):
        return each(admin.delete_records(list(partitions), operation_timeout=2), lambda r: r.low_watermark)

    step("delete records", lambda: delete(TopicPartition("kept", 0, 5), TopicPartition("kept", 1, OFFSET_END)))
    step("delete records below the beginning", lambda: delete(TopicPartition("kept", 0, 2)))
    step("delete records beyond the end", lambda: delete(TopicPartition("kept", 0, 1000)))
    step("delete records of what is not there", lambda: delete(TopicPartition("absent", 0, 1)))
    step("offsets after deleting records", lambda: each(admin.list_offsets({TopicPartition("kept", p): OffsetSpec.earliest() for p in range(2)}), lambda r: r.offset))
    names = [name for name in admin.list_topics(timeout=5).topics if not name.startswith("__")]
    step("delete all topics", lambda: each(admin.delete_topics(names)))
    settle()
    step("list when all are deleted", lambda: [name for name in admin.list_topics(timeout=5).topics if not name.startswith("__")])


def member(bootstrap, group, topic, name):
    closed = stdin_closed()
    consumer = Consumer({
        "bootstrap.servers": bootstrap, "group.id": group, "client.id": f"member-{name}", "auto.offset.reset": "earliest", "session.timeout.ms": 1500, "heartbeat.interval.ms": 100, "auto.commit.interval.ms": 100, "fetch.wait.max.ms": 50, **QUIET
    })
    assigned = {}

    def on_assign(_, partitions):
        assigned.update({p.partition: True for p in partitions})
        tell(assigned=sorted(assigned))

    def on_revoke(_, partitions):
        for p in partitions:
            assigned.pop(p.partition, None)

    consumer.subscribe([topic], on_assign=on_assign, on_revoke=on_revoke, on_lost=on_revoke)
    while not closed.is_set():
        message = consumer.poll(0.05)
        if message is None:
            continue
        if message.error():
            tell(failed=told(message.error()))
        else:
            tell(record=[message.partition(), message.offset()])
    consumer.close()


if __name__ == "__main__":
    if sys.argv[1] == "member":
        member(*sys.argv[2:])
    else:
        main(sys.argv[1])
