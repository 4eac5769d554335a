// The administrator and replicas: log directories and moves between them, elections, reassignments, and records that are deleted.

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.clients.admin.NewPartitionReassignment;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.common.ElectionType;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.TopicPartitionReplica;

final class AdminReplicas {
    private static final String TOPIC = "furniture";
    private static final TopicPartition FIRST = new TopicPartition(TOPIC, 0);
    private static final TopicPartition ABSENT = new TopicPartition("absent", 0);

    private AdminReplicas() {}

    static void play(Cluster cluster) throws Exception {
        cluster.create(TOPIC, 2);
        try (var producer = cluster.producer(Map.of())) {
            Cluster.send(producer, TOPIC, 0, "table", "chair", "bed");
            Cluster.send(producer, TOPIC, 1, "lamp");
        }
        logDirs(cluster);
        move(cluster);
        elections(cluster);
        reassignments(cluster);
        deleteRecords(cluster);
    }

    private static String directory(Cluster cluster, TopicPartition partition) throws Exception {
        TopicPartitionReplica replica = new TopicPartitionReplica(partition.topic(), partition.partition(), 1);
        return cluster.admin.describeReplicaLogDirs(List.of(replica)).values().get(replica).get().getCurrentReplicaLogDir();
    }

    /** Where a new partition goes is nobody's promise, so both are moved to one place first. */
    private static void logDirs(Cluster cluster) throws Exception {
        Transcript.step("admin, log directories");
        List<String> directories = new ArrayList<>(cluster.admin.describeLogDirs(List.of(1)).allDescriptions().get().get(1).keySet());
        directories.sort(null);
        Transcript.note(directories);
        for (int i = 0; i < 2; i++) {
            moveTo(cluster, new TopicPartition(TOPIC, i), directories.get(0));
        }
        var said = cluster.admin.describeLogDirs(List.of(1)).allDescriptions().get().get(1);
        for (String directory : directories) {
            var description = said.get(directory);
            Transcript.note(directory + ": error " + description.error() + ", cordoned " + description.isCordoned() + ", sizes told "
                    + (description.totalBytes().orElse(-1) > 0) + " " + (description.usableBytes().orElse(-1) > 0));
            description.replicaInfos().entrySet().stream().filter(entry -> entry.getKey().topic().equals(TOPIC))
                    .map(entry -> "  " + entry.getKey() + " " + entry.getValue()).sorted().forEach(Transcript::note);
        }
        for (TopicPartition partition : List.of(FIRST, ABSENT)) {
            Transcript.answer("of " + partition, () -> {
                TopicPartitionReplica replica = new TopicPartitionReplica(partition.topic(), partition.partition(), 1);
                return cluster.admin.describeReplicaLogDirs(List.of(replica)).values().get(replica).get();
            });
        }
    }

    private static void moveTo(Cluster cluster, TopicPartition partition, String directory) throws Exception {
        TopicPartitionReplica replica = new TopicPartitionReplica(partition.topic(), partition.partition(), 1);
        cluster.admin.alterReplicaLogDirs(Map.of(replica, directory)).values().get(replica).get();
        Wait.until("the move of " + partition, () -> directory.equals(directory(cluster, partition)));
    }

    private static void move(Cluster cluster) throws Exception {
        Transcript.step("admin, log directories: move");
        List<String> directories = new ArrayList<>(cluster.admin.describeLogDirs(List.of(1)).allDescriptions().get().get(1).keySet());
        directories.sort(null);
        moveTo(cluster, FIRST, directories.get(1));
        Transcript.answer("now", () -> directory(cluster, FIRST));
        try (var producer = cluster.producer(Map.of())) {
            Transcript.answer("the next offset there", () -> Cluster.send(producer, TOPIC, 0, "shelf").offset());
        }
        cluster.noteSideBySide(TOPIC, 2);
        alter(cluster, "to where it is", FIRST, 1, directories.get(1));
        alter(cluster, "to a directory that is none of the broker's", FIRST, 1, "/no/such/data");
        alter(cluster, "to a path that is not absolute", FIRST, 1, "data");
        alter(cluster, "of a partition that is not there", ABSENT, 1, directories.get(0));
    }

    private static void alter(Cluster cluster, String label, TopicPartition partition, int broker, String directory) {
        TopicPartitionReplica replica = new TopicPartitionReplica(partition.topic(), partition.partition(), broker);
        Transcript.answer(label, () -> cluster.admin.alterReplicaLogDirs(Map.of(replica, directory)).values().get(replica).get());
    }

    private static void elections(Cluster cluster) {
        for (ElectionType type : ElectionType.values()) {
            Transcript.step("admin, elections: " + type.toString().toLowerCase());
            Transcript.answer("of one", () -> cluster.admin.electLeaders(type, Set.of(FIRST)).partitions().get());
            Transcript.answer("of one that is not there", () -> cluster.admin.electLeaders(type, Set.of(ABSENT)).partitions().get());
            Transcript.answer("of both", () -> cluster.admin.electLeaders(type, Set.of(FIRST, ABSENT)).partitions().get());
            Transcript.answer("of all", () -> cluster.admin.electLeaders(type, null).partitions().get());
        }
    }

    private static void reassignments(Cluster cluster) throws Exception {
        Transcript.step("admin, reassignments");
        reassign(cluster, "to where it is", FIRST, List.of(1));
        reassign(cluster, "to a broker that is not there", FIRST, List.of(2));
        reassign(cluster, "to both", FIRST, List.of(1, 2));
        reassign(cluster, "to the same twice", FIRST, List.of(1, 1));
        reassign(cluster, "to a negative one", FIRST, List.of(-1));
        reassign(cluster, "of one that is not there", ABSENT, List.of(1));
        reassign(cluster, "cancel what does not run", FIRST, null);
        reassign(cluster, "cancel of one that is not there", ABSENT, null);
        Transcript.answer("list all", () -> cluster.admin.listPartitionReassignments().reassignments().get());
        Transcript.answer("list one", () -> cluster.admin.listPartitionReassignments(Set.of(FIRST)).reassignments().get());
        Transcript.answer("list one that is not there", () -> cluster.admin.listPartitionReassignments(Set.of(ABSENT)).reassignments().get());
    }

    private static void reassign(Cluster cluster, String label, TopicPartition partition, List<Integer> replicas) {
        Transcript.answer(label, () -> {
            Optional<NewPartitionReassignment> wanted = Optional.ofNullable(replicas).map(NewPartitionReassignment::new);
            return cluster.admin.alterPartitionReassignments(Map.of(partition, wanted)).values().get(partition).get();
        });
    }

    private static void deleteRecords(Cluster cluster) throws Exception {
        Transcript.step("admin, delete records");
        delete(cluster, FIRST, 2);
        delete(cluster, FIRST, 1);
        delete(cluster, FIRST, 99);
        cluster.noteSideBySide(TOPIC, 2);
        delete(cluster, FIRST, -1);
        cluster.noteSideBySide(TOPIC, 2);
        Transcript.step("admin, delete records: while a transaction is open");
        try (var producer = cluster.transactional("mover")) {
            producer.initTransactions();
            producer.beginTransaction();
            long offset = Cluster.send(producer, TOPIC, 1, "sofa", "desk").offset();
            delete(cluster, new TopicPartition(TOPIC, 1), offset);
            Transcript.outcome("commit", producer::commitTransaction);
            cluster.noteSideBySide(TOPIC, 2);
        }
    }

    private static void delete(Cluster cluster, TopicPartition partition, long before) {
        Transcript.answer(partition + " before " + before, () -> cluster.admin.deleteRecords(
                Map.of(partition, RecordsToDelete.beforeOffset(before))).lowWatermarks().get(partition).get().lowWatermark());
    }
}
