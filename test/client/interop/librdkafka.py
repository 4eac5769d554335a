"""librdkafka through confluent-kafka, for the interoperation tests. See foreign-clients.ts for the words and the lines."""

import sys
import threading

from confluent_kafka import Consumer, KafkaError, KafkaException, OFFSET_BEGINNING, Producer, TopicPartition


def main(word, bootstrap, *rest):
    words = {"write": write, "read": read, "read-committed": read_committed, "transact": transact, "member": member}
    words[word](bootstrap, *rest)


def to_bytes(text):
    return None if text == "-" else bytes.fromhex(text)


def to_hex(value):
    return "-" if value is None else value.hex()


def say(*words):
    print(*words, sep="\t", flush=True)


def write(bootstrap, topic):
    producers, stood = {}, []

    def delivered(error, message):
        if error is not None:
            raise KafkaException(error)
        stood.append((message.partition(), message.offset()))

    for line in sys.stdin:
        codec, partition, timestamp, key, value, headers = line.rstrip("\n").split("\t")
        if codec not in producers:
            producers[codec] = Producer({
                "bootstrap.servers": bootstrap, "compression.type": codec, "linger.ms": 50, "partitioner": "murmur2_random",
                "message.max.bytes": 4000000, "log_level": 0})
        pairs = [word.split(":") for word in headers.split(",") if word]
        where = {} if partition == "-" else {"partition": int(partition)}
        producers[codec].produce(
            topic, value=to_bytes(value), key=to_bytes(key), timestamp=int(timestamp), on_delivery=delivered,
            headers=[(bytes.fromhex(name).decode(), to_bytes(content)) for name, content in pairs], **where)
    for producer in producers.values():
        producer.flush(60)
    for partition, offset in stood:
        say(partition, offset)


def transact(bootstrap, topic, name):
    producer = Producer({"bootstrap.servers": bootstrap, "transactional.id": name, "log_level": 0})
    producer.init_transactions(30)
    producer.begin_transaction()
    for line in sys.stdin:
        words = line.rstrip("\n").split("\t")
        if words[0] in ("commit", "abort"):
            (producer.commit_transaction if words[0] == "commit" else producer.abort_transaction)(30)
            producer.begin_transaction()
        else:
            producer.produce(topic, value=to_bytes(words[1]), partition=int(words[0]))
    producer.abort_transaction(30)


def read_committed(bootstrap, topic):
    read(bootstrap, topic, "read_committed")


def read(bootstrap, topic, isolation="read_uncommitted"):
    consumer = Consumer({
        "bootstrap.servers": bootstrap, "group.id": "unused", "enable.auto.commit": False, "fetch.wait.max.ms": 50,
        "check.crcs": True, "isolation.level": isolation, "enable.partition.eof": True, "log_level": 0})
    partitions = consumer.list_topics(topic, 10).topics[topic].partitions
    ends = {one: consumer.get_watermark_offsets(TopicPartition(topic, one), 10)[1] for one in partitions}
    consumer.assign([TopicPartition(topic, one, OFFSET_BEGINNING) for one in partitions])
    left = {one for one, end in ends.items() if end > 0}
    while left:
        message = consumer.poll(10)
        if message is None:
            raise TimeoutError(f"partitions {sorted(left)} do not end")
        if message.error() is not None and message.error().code() == KafkaError._PARTITION_EOF:
            left.discard(message.partition())
            continue
        if message.error() is not None:
            raise KafkaException(message.error())
        headers = [f"{name.encode().hex()}:{to_hex(content)}" for name, content in message.headers() or []]
        say(message.partition(), message.offset(), message.timestamp()[1], to_hex(message.key()), to_hex(message.value()), ",".join(headers))
    consumer.close()


def member(bootstrap, group, topic, *settings):
    more = dict(one.split("=", 1) for one in settings)
    consumer = Consumer({
        "bootstrap.servers": bootstrap, "group.id": group, "auto.offset.reset": "earliest", "enable.auto.commit": False,
        "fetch.wait.max.ms": 50, "log_level": 0, **more})
    over = threading.Event()
    owned = set()

    def tell():
        say("owned", ",".join(str(one) for one in sorted(owned)))

    def given(_consumer, partitions):
        owned.update(one.partition for one in partitions)
        tell()

    def taken(_consumer, partitions):
        owned.difference_update(one.partition for one in partitions)
        tell()

    def listen():
        sys.stdin.read()
        over.set()

    threading.Thread(target=listen, daemon=True).start()
    consumer.subscribe([topic], on_assign=given, on_revoke=taken, on_lost=taken)
    while not over.is_set():
        message = consumer.poll(0.05)
        if message is None or message.error() is not None:
            continue
        say("record", message.partition(), message.offset())
        try:
            consumer.commit(message, asynchronous=False)
        except KafkaException:
            # Who gets the partition reads the record once more.
            continue
    consumer.close()


main(*sys.argv[1:])
