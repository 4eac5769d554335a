// Committed offsets by Java's own clients. Arguments: bootstrap, group, topic, and an offset to commit for each partition. On standard
// output what the group has committed then, partition and offset separated by a tab.

import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

public final class CommittedOffsets {
    private CommittedOffsets() {}

    public static void main(String[] args) throws Exception {
        Map<TopicPartition, OffsetAndMetadata> offsets = new TreeMap<>((a, b) -> Integer.compare(a.partition(), b.partition()));
        for (int i = 3; i < args.length; i++) {
            offsets.put(new TopicPartition(args[2], i - 3), new OffsetAndMetadata(Long.parseLong(args[i])));
        }
        Map<String, Object> settings = Map.of("bootstrap.servers", args[0], "group.id", args[1]);
        if (!offsets.isEmpty()) {
            try (var consumer = new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
                consumer.commitSync(offsets);
            }
        }
        try (Admin admin = Admin.create(settings)) {
            var found = admin.listConsumerGroupOffsets(args[1]).partitionsToOffsetAndMetadata().get();
            found.forEach((partition, offset) -> System.out.println(partition.partition() + "\t" + offset.offset()));
        }
        System.out.flush();
        Runtime.getRuntime().halt(0);
    }
}
