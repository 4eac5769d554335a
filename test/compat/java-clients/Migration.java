// A group of classic members becomes one of the new protocol (KIP-848) and classic again, while its members work.

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.CooperativeStickyAssignor;
import org.apache.kafka.clients.consumer.RangeAssignor;
import org.apache.kafka.common.TopicPartition;

final class Migration {
    private Migration() {}

    static void play(Cluster cluster) throws Exception {
        migrate(cluster, "eager", RangeAssignor.class);
        migrate(cluster, "cooperative", CooperativeStickyAssignor.class);
        offline(cluster);
    }

    private static void migrate(Cluster cluster, String kind, Class<?> assignor) throws Exception {
        String group = "moving-" + kind;
        cluster.create(group, 6);
        Map<String, String> classic = Map.of(
                "group.id", group, "group.protocol", "classic", "partition.assignment.strategy", assignor.getName());
        Map<String, String> consumer = Map.of("group.id", group, "group.protocol", "consumer");
        List<Member> all = new ArrayList<>();
        Feeder feeder = new Feeder(cluster, group, 6);

        Transcript.step("migration, " + kind + ": two classic members");
        Member a = start(cluster, all, "a-classic", group, classic);
        Member.untilShared(6, a);
        Member b = start(cluster, all, "b-classic", group, classic);
        Member.untilShared(6, a, b);
        feeder.feed();
        Groups.describe(cluster, group, false);

        Transcript.step("migration, " + kind + ": a member of the new protocol comes");
        Member c = start(cluster, all, "c-consumer", group, consumer);
        Member.untilShared(6, a, b, c);
        feeder.feed();
        note(cluster, group, a, b, c);

        Transcript.step("migration, " + kind + ": the classic ones are replaced");
        a.close();
        Member d = start(cluster, all, "d-consumer", group, consumer);
        Member.untilShared(6, b, c, d);
        feeder.feed();
        note(cluster, group, b, c, d);
        b.close();
        Member.untilShared(6, c, d);
        feeder.feed();
        note(cluster, group, c, d);

        Transcript.step("migration, " + kind + ": and back");
        Member e = start(cluster, all, "e-classic", group, classic);
        Member.untilShared(6, c, d, e);
        note(cluster, group, c, d, e);
        c.close();
        Member.untilShared(6, d, e);
        feeder.feed();
        d.close();
        Member.untilShared(6, e);
        feeder.feed();
        note(cluster, group, e);

        Transcript.step("migration, " + kind + ": what was read and committed");
        Wait.until("all records", () -> feeder.missing(all).isEmpty());
        Transcript.note("records missing: " + feeder.missing(all).size() + " of " + feeder.sent.size());
        Wait.until("all commits", () -> committed(cluster, group) == feeder.sent.size());
        Transcript.note("committed: " + committed(cluster, group));
        e.close();
        Groups.describe(cluster, group, false);
    }

    private static Member start(Cluster cluster, List<Member> all, String name, String topic, Map<String, String> settings) {
        Member member = Member.of(cluster, name, List.of(topic), settings);
        all.add(member);
        return member;
    }

    /** How many partitions each has; which ones is nobody's promise. */
    private static void note(Cluster cluster, String group, Member... members) throws Exception {
        var said = cluster.admin.describeConsumerGroups(List.of(group)).all().get().get(group);
        Transcript.note(group + ": " + said.type() + " " + said.groupState() + ", assignor " + said.partitionAssignor());
        for (Member member : members) {
            var seen = said.members().stream().filter(one -> one.clientId().equals(member.name)).findFirst().orElseThrow();
            Transcript.note("  " + member.name + ": owns " + member.owned().size() + ", upgraded " + Transcript.text(seen.upgraded())
                    + ", as described " + seen.assignment().topicPartitions().equals(member.owned()));
        }
    }

    private static long committed(Cluster cluster, String group) throws Exception {
        return cluster.admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get()
                .values().stream().mapToLong(offset -> offset == null ? 0 : offset.offset()).sum();
    }

    /** A group without members changes its kind with the first that comes, and keeps its offsets. */
    private static void offline(Cluster cluster) throws Exception {
        String group = "moving-offline";
        cluster.create(group, 2);
        Feeder feeder = new Feeder(cluster, group, 2);
        feeder.feed();
        for (String protocol : List.of("classic", "consumer", "classic")) {
            Transcript.step("migration, offline: to " + protocol + " from " + before(cluster, group));
            Map<String, String> settings = new HashMap<>(Map.of("group.id", group, "group.protocol", protocol));
            Member member = Member.of(cluster, "only", List.of(group), settings);
            Member.untilShared(2, member);
            Wait.until("all commits", () -> committed(cluster, group) == feeder.sent.size());
            Groups.describe(cluster, group, false);
            Transcript.note("read " + member.read().size() + ", committed " + committed(cluster, group));
            member.close();
            Groups.describe(cluster, group, false);
            feeder.feed();
        }
    }

    private static String before(Cluster cluster, String group) {
        try {
            return cluster.admin.describeConsumerGroups(List.of(group)).all().get().get(group).type().toString();
        } catch (Exception failure) {
            return "nothing";
        }
    }

    /** Writes one record to each partition at a time, and knows which ones nobody has read yet. */
    private static final class Feeder {
        final Set<String> sent = new HashSet<>();
        private final Cluster cluster;
        private final String topic;
        private final int partitions;

        Feeder(Cluster cluster, String topic, int partitions) {
            this.cluster = cluster;
            this.topic = topic;
            this.partitions = partitions;
        }

        void feed() throws Exception {
            try (var producer = cluster.producer(Map.of())) {
                for (int i = 0; i < partitions; i++) {
                    String value = "record " + sent.size();
                    long offset = Cluster.send(producer, topic, i, value).offset();
                    sent.add(new TopicPartition(topic, i).partition() + "/" + offset + " " + value);
                }
            }
        }

        Set<String> missing(List<Member> readers) {
            Set<String> missing = new HashSet<>(sent);
            readers.forEach(reader -> missing.removeAll(reader.read()));
            return missing;
        }
    }
}
