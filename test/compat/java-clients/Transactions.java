// Transactions as an application sees them: commit, abort, one that is open, and what readers of both kinds find at each moment.

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;

final class Transactions {
    private static final String TOPIC = "payments";

    private Transactions() {}

    static void play(Cluster cluster) throws Exception {
        cluster.create(TOPIC, 2);
        try (var producer = cluster.transactional("teller")) {
            Transcript.step("transactions: init");
            Transcript.outcome("initTransactions", producer::initTransactions);
            commit(cluster, producer);
            abort(cluster, producer);
            open(cluster, producer);
            interleaved(cluster, producer);
            empty(cluster, producer);
        }
        limits(cluster);
        compressed(cluster);
        Crowd.play(cluster);
    }

    private static void commit(Cluster cluster, KafkaProducer<String, String> producer) throws Exception {
        Transcript.step("transactions: commit");
        producer.beginTransaction();
        Cluster.send(producer, TOPIC, 0, "a1", "a2");
        Cluster.send(producer, TOPIC, 1, "b1");
        Transcript.outcome("commit", producer::commitTransaction);
        cluster.noteSideBySide(TOPIC, 2);
    }

    private static void abort(Cluster cluster, KafkaProducer<String, String> producer) throws Exception {
        Transcript.step("transactions: abort");
        producer.beginTransaction();
        Cluster.send(producer, TOPIC, 0, "a3 (aborted)");
        Cluster.send(producer, TOPIC, 1, "b2 (aborted)", "b3 (aborted)");
        Transcript.outcome("abort", producer::abortTransaction);
        cluster.noteSideBySide(TOPIC, 2);
    }

    private static void open(Cluster cluster, KafkaProducer<String, String> producer) throws Exception {
        Transcript.step("transactions: while one is open");
        producer.beginTransaction();
        Cluster.send(producer, TOPIC, 0, "a4");
        try (var plain = cluster.producer(Map.of())) {
            Cluster.send(plain, TOPIC, 0, "a5, outside of transactions");
        }
        cluster.noteSideBySide(TOPIC, 2);
        TopicPartition first = new TopicPartition(TOPIC, 0);
        Transcript.answer("end, read_uncommitted", () -> cluster.end(first, IsolationLevel.READ_UNCOMMITTED));
        Transcript.answer("end, read_committed", () -> cluster.end(first, IsolationLevel.READ_COMMITTED));
        Transcript.answer("lag of a reader of what is committed", () -> lag(cluster, first));
        Transcript.step("transactions: after it was committed");
        Transcript.outcome("commit", producer::commitTransaction);
        cluster.noteSideBySide(TOPIC, 2);
    }

    private static Object lag(Cluster cluster, TopicPartition partition) {
        try (var consumer = cluster.consumer(Map.of("isolation.level", "read_committed"))) {
            consumer.assign(List.of(partition));
            consumer.poll(Duration.ofMillis(500));
            return consumer.currentLag(partition);
        }
    }

    /** Two transactions at once on one partition, of which the one that began first ends last. */
    private static void interleaved(Cluster cluster, KafkaProducer<String, String> producer) throws Exception {
        cluster.create("interleaved", 1);
        TopicPartition partition = new TopicPartition("interleaved", 0);
        try (var other = cluster.transactional("other-teller")) {
            other.initTransactions();
            Transcript.step("transactions: two at once");
            producer.beginTransaction();
            other.beginTransaction();
            Cluster.send(producer, "interleaved", 0, "first 1");
            Cluster.send(other, "interleaved", 0, "second 1");
            Cluster.send(producer, "interleaved", 0, "first 2");
            Cluster.send(other, "interleaved", 0, "second 2");
            Transcript.outcome("second commits", other::commitTransaction);
            Transcript.answer("end, read_committed", () -> cluster.end(partition, IsolationLevel.READ_COMMITTED));
            cluster.noteSideBySide("interleaved", 1);
            Transcript.outcome("first aborts", producer::abortTransaction);
            cluster.noteSideBySide("interleaved", 1);
        }
    }

    private static void empty(Cluster cluster, KafkaProducer<String, String> producer) {
        Transcript.step("transactions: without records");
        producer.beginTransaction();
        Transcript.outcome("commit", producer::commitTransaction);
        producer.beginTransaction();
        Transcript.outcome("abort", producer::abortTransaction);
        Transcript.answer("end", () -> cluster.end(new TopicPartition(TOPIC, 0), IsolationLevel.READ_COMMITTED));
    }

    private static void limits(Cluster cluster) {
        Transcript.step("transactions: a time limit over the server's");
        try (var producer = cluster.producer(Map.of("transactional.id", "slow", "transaction.timeout.ms", "900001"))) {
            Transcript.outcome("initTransactions", producer::initTransactions);
        }
        Transcript.step("transactions: to a topic that takes no such batch");
        try (var producer = cluster.transactional("unlucky")) {
            producer.initTransactions();
            producer.beginTransaction();
            Transcript.answer("send", () -> producer.send(new ProducerRecord<>("not legal", "x")).get());
            Transcript.outcome("commit", producer::commitTransaction);
            Transcript.outcome("abort", producer::abortTransaction);
            producer.beginTransaction();
            Transcript.answer("send to a good one", () -> Cluster.send(producer, TOPIC, 1, "after the failure").offset());
            Transcript.outcome("commit", producer::commitTransaction);
        }
        cluster.noteSideBySide(TOPIC, 2);
    }

    /** A transaction of several batches a partition, compressed, of which a reader that seeks into the middle sees the rest. */
    private static void compressed(Cluster cluster) throws Exception {
        Transcript.step("transactions: compressed, in many batches");
        cluster.create("squeezed", 1);
        for (String codec : List.of("gzip", "snappy", "lz4", "zstd")) {
            try (var producer = cluster.producer(Map.of("transactional.id", "squeezer-" + codec, "compression.type", codec))) {
                producer.initTransactions();
                producer.beginTransaction();
                for (int i = 0; i < 3; i++) {
                    Cluster.send(producer, "squeezed", 0, codec + " " + i + (codec.equals("lz4") ? " (aborted)" : ""));
                }
                if (codec.equals("lz4")) {
                    producer.abortTransaction();
                } else {
                    producer.commitTransaction();
                }
            }
        }
        cluster.noteSideBySide("squeezed", 1);
        TopicPartition partition = new TopicPartition("squeezed", 0);
        for (long from : List.of(2L, 9L, 11L)) {
            Transcript.answer("the first record for who starts at " + from, () -> {
                try (var consumer = cluster.consumer(Map.of("isolation.level", "read_committed"))) {
                    consumer.assign(List.of(partition));
                    consumer.seek(partition, from);
                    long deadline = System.currentTimeMillis() + 5_000;
                    while (System.currentTimeMillis() < deadline) {
                        for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(100))) {
                            return record.offset() + " " + record.value();
                        }
                    }
                    return "none";
                }
            });
        }
    }
}
