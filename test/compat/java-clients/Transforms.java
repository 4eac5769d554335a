// Consume, transform, produce: offsets that are committed with the records made from them.

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsOptions;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.common.TopicPartition;

final class Transforms {
    private Transforms() {}

    static void play(Cluster cluster) throws Exception {
        for (String protocol : List.of("classic", "consumer")) {
            transform(cluster, protocol);
            strangers(cluster, protocol);
        }
    }

    private static void transform(Cluster cluster, String protocol) throws Exception {
        String from = "raw-" + protocol;
        String to = "refined-" + protocol;
        String group = "refiner-" + protocol;
        TopicPartition input = new TopicPartition(from, 0);
        cluster.create(from, 1);
        cluster.create(to, 1);
        try (var plain = cluster.producer(Map.of())) {
            Cluster.send(plain, from, 0, "one", "two", "three", "four", "five", "six");
        }
        try (var producer = cluster.transactional(group); var consumer = consumer(cluster, group, protocol)) {
            producer.initTransactions();
            consumer.subscribe(List.of(from));
            List<ConsumerRecord<String, String>> batch = poll(consumer, 2);

            Transcript.step("transforms, " + protocol + ": commit");
            refine(producer, to, batch);
            producer.sendOffsetsToTransaction(Map.of(input, new OffsetAndMetadata(2, "half of it")), consumer.groupMetadata());
            Transcript.answer("offsets of the group before the end", () -> offsets(cluster, group, false));
            Transcript.answer("stable offsets before the end", () -> offsets(cluster, group, true));
            Transcript.outcome("commit", producer::commitTransaction);
            noteOffsets(cluster, group, "after it");

            Transcript.step("transforms, " + protocol + ": abort");
            refine(producer, to, poll(consumer, 2));
            producer.sendOffsetsToTransaction(Map.of(input, new OffsetAndMetadata(4)), consumer.groupMetadata());
            Transcript.outcome("abort", producer::abortTransaction);
            noteOffsets(cluster, group, "after it");
            consumer.seek(input, consumer.committed(Set.of(input)).get(input));

            Transcript.step("transforms, " + protocol + ": the rest, in one");
            refine(producer, to, poll(consumer, 4));
            producer.sendOffsetsToTransaction(Map.of(input, new OffsetAndMetadata(6)), consumer.groupMetadata());
            Transcript.outcome("commit", producer::commitTransaction);
            noteOffsets(cluster, group, "after it");
            Transcript.answer("committed, says the consumer", () -> consumer.committed(Set.of(input)));
            cluster.noteSideBySide(to, 1);
        }
    }

    private static KafkaConsumer<String, String> consumer(Cluster cluster, String group, String protocol) {
        return cluster.consumer(Map.of(
                "group.id", group, "group.protocol", protocol, "isolation.level", "read_committed", "max.poll.records", "2"));
    }

    private static List<ConsumerRecord<String, String>> poll(KafkaConsumer<String, String> consumer, int count) {
        List<ConsumerRecord<String, String>> records = new ArrayList<>();
        long deadline = System.currentTimeMillis() + 15_000;
        while (records.size() < count && System.currentTimeMillis() < deadline) {
            consumer.poll(Duration.ofMillis(100)).forEach(records::add);
        }
        return records;
    }

    private static void refine(KafkaProducer<String, String> producer, String to, List<ConsumerRecord<String, String>> batch) throws Exception {
        producer.beginTransaction();
        for (ConsumerRecord<String, String> record : batch) {
            Cluster.send(producer, to, 0, record.value().toUpperCase());
        }
    }

    /** The markers that end a transaction come to the offsets a moment after the producer has its answer; then they are stable. */
    private static void noteOffsets(Cluster cluster, String group, String when) throws Exception {
        Wait.until("stable offsets", () -> !offsets(cluster, group, true).isEmpty());
        Transcript.answer("offsets of the group " + when, () -> offsets(cluster, group, false));
    }

    /** Who asks for stable offsets hears nothing of those that a transaction holds. */
    private static Map<TopicPartition, OffsetAndMetadata> offsets(Cluster cluster, String group, boolean stable) throws Exception {
        var options = new ListConsumerGroupOffsetsOptions().requireStable(stable);
        return cluster.admin.listConsumerGroupOffsets(group, options).partitionsToOffsetAndMetadata().get();
    }

    /** Offsets sent by those who are not, or no longer, members. */
    private static void strangers(Cluster cluster, String protocol) throws Exception {
        String from = "raw-" + protocol;
        String group = "refiner-" + protocol;
        Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
        offsets.put(new TopicPartition(from, 0), new OffsetAndMetadata(1));
        ConsumerGroupMetadata past;
        try (var consumer = consumer(cluster, group, protocol)) {
            consumer.subscribe(List.of(from));
            Wait.until("an assignment", () -> {
                consumer.poll(Duration.ofMillis(100));
                return !consumer.assignment().isEmpty();
            });
            past = consumer.groupMetadata();
        }
        ConsumerGroupMetadata left = past;
        try (var consumer = consumer(cluster, group, protocol)) {
            consumer.subscribe(List.of(from));
            Wait.until("an assignment", () -> {
                consumer.poll(Duration.ofMillis(100));
                return !consumer.assignment().isEmpty();
            });
            ConsumerGroupMetadata now = consumer.groupMetadata();
            Transcript.step("transforms, " + protocol + ": offsets of who is no member");
            offer(cluster, "a member that left", offsets, left);
            offer(cluster, "a member of an older generation", offsets,
                    new ConsumerGroupMetadata(group, now.generationId() - 1, now.memberId(), now.groupInstanceId()));
            offer(cluster, "a member of a generation to come", offsets,
                    new ConsumerGroupMetadata(group, now.generationId() + 1, now.memberId(), now.groupInstanceId()));
            offer(cluster, "nobody, to a group with members", offsets, new ConsumerGroupMetadata(group));
            noteOffsets(cluster, group, "after all this");
        }
        offer(cluster, "nobody, to a group without members", offsets, new ConsumerGroupMetadata(group));
        noteOffsets(cluster, group, "after that");
        offer(cluster, "nobody, to a group that is not there", offsets, new ConsumerGroupMetadata("new-" + group));
        noteOffsets(cluster, "new-" + group, "that is new");
    }

    private static void offer(Cluster cluster, String who, Map<TopicPartition, OffsetAndMetadata> offsets, ConsumerGroupMetadata member) {
        try (var producer = cluster.transactional("stranger")) {
            producer.initTransactions();
            producer.beginTransaction();
            Transcript.outcome(who + " sends offsets", () -> producer.sendOffsetsToTransaction(offsets, member));
            Transcript.outcome(who + " commits", producer::commitTransaction);
            Transcript.outcome(who + " aborts", () -> {
                producer.abortTransaction();
            });
        }
    }
}
