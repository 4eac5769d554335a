// The administrator and the cluster: its brokers, its features and transactions at another level of them, its quorum of controllers.

import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.apache.kafka.clients.admin.DescribeClusterOptions;
import org.apache.kafka.clients.admin.FeatureUpdate;
import org.apache.kafka.clients.admin.FeatureUpdate.UpgradeType;
import org.apache.kafka.clients.admin.QuorumInfo;
import org.apache.kafka.clients.admin.RaftVoterEndpoint;
import org.apache.kafka.clients.admin.UpdateFeaturesOptions;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;

final class AdminCluster {
    private AdminCluster() {}

    static void play(Cluster cluster) throws Exception {
        describe(cluster);
        quorum(cluster);
        features(cluster);
        transactionsAt(cluster, 1);
        transactionsAt(cluster, 0);
        transactionsAt(cluster, 2);
    }

    private static void describe(Cluster cluster) {
        Transcript.step("admin, cluster");
        Transcript.answer("id", () -> cluster.admin.describeCluster().clusterId().get().length());
        Transcript.answer("controller", () -> cluster.admin.describeCluster().controller().get().id());
        Transcript.answer("nodes", () -> cluster.admin.describeCluster().nodes().get());
        Transcript.answer("nodes, with those that are fenced", () ->
                cluster.admin.describeCluster(new DescribeClusterOptions().includeFencedBrokers(true)).nodes().get());
        Transcript.answer("allowed", () ->
                cluster.admin.describeCluster(new DescribeClusterOptions().includeAuthorizedOperations(true)).authorizedOperations().get());
        Transcript.answer("unregister a broker that is not there", () -> cluster.admin.unregisterBroker(9).all().get());
        Transcript.answer("unregister a negative one", () -> cluster.admin.unregisterBroker(-1).all().get());
        Transcript.answer("instance id", () -> cluster.admin.clientInstanceId(java.time.Duration.ofSeconds(1)));
    }

    private static void quorum(Cluster cluster) {
        Transcript.step("admin, quorum");
        Transcript.answer("metadata quorum", () -> {
            QuorumInfo said = cluster.admin.describeMetadataQuorum().quorumInfo().get();
            return "leader " + said.leaderId() + ", epoch told " + (said.leaderEpoch() > 0) + ", high watermark told " + (said.highWatermark() > 0)
                    + ", voters " + said.voters().stream().map(voter -> voter.replicaId() + " with an end " + (voter.logEndOffset() > 0)
                            + ", fetched " + voter.lastFetchTimestamp().isPresent() + ", caught up " + voter.lastCaughtUpTimestamp().isPresent()).toList()
                    + ", observers " + said.observers().stream().map(QuorumInfo.ReplicaState::replicaId).toList();
        });
        Uuid directory = Uuid.fromString("bWlsbHJhY2Vfdm90ZXJfMQ");
        Transcript.answer("add a voter", () -> cluster.admin.addRaftVoter(
                2, directory, Set.of(new RaftVoterEndpoint("CONTROLLER", "127.0.0.1", 1))).all().get());
        Transcript.answer("remove a voter", () -> cluster.admin.removeRaftVoter(2, directory).all().get());
    }

    private static void features(Cluster cluster) {
        Transcript.step("admin, features");
        Transcript.answer("finalized", () -> new TreeMap<>(cluster.admin.describeFeatures().featureMetadata().get().finalizedFeatures())
                .entrySet().stream().map(entry -> "\n  " + entry.getKey() + " " + entry.getValue()).reduce("", String::concat));
        Transcript.answer("supported", () -> new TreeMap<>(cluster.admin.describeFeatures().featureMetadata().get().supportedFeatures())
                .entrySet().stream().map(entry -> "\n  " + entry.getKey() + " " + entry.getValue()).reduce("", String::concat));
        Transcript.step("admin, features: update");
        update(cluster, "transaction.version", 2, UpgradeType.UPGRADE, false);
        update(cluster, "transaction.version", 1, UpgradeType.UPGRADE, false);
        update(cluster, "transaction.version", 9, UpgradeType.UPGRADE, false);
        update(cluster, "transaction.version", 1, UpgradeType.SAFE_DOWNGRADE, true);
        update(cluster, "group.version", 0, UpgradeType.SAFE_DOWNGRADE, true);
        update(cluster, "group.version", 7, UpgradeType.UPGRADE, true);
        update(cluster, "no.such.feature", 1, UpgradeType.UPGRADE, false);
        update(cluster, "no.such.feature", 0, UpgradeType.SAFE_DOWNGRADE, false);
        update(cluster, "metadata.version", 1, UpgradeType.SAFE_DOWNGRADE, true);
    }

    private static void update(Cluster cluster, String feature, int level, UpgradeType type, boolean onlyTry) {
        Transcript.answer(feature + " " + level + " " + type + (onlyTry ? ", only try" : ""), () -> cluster.admin.updateFeatures(
                Map.of(feature, new FeatureUpdate((short) level, type)), new UpdateFeaturesOptions().validateOnly(onlyTry)).values().get(feature).get());
    }

    /** Level 2: the server adds the partitions and steps the epoch at each end. Below, the client says which partitions before it writes. */
    private static void transactionsAt(Cluster cluster, int level) throws Exception {
        String topic = "level-" + level;
        cluster.create(topic, 1);
        Transcript.step("admin, features: transactions at level " + level);
        update(cluster, "transaction.version", level, level == 2 ? UpgradeType.UPGRADE : UpgradeType.SAFE_DOWNGRADE, false);
        Wait.until("the level", () -> {
            var range = cluster.admin.describeFeatures().featureMetadata().get().finalizedFeatures().get("transaction.version");
            return (range == null ? 0 : range.maxVersionLevel()) == level;
        });
        Wait.settle();
        try (var old = cluster.transactional(topic); var young = cluster.transactional(topic)) {
            old.initTransactions();
            old.beginTransaction();
            Cluster.send(old, topic, 0, "one");
            old.sendOffsetsToTransaction(Map.of(new TopicPartition(topic, 0), new OffsetAndMetadata(1)), new ConsumerGroupMetadata(topic));
            Transcript.outcome("commit", old::commitTransaction);
            old.beginTransaction();
            Cluster.send(old, topic, 0, "two (aborted)");
            Transcript.outcome("abort", old::abortTransaction);
            old.beginTransaction();
            Cluster.send(old, topic, 0, "three (fenced)");
            Transcript.answer("epoch", () -> cluster.admin.describeTransactions(Set.of(topic)).description(topic).get().producerEpoch());
            Transcript.outcome("a successor begins", young::initTransactions);
            young.beginTransaction();
            Transcript.answer("the old one sends", () -> Cluster.send(old, topic, 0, "four (fenced)").offset());
            Transcript.outcome("the old one commits", old::commitTransaction);
            Cluster.send(young, topic, 0, "five");
            Transcript.outcome("the successor commits", young::commitTransaction);
        }
        cluster.noteSideBySide(topic, 1);
        Transcript.answer("offset", () -> cluster.admin.listConsumerGroupOffsets(topic).partitionsToOffsetAndMetadata().get());
    }
}
