// Apache Kafka's Java clients for the interoperation tests, run from this source. See foreign-clients.ts for the words and the lines.

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

public final class Interop {
    private Interop() {}

    public static void main(String[] args) throws Exception {
        String bootstrap = args[1];
        switch (args[0]) {
            case "write" -> write(bootstrap, args[2]);
            case "read" -> read(bootstrap, args[2], Map.of());
            case "read-committed" -> read(bootstrap, args[2], Map.of("isolation.level", "read_committed"));
            case "transact" -> transact(bootstrap, args[2], args[3]);
            default -> new Member(bootstrap, args[2], args[3], settings(args, 4)).live();
        }
        System.out.flush();
        Runtime.getRuntime().halt(0);
    }

    private static Map<String, Object> settings(String[] args, int from) {
        Map<String, Object> settings = new HashMap<>();
        for (int i = from; i < args.length; i++) {
            int at = args[i].indexOf('=');
            settings.put(args[i].substring(0, at), args[i].substring(at + 1));
        }
        return settings;
    }

    private static void write(String bootstrap, String topic) throws Exception {
        Map<String, KafkaProducer<byte[], byte[]>> producers = new LinkedHashMap<>();
        List<Future<RecordMetadata>> sent = new ArrayList<>();
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            String[] words = line.split("\t", -1);
            var producer = producers.computeIfAbsent(words[0], codec -> producer(bootstrap, codec));
            Integer partition = words[1].equals("-") ? null : Integer.valueOf(words[1]);
            sent.add(producer.send(new ProducerRecord<>(
                    topic, partition, Long.valueOf(words[2]), bytes(words[3]), bytes(words[4]), headers(words[5]))));
        }
        for (Future<RecordMetadata> one : sent) {
            RecordMetadata stood = one.get();
            System.out.println(stood.partition() + "\t" + stood.offset());
        }
        producers.values().forEach(KafkaProducer::close);
    }

    private static KafkaProducer<byte[], byte[]> producer(String bootstrap, String codec) {
        Map<String, Object> settings = Map.of(
                "bootstrap.servers", bootstrap, "compression.type", codec, "linger.ms", "50", "max.request.size", "4000000");
        return new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer());
    }

    private static KafkaConsumer<byte[], byte[]> consumer(String bootstrap, Map<String, Object> more) {
        Map<String, Object> settings = new HashMap<>(Map.of(
                "bootstrap.servers", bootstrap, "auto.offset.reset", "earliest", "enable.auto.commit", "false", "fetch.max.wait.ms", "50"));
        settings.putAll(more);
        return new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    private static void transact(String bootstrap, String topic, String name) {
        Map<String, Object> settings = Map.of("bootstrap.servers", bootstrap, "transactional.id", name);
        try (var producer = new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer())) {
            producer.initTransactions();
            BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
            producer.beginTransaction();
            for (String line : (Iterable<String>) lines.lines()::iterator) {
                String[] words = line.split("\t", -1);
                switch (words[0]) {
                    case "commit" -> {
                        producer.commitTransaction();
                        producer.beginTransaction();
                    }
                    case "abort" -> {
                        producer.abortTransaction();
                        producer.beginTransaction();
                    }
                    default -> producer.send(new ProducerRecord<>(topic, Integer.valueOf(words[0]), null, bytes(words[1])));
                }
            }
            producer.abortTransaction();
        }
    }

    private static void read(String bootstrap, String topic, Map<String, Object> settings) {
        try (var consumer = consumer(bootstrap, settings)) {
            List<TopicPartition> all = new ArrayList<>();
            for (PartitionInfo partition : consumer.partitionsFor(topic)) {
                all.add(new TopicPartition(topic, partition.partition()));
            }
            consumer.assign(all);
            consumer.seekToBeginning(all);
            Map<TopicPartition, Long> ends = consumer.endOffsets(all);
            StringBuilder out = new StringBuilder();
            while (all.stream().anyMatch(one -> consumer.position(one) < ends.get(one))) {
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(50))) {
                    out.append(line(record)).append('\n');
                }
            }
            System.out.print(out);
        }
    }

    private static String line(ConsumerRecord<byte[], byte[]> record) {
        List<String> headers = new ArrayList<>();
        for (Header header : record.headers()) {
            headers.add(hex(header.key().getBytes(StandardCharsets.UTF_8)) + ":" + hex(header.value()));
        }
        return String.join("\t", String.valueOf(record.partition()), String.valueOf(record.offset()), String.valueOf(record.timestamp()),
                hex(record.key()), hex(record.value()), String.join(",", headers));
    }

    private static String hex(byte[] bytes) {
        return bytes == null ? "-" : HexFormat.of().formatHex(bytes);
    }

    private static byte[] bytes(String hex) {
        return hex.equals("-") ? null : HexFormat.of().parseHex(hex);
    }

    private static List<Header> headers(String words) {
        List<Header> headers = new ArrayList<>();
        for (String word : words.isEmpty() ? new String[0] : words.split(",")) {
            int at = word.indexOf(':');
            headers.add(new RecordHeader(new String(bytes(word.substring(0, at)), StandardCharsets.UTF_8), bytes(word.substring(at + 1))));
        }
        return headers;
    }

    /** Reads and commits until its standard input ends, then leaves. */
    private static final class Member implements ConsumerRebalanceListener {
        private final KafkaConsumer<byte[], byte[]> consumer;
        private volatile boolean over;

        Member(String bootstrap, String group, String topic, Map<String, Object> settings) {
            settings.put("group.id", group);
            this.consumer = consumer(bootstrap, settings);
            consumer.subscribe(List.of(topic), this);
        }

        void live() {
            Thread input = new Thread(() -> {
                try {
                    while (System.in.read() >= 0) {
                        continue;
                    }
                } catch (java.io.IOException ended) {
                    over = true;
                }
                over = true;
            });
            input.setDaemon(true);
            input.start();
            while (!over) {
                boolean some = false;
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(50))) {
                    System.out.println("record\t" + record.partition() + "\t" + record.offset());
                    some = true;
                }
                if (some) {
                    try {
                        consumer.commitSync();
                    } catch (org.apache.kafka.common.errors.RetriableException | org.apache.kafka.clients.consumer.CommitFailedException again) {
                        // Who gets the partition reads the records once more.
                        continue;
                    }
                }
            }
            consumer.close();
        }

        private void tell() {
            System.out.println("owned\t" + consumer.assignment().stream().map(one -> String.valueOf(one.partition())).collect(Collectors.joining(",")));
        }

        @Override
        public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
            tell();
        }

        @Override
        public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
            List<TopicPartition> left = new ArrayList<>(consumer.assignment());
            left.removeAll(partitions);
            System.out.println("owned\t" + left.stream().map(one -> String.valueOf(one.partition())).collect(Collectors.joining(",")));
        }

        @Override
        public void onPartitionsLost(Collection<TopicPartition> partitions) {
            onPartitionsRevoked(partitions);
        }
    }
}
