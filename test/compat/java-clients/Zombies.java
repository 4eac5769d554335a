// Producers that outlive their time: fenced by a successor, over their time limit, killed in the middle of a transaction.

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.time.Duration;
import java.util.Map;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;

public final class Zombies {
    private static final String TOPIC = "graveyard";
    private static final TopicPartition PARTITION = new TopicPartition(TOPIC, 0);

    private Zombies() {}

    static void play(Cluster cluster) throws Exception {
        cluster.create(TOPIC, 1);
        fencedWhileOpen(cluster);
        fencedWhileIdle(cluster);
        overTime(cluster);
        killed(cluster);
    }

    private static void fencedWhileOpen(Cluster cluster) throws Exception {
        try (var old = cluster.transactional("undertaker"); var young = cluster.transactional("undertaker")) {
            Transcript.step("zombies: a successor ends the open transaction");
            old.initTransactions();
            old.beginTransaction();
            Cluster.send(old, TOPIC, 0, "of the old one");
            Transcript.outcome("the successor begins", young::initTransactions);
            young.beginTransaction();
            Cluster.send(young, TOPIC, 0, "of the successor");
            tryToGoOn(old);
            Transcript.outcome("the successor commits", young::commitTransaction);
            cluster.noteSideBySide(TOPIC, 1);
        }
    }

    private static void fencedWhileIdle(Cluster cluster) throws Exception {
        try (var old = cluster.transactional("sexton"); var young = cluster.transactional("sexton")) {
            Transcript.step("zombies: a successor while nothing is open");
            old.initTransactions();
            young.initTransactions();
            old.beginTransaction();
            tryToGoOn(old);
            cluster.noteSideBySide(TOPIC, 1);
        }
        try (var old = cluster.transactional("clerk"); var young = cluster.transactional("clerk")) {
            Transcript.step("zombies: a successor, and the old one only ends");
            old.initTransactions();
            old.beginTransaction();
            Cluster.send(old, TOPIC, 0, "of the old clerk");
            young.initTransactions();
            Transcript.outcome("the old one aborts", old::abortTransaction);
            Transcript.outcome("the old one begins again", old::beginTransaction);
            cluster.noteSideBySide(TOPIC, 1);
        }
    }

    private static void tryToGoOn(KafkaProducer<String, String> old) {
        Transcript.answer("the old one sends", () -> Cluster.send(old, TOPIC, 0, "of a zombie").offset());
        Transcript.outcome("the old one commits", old::commitTransaction);
        Transcript.outcome("the old one aborts", old::abortTransaction);
    }

    private static void overTime(Cluster cluster) throws Exception {
        Map<String, String> hasty = Map.of("transactional.id", "hasty", "transaction.timeout.ms", "1000");
        try (var producer = cluster.producer(hasty)) {
            Transcript.step("zombies: over the time limit");
            producer.initTransactions();
            producer.beginTransaction();
            Cluster.send(producer, TOPIC, 0, "in time");
            Wait.until("the end of a transaction over its time", () ->
                    cluster.end(PARTITION, IsolationLevel.READ_COMMITTED) == cluster.end(PARTITION, IsolationLevel.READ_UNCOMMITTED));
            Transcript.answer("sends", () -> Cluster.send(producer, TOPIC, 0, "too late").offset());
            Transcript.outcome("commits", producer::commitTransaction);
            Transcript.outcome("aborts", producer::abortTransaction);
            Transcript.outcome("begins again", producer::beginTransaction);
            cluster.noteSideBySide(TOPIC, 1);
            producer.close(Duration.ZERO);
        }
        try (var producer = cluster.producer(hasty)) {
            Transcript.step("zombies: over the time limit, and only commits");
            producer.initTransactions();
            producer.beginTransaction();
            Cluster.send(producer, TOPIC, 0, "in time again");
            Wait.until("the end of a transaction over its time", () ->
                    cluster.end(PARTITION, IsolationLevel.READ_COMMITTED) == cluster.end(PARTITION, IsolationLevel.READ_UNCOMMITTED));
            Transcript.outcome("commits", producer::commitTransaction);
            cluster.noteSideBySide(TOPIC, 1);
        }
    }

    /** A process of its own that is killed while its transaction is open; one with the same name takes over. */
    private static void killed(Cluster cluster) throws Exception {
        Transcript.step("zombies: killed in the middle");
        Process victim = Child.start(Zombies.class, cluster.bootstrap);
        Transcript.note("the victim says: " + new BufferedReader(new InputStreamReader(victim.getInputStream())).readLine());
        victim.destroyForcibly().waitFor();
        Transcript.note("killed, exit " + victim.exitValue());
        Transcript.answer("records that nobody can read yet", () ->
                cluster.end(PARTITION, IsolationLevel.READ_UNCOMMITTED) - cluster.end(PARTITION, IsolationLevel.READ_COMMITTED));
        try (var heir = cluster.transactional("victim")) {
            Transcript.outcome("the heir begins", heir::initTransactions);
            Transcript.answer("records that nobody can read now", () ->
                    cluster.end(PARTITION, IsolationLevel.READ_UNCOMMITTED) - cluster.end(PARTITION, IsolationLevel.READ_COMMITTED));
            heir.beginTransaction();
            Cluster.send(heir, TOPIC, 0, "of the heir");
            Transcript.outcome("the heir commits", heir::commitTransaction);
        }
        cluster.noteSideBySide(TOPIC, 1);
    }

    /** The victim. */
    public static void main(String[] args) throws Exception {
        Child.endWithParent();
        try (Cluster cluster = new Cluster(args[0]); var producer = cluster.transactional("victim")) {
            producer.initTransactions();
            producer.beginTransaction();
            Cluster.send(producer, TOPIC, 0, "of the victim", "of the victim again");
            System.out.println("two records are written");
            Thread.sleep(60_000);
        }
    }
}
