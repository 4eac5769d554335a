// Feeds the application, kills it while its transaction is open, starts it again, and looks at what it wrote. In: the address of a
// server and a folder to work in; out: a transcript on standard output.

import java.io.BufferedReader;
import java.io.File;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;

public final class StreamsProof implements AutoCloseable {
    private static final String[] WORDS = {"river", "mill", "race", "water", "wheel", "stone", "grain", "flour"};

    private final Cluster cluster;
    private final Path stateDir;
    private final KafkaProducer<String, String> producer;
    private final long startMs = System.currentTimeMillis() - 1_800_000;
    private final Map<String, Long> countsExpected = new TreeMap<>();
    private final Set<String> paidExpected = new TreeSet<>();
    private int round;

    private StreamsProof(String bootstrap, Path dir) {
        this.cluster = new Cluster(bootstrap);
        this.stateDir = dir.resolve("state");
        this.producer = cluster.producer(Map.of("linger.ms", "5"));
    }

    public static void main(String[] args) {
        try (StreamsProof proof = new StreamsProof(args[0], Path.of(args[1]))) {
            proof.play();
        } catch (Throwable failure) {
            Transcript.step("the rest");
            Transcript.note(Transcript.chain(failure));
            failure.printStackTrace();
        }
        System.out.print(Transcript.all());
        System.out.flush();
        Runtime.getRuntime().halt(0);
    }

    private void play() throws Exception {
        for (String topic : List.of("lines", "orders", "payments", "counts", "paid")) {
            cluster.create(topic, 2);
        }
        Transcript.step("first run: all is new");
        try (App app = new App()) {
            app.untilRunning();
            feed();
            untilRead();
            feed();
            untilOpen();
            app.kill();
            Transcript.note("restored: " + app.restored());
        }
        Transcript.step("second run: after it was killed, with the state it left");
        feed();
        try (App app = new App()) {
            untilRead();
            Transcript.note("restored: " + app.restored());
            feed();
            untilOpen();
            app.kill();
        }
        Transcript.step("third run: after it was killed, without any state");
        delete(stateDir);
        feed();
        try (App app = new App()) {
            untilRead();
            Transcript.note("restored: " + app.restored());
            noteGroup();
            feed();
            untilRead();
            app.end();
        }
        noteResults();
        noteTopics();
    }

    /** Fifty lines, and thirty orders of which two in three are paid in time. */
    private void feed() throws Exception {
        round++;
        for (int i = 0; i < 50; i++) {
            StringBuilder line = new StringBuilder();
            for (int j = 0; j < 4; j++) {
                String word = WORDS[(i * 7 + j * (3 + round)) % WORDS.length];
                line.append(word).append(' ');
                countsExpected.merge(word, 1L, Long::sum);
            }
            producer.send(new ProducerRecord<>("lines", i % 2, startMs + i, "line", line.toString().trim()));
        }
        for (int i = 0; i < 30; i++) {
            String key = "order-" + round + "-" + i;
            long at = startMs + round * 60_000L + i * 100;
            boolean inTime = i % 3 != 0;
            producer.send(new ProducerRecord<>("orders", i % 2, at, key, "o" + i));
            producer.send(new ProducerRecord<>("payments", i % 2, at + (inTime ? 9_000 : 11_000), key, "p" + i));
            if (inTime) {
                paidExpected.add(key + "=o" + i + " p" + i);
            }
        }
        producer.flush();
    }

    private List<ConsumerRecord<String, String>> read(String topic) {
        List<TopicPartition> partitions = List.of(new TopicPartition(topic, 0), new TopicPartition(topic, 1));
        List<ConsumerRecord<String, String>> records = new ArrayList<>();
        try (var consumer = cluster.consumer(Map.of("isolation.level", "read_committed"))) {
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            long deadline = System.currentTimeMillis() + 10_000;
            while (partitions.stream().anyMatch(one -> consumer.position(one) < ends.get(one)) && System.currentTimeMillis() < deadline) {
                consumer.poll(Duration.ofMillis(50)).forEach(records::add);
            }
        }
        return records;
    }

    /** Until everything that was fed is counted and joined, and committed. */
    private void untilRead() throws Exception {
        long counts = countsExpected.values().stream().mapToLong(Long::longValue).sum();
        Wait.until(counts + " counts and " + paidExpected.size() + " joins", () -> {
            Thread.sleep(100);
            return written("counts") >= counts && written("paid") >= paidExpected.size()
                    && read("counts").size() >= counts && read("paid").size() >= paidExpected.size();
        });
    }

    private long written(String topic) throws Exception {
        long sum = 0;
        for (int i = 0; i < 2; i++) {
            sum += cluster.end(new TopicPartition(topic, i), IsolationLevel.READ_COMMITTED);
        }
        return sum;
    }

    /** Until something is written that is not committed. */
    private void untilOpen() throws Exception {
        Wait.until("an open transaction", () -> {
            for (String topic : List.of("counts", "paid")) {
                for (int i = 0; i < 2; i++) {
                    TopicPartition partition = new TopicPartition(topic, i);
                    if (cluster.end(partition, IsolationLevel.READ_UNCOMMITTED) > cluster.end(partition, IsolationLevel.READ_COMMITTED)) {
                        return true;
                    }
                }
            }
            return false;
        });
    }

    private void noteGroup() throws Exception {
        var said = cluster.admin.describeClassicGroups(List.of(StreamsApp.ID)).describedGroups().get(StreamsApp.ID).get();
        Transcript.note("group: " + said.state() + ", protocol " + said.protocol() + " " + said.protocolData() + ", members " + said.members().size());
    }

    private void noteResults() throws Exception {
        Transcript.step("results: words");
        Map<String, List<Long>> counts = new TreeMap<>();
        for (ConsumerRecord<String, String> record : read("counts")) {
            counts.computeIfAbsent(record.key(), word -> new ArrayList<>()).add(Long.parseLong(record.value()));
        }
        counts.forEach((word, steps) -> {
            boolean each = java.util.stream.LongStream.rangeClosed(1, steps.size()).boxed().toList().equals(steps);
            Transcript.note(word + " " + steps.get(steps.size() - 1) + ", each count once and in order: " + each + ", as expected: "
                    + (countsExpected.get(word) == steps.size()));
        });
        Transcript.step("results: orders that were paid in time");
        List<String> paid = read("paid").stream().map(record -> record.key() + "=" + record.value()).sorted().toList();
        Transcript.note(paid.size() + ", each once: " + (Set.copyOf(paid).size() == paid.size()) + ", as expected: " + paidExpected.equals(new TreeSet<>(paid)));
        Transcript.note(paid.subList(0, 3));
        Transcript.step("results: nothing is open");
        for (String topic : List.of("counts", "paid")) {
            for (int i = 0; i < 2; i++) {
                TopicPartition partition = new TopicPartition(topic, i);
                Transcript.note(partition + " " + (cluster.end(partition, IsolationLevel.READ_UNCOMMITTED) == cluster.end(partition, IsolationLevel.READ_COMMITTED)));
            }
        }
    }

    private void noteTopics() throws Exception {
        Transcript.step("topics of the application");
        for (String topic : new TreeSet<>(cluster.admin.listTopics().names().get())) {
            if (!topic.startsWith(StreamsApp.ID)) {
                continue;
            }
            ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
            var own = cluster.admin.describeConfigs(List.of(resource)).values().get(resource).get().entries().stream()
                    .filter(entry -> entry.source() == ConfigEntry.ConfigSource.DYNAMIC_TOPIC_CONFIG)
                    .map(entry -> entry.name() + "=" + entry.value()).sorted().toList();
            var partitions = cluster.admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic).partitions().size();
            Transcript.note(topic + ", partitions " + partitions + ", " + own);
        }
    }

    private static void delete(Path dir) throws Exception {
        try (var files = Files.walk(dir)) {
            files.sorted(Comparator.reverseOrder()).map(Path::toFile).forEach(File::delete);
        }
    }

    @Override
    public void close() {
        producer.close();
        cluster.close();
    }

    /** The application in a process of its own. */
    private final class App implements AutoCloseable {
        private final Process process;
        private final Set<String> restored = new TreeSet<>();
        private volatile boolean running;

        App() throws Exception {
            process = Child.start(StreamsApp.class, cluster.bootstrap, stateDir.toString());
            Thread reader = new Thread(this::listen, "listener");
            reader.setDaemon(true);
            reader.start();
        }

        private void listen() {
            try (var lines = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
                for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                    if (line.equals("running")) {
                        running = true;
                    } else if (line.startsWith("restored ")) {
                        synchronized (restored) {
                            restored.add(line.substring(9));
                        }
                    }
                }
            } catch (java.io.IOException ended) {
                running = false;
            }
        }

        void untilRunning() throws Exception {
            Wait.until("a running application", () -> running);
        }

        /** Which parts of which changelogs were read back. */
        Set<String> restored() {
            synchronized (restored) {
                return new TreeSet<>(restored);
            }
        }

        void kill() throws InterruptedException {
            process.destroyForcibly().waitFor();
            Transcript.note("killed, exit " + process.exitValue());
        }

        void end() throws InterruptedException {
            process.destroy();
            Transcript.note("ended, exit " + process.waitFor());
        }

        @Override
        public void close() {
            process.destroyForcibly();
        }
    }
}
