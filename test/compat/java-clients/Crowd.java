// Many transactions at once over the same partitions, some of them aborted, while a reader follows: it sees what was committed, each
// record once and in the order of its producer, and nothing else.

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;

final class Crowd {
    private static final String TOPIC = "crowd";
    private static final int PRODUCERS = 4;
    private static final int TRANSACTIONS = 40;
    private static final int PARTITIONS = 3;

    private Crowd() {}

    static void play(Cluster cluster) throws Exception {
        Transcript.step("transactions: many at once");
        cluster.create(TOPIC, PARTITIONS);
        ExecutorService pool = Executors.newCachedThreadPool();
        try {
            List<Future<Set<String>>> writers = new ArrayList<>();
            for (int i = 0; i < PRODUCERS; i++) {
                int writer = i;
                writers.add(pool.submit(() -> write(cluster, writer)));
            }
            Set<String> committed = new HashSet<>();
            Follower follower = new Follower(cluster);
            Future<List<String>> reader = pool.submit(follower);
            for (Future<Set<String>> writer : writers) {
                committed.addAll(writer.get());
            }
            cluster.untilMarked();
            follower.enough = committed.size();
            List<String> read = reader.get();
            Transcript.note("committed " + committed.size() + ", read " + read.size());
            Transcript.note("each once: " + (new HashSet<>(read).size() == read.size()) + ", the committed ones: " + committed.equals(new HashSet<>(read)));
            Transcript.note("in the order of each producer: " + inOrder(read));
        } finally {
            pool.shutdownNow();
        }
    }

    /** Records are `partition/producer/number`; one transaction in four is aborted. */
    private static Set<String> write(Cluster cluster, int writer) throws Exception {
        Set<String> committed = new HashSet<>();
        int number = 0;
        try (var producer = cluster.transactional("crowd-" + writer)) {
            producer.initTransactions();
            for (int i = 0; i < TRANSACTIONS; i++) {
                List<String> values = new ArrayList<>();
                producer.beginTransaction();
                for (int j = 0; j <= (i * 5 + writer) % 7; j++) {
                    int partition = (i + j) % PARTITIONS;
                    String value = partition + "/" + writer + "/" + number++;
                    values.add(value);
                    producer.send(new ProducerRecord<>(TOPIC, partition, "key", value));
                }
                if ((i + writer) % 4 == 0) {
                    producer.abortTransaction();
                } else {
                    producer.commitTransaction();
                    committed.addAll(values);
                }
            }
        }
        return committed;
    }

    private static boolean inOrder(List<String> read) {
        Map<String, Integer> last = new HashMap<>();
        for (String value : read) {
            int slash = value.lastIndexOf('/');
            int number = Integer.parseInt(value.substring(slash + 1));
            Integer before = last.put(value.substring(0, slash), number);
            if (before != null && before >= number) {
                return false;
            }
        }
        return true;
    }

    private static final class Follower implements Callable<List<String>> {
        volatile int enough = Integer.MAX_VALUE;
        private final Cluster cluster;

        Follower(Cluster cluster) {
            this.cluster = cluster;
        }

        /** One poll more than enough, for what should not come. */
        @Override
        public List<String> call() {
            List<String> read = new ArrayList<>();
            try (var consumer = cluster.consumer(Map.of("isolation.level", "read_committed"))) {
                consumer.assign(IntStream.range(0, PARTITIONS).mapToObj(i -> new TopicPartition(TOPIC, i)).toList());
                long deadline = System.currentTimeMillis() + 30_000;
                boolean more = true;
                while (more && System.currentTimeMillis() < deadline) {
                    more = read.size() < enough;
                    for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(100))) {
                        read.add(record.value());
                    }
                }
            }
            return read;
        }
    }
}
