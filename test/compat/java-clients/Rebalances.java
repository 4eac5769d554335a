// Members come and go: all partitions at once (range), some at a time (cooperative sticky), and by the broker's plan (KIP-848).

import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.consumer.CooperativeStickyAssignor;
import org.apache.kafka.clients.consumer.RangeAssignor;
import org.apache.kafka.clients.consumer.RoundRobinAssignor;
import org.apache.kafka.clients.consumer.StickyAssignor;
import org.apache.kafka.clients.consumer.SubscriptionPattern;

final class Rebalances {
    private Rebalances() {}

    static void play(Cluster cluster) throws Exception {
        for (Class<?> assignor : List.of(RangeAssignor.class, RoundRobinAssignor.class, StickyAssignor.class, CooperativeStickyAssignor.class)) {
            comeAndGo(cluster, "classic with " + assignor.getSimpleName(), Map.of("partition.assignment.strategy", assignor.getName()));
        }
        comeAndGo(cluster, "consumer with uniform", Map.of("group.protocol", "consumer"));
        comeAndGo(cluster, "consumer with range", Map.of("group.protocol", "consumer", "group.remote.assignor", "range"));
        unknownAssignor(cluster);
        patterns(cluster);
    }

    private static void comeAndGo(Cluster cluster, String kind, Map<String, String> settings) throws Exception {
        String id = kind.replace(" with ", "-").toLowerCase();
        String topic = "shared-" + id;
        cluster.create(topic, 4);
        Map<String, String> all = new java.util.HashMap<>(settings);
        all.put("group.id", id);
        Transcript.step("rebalances, " + kind + ": one member");
        Member first = Member.of(cluster, "first", List.of(topic), all);
        Member.untilShared(4, first);
        note(false, first);
        Transcript.step("rebalances, " + kind + ": a second one comes");
        Member second = Member.of(cluster, "second", List.of(topic), all);
        Member.untilShared(4, first, second);
        note(kind.equals("consumer with range"), first, second);
        if (!kind.equals("consumer with range")) {
            Groups.describe(cluster, id);
        }
        Transcript.step("rebalances, " + kind + ": two partitions more");
        cluster.admin.createPartitions(Map.of(topic, NewPartitions.increaseTo(6))).all().get();
        Member.untilShared(6, first, second);
        note(kind.startsWith("consumer"), first, second);
        Transcript.step("rebalances, " + kind + ": the first one leaves");
        first.close();
        Member.untilShared(6, second);
        note(kind.startsWith("consumer"), first, second);
        if (kind.endsWith("RangeAssignor") || kind.endsWith("uniform")) {
            vanish(cluster, kind, id, second);
        } else {
            second.close();
        }
    }

    /** How the broker's assignors order members whose ids are random is chance. */
    private static void note(boolean byChance, Member... members) {
        if (!byChance) {
            Member.note(members);
            return;
        }
        for (Member member : members) {
            member.events();
            Transcript.note(member.name + " owns " + member.owned().size());
        }
    }

    private static void vanish(Cluster cluster, String kind, String id, Member member) throws Exception {
        Transcript.step("rebalances, " + kind + ": the second one vanishes");
        member.vanish();
        Member.note(member);
        Groups.describe(cluster, id);
        Wait.until("an empty group", () -> cluster.admin.describeConsumerGroups(List.of(id)).all().get().get(id).members().isEmpty());
        Groups.describe(cluster, id);
    }

    private static void unknownAssignor(Cluster cluster) throws Exception {
        Transcript.step("rebalances: an assignor that the server does not have");
        var settings = Map.of("group.protocol", "consumer", "group.remote.assignor", "magic", "group.id", "wishful");
        Transcript.note(Member.of(cluster, "wishful", List.of("shared-consumer-range"), settings).end());
    }

    /** The client looks for matching topics itself, or the server does. */
    private static void patterns(Cluster cluster) throws Exception {
        cluster.create("metric-cpu", 1);
        cluster.create("metric-disk", 2);
        cluster.create("other-cpu", 1);
        Transcript.step("rebalances: a pattern for the server");
        var settings = Map.of("group.protocol", "consumer", "group.id", "metrics");
        Member member = Member.of(cluster, "metrics", new SubscriptionPattern("metric-(cpu|disk|net).*"), settings);
        Member.untilShared(3, member);
        Member.note(member);
        Groups.describe(cluster, "metrics", false);
        member.close();
        Transcript.step("rebalances: a pattern that is none");
        Transcript.note(Member.of(cluster, "broken", new SubscriptionPattern("metric-(("), settings).end());
        Transcript.step("rebalances: a pattern for the client");
        try (var consumer = cluster.consumer(Map.of("group.protocol", "consumer", "group.id", "metrics-here"))) {
            consumer.subscribe(Pattern.compile("metric-.*"));
            Wait.until("an assignment", () -> {
                consumer.poll(java.time.Duration.ofMillis(50));
                return consumer.assignment().size() == 3;
            });
            Transcript.note(Member.names(consumer.assignment()));
        }
    }
}
