// The server and the clients of it: producers, consumers and the administrator, set up so that they answer soon.

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.ListTransactionsOptions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TransactionState;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

final class Cluster implements AutoCloseable {
    final String bootstrap;
    final Admin admin;

    Cluster(String bootstrap) {
        this.bootstrap = bootstrap;
        this.admin = Admin.create(Map.of(
                "bootstrap.servers", bootstrap,
                "client.id", "admin",
                "default.api.timeout.ms", "10000",
                "request.timeout.ms", "5000"));
    }

    KafkaProducer<String, String> producer(Map<String, String> settings) {
        Map<String, Object> all = new HashMap<>(Map.of(
                "bootstrap.servers", bootstrap,
                "max.block.ms", "10000",
                "request.timeout.ms", "5000",
                "delivery.timeout.ms", "10000",
                "linger.ms", "0"));
        all.putAll(settings);
        return new KafkaProducer<>(all, new StringSerializer(), new StringSerializer());
    }

    KafkaProducer<String, String> transactional(String transactionalId) {
        return producer(Map.of("transactional.id", transactionalId, "client.id", transactionalId));
    }

    KafkaConsumer<String, String> consumer(Map<String, String> settings) {
        Map<String, Object> all = new HashMap<>(Map.of(
                "bootstrap.servers", bootstrap,
                "auto.offset.reset", "earliest",
                "enable.auto.commit", "false",
                "fetch.max.wait.ms", "50",
                "default.api.timeout.ms", "10000"));
        all.putAll(settings);
        return new KafkaConsumer<>(all, new StringDeserializer(), new StringDeserializer());
    }

    void create(String topic, int partitions, Map<String, String> settings) throws Exception {
        admin.createTopics(Set.of(new NewTopic(topic, partitions, (short) 1).configs(settings))).all().get();
        Wait.settle();
    }

    void create(String topic, int partitions) throws Exception {
        create(topic, partitions, Map.of());
    }

    /** Sends to a partition of the producer's choice by key, one after another, and gives the partition and offset of the last one. */
    static RecordMetadata send(KafkaProducer<String, String> producer, String topic, int partition, String... values) throws Exception {
        RecordMetadata last = null;
        for (String value : values) {
            last = producer.send(new ProducerRecord<>(topic, partition, "key", value)).get();
        }
        return last;
    }

    long end(TopicPartition partition, IsolationLevel isolation) throws Exception {
        return admin.listOffsets(Map.of(partition, OffsetSpec.latest()), new ListOffsetsOptions(isolation))
                .partitionResult(partition).get().offset();
    }

    /** Notes what both kinds of readers find, from the beginning up to the end that is theirs. */
    void noteSideBySide(String topic, int partitions) {
        untilMarked();
        for (String isolation : List.of("read_uncommitted", "read_committed")) {
            Transcript.answer(isolation, () -> read(topic, partitions, isolation));
        }
    }

    /** A producer has its answer a moment before the markers of the end are in all partitions. */
    void untilMarked() {
        var ending = new ListTransactionsOptions().filterStates(Set.of(TransactionState.PREPARE_COMMIT, TransactionState.PREPARE_ABORT));
        try {
            Wait.until("the end of all commits and aborts", () -> admin.listTransactions(ending).all().get().isEmpty());
        } catch (Exception failure) {
            Transcript.note("transactions cannot be listed: " + Transcript.chain(failure));
        }
    }

    /** Reads up to the end that is told to a reader of this kind: `partition/offset value`, and where the reader stands in the end. */
    List<String> read(String topic, int partitions, String isolation) {
        List<TopicPartition> all = new ArrayList<>();
        for (int i = 0; i < partitions; i++) {
            all.add(new TopicPartition(topic, i));
        }
        List<String> lines = new ArrayList<>();
        try (var consumer = consumer(Map.of("isolation.level", isolation))) {
            for (TopicPartition partition : all) {
                consumer.assign(List.of(partition));
                consumer.seekToBeginning(List.of(partition));
                long end = consumer.endOffsets(List.of(partition)).get(partition);
                long deadline = System.currentTimeMillis() + 5_000;
                while (consumer.position(partition) < end && System.currentTimeMillis() < deadline) {
                    for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(50))) {
                        lines.add(record.partition() + "/" + record.offset() + " " + record.value());
                    }
                }
                lines.add(partition.partition() + " at " + consumer.position(partition) + " of " + end);
            }
        }
        return lines;
    }

    @Override
    public void close() {
        admin.close();
    }
}
