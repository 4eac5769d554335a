// The administrator and client quotas, and one producer and one consumer that are slowed down by theirs.

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.AlterClientQuotasOptions;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.common.Metric;
import org.apache.kafka.common.MetricName;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.quota.ClientQuotaAlteration;
import org.apache.kafka.common.quota.ClientQuotaEntity;
import org.apache.kafka.common.quota.ClientQuotaFilter;
import org.apache.kafka.common.quota.ClientQuotaFilterComponent;

final class AdminQuotas {
    private AdminQuotas() {}

    static void play(Cluster cluster) throws Exception {
        alter(cluster);
        Wait.settle();
        describe(cluster);
        remove(cluster);
        slowDown(cluster);
    }

    private static void alter(Cluster cluster) {
        Transcript.step("admin, quotas: set");
        set(cluster, entity("user", "alice"), "producer_byte_rate", 1_000_000.0);
        set(cluster, entity("user", "alice"), "request_percentage", 50.5);
        set(cluster, entity("client-id", "meter"), "consumer_byte_rate", 2_000_000.0);
        set(cluster, entity("user", "alice", "client-id", "meter"), "producer_byte_rate", 3_000_000.0);
        set(cluster, entity("user", null), "controller_mutation_rate", 1_000.0);
        set(cluster, entity("user", null, "client-id", null), "consumer_byte_rate", 9_000_000_000.0);
        set(cluster, entity("user", "bob", "client-id", null), "consumer_byte_rate", 4_000_000.0);
        set(cluster, entity("ip", "127.0.0.9"), "connection_creation_rate", 100.0);
        set(cluster, entity("ip", null), "connection_creation_rate", 1_000_000.0);
        Transcript.step("admin, quotas: what cannot be set");
        set(cluster, entity("user", "alice"), "producer_byte_rate", -1.0);
        set(cluster, entity("user", "alice"), "producer_byte_rate", 0.0);
        set(cluster, entity("user", "alice"), "producer_byte_rate", 1.5);
        set(cluster, entity("user", "alice"), "no_such_quota", 1.0);
        set(cluster, entity("user", "alice"), "connection_creation_rate", 1.0);
        set(cluster, entity("ip", "127.0.0.9"), "producer_byte_rate", 1.0);
        set(cluster, entity("ip", "not an address"), "connection_creation_rate", 1.0);
        set(cluster, entity("ip", "127.0.0.9", "user", "alice"), "connection_creation_rate", 1.0);
        set(cluster, entity("team", "blue"), "producer_byte_rate", 1.0);
        set(cluster, entity("user", ""), "producer_byte_rate", 1.0);
        Transcript.answer("only try", () -> cluster.admin.alterClientQuotas(
                List.of(new ClientQuotaAlteration(entity("user", "carol"), List.of(new ClientQuotaAlteration.Op("producer_byte_rate", 7.0)))),
                new AlterClientQuotasOptions().validateOnly(true)).all().get());
    }

    private static ClientQuotaEntity entity(String... pairs) {
        Map<String, String> entries = new HashMap<>();
        for (int i = 0; i < pairs.length; i += 2) {
            entries.put(pairs[i], pairs[i + 1]);
        }
        return new ClientQuotaEntity(entries);
    }

    private static void set(Cluster cluster, ClientQuotaEntity entity, String key, Double value) {
        Transcript.answer(Transcript.text(entity.entries()) + " " + key + "=" + value, () -> cluster.admin.alterClientQuotas(
                List.of(new ClientQuotaAlteration(entity, List.of(new ClientQuotaAlteration.Op(key, value))))).values().get(entity).get());
    }

    private static void describe(Cluster cluster) {
        Transcript.step("admin, quotas: describe");
        find(cluster, "all", ClientQuotaFilter.all());
        find(cluster, "of any user", ClientQuotaFilter.contains(List.of(ClientQuotaFilterComponent.ofEntityType("user"))));
        find(cluster, "of any user and nothing else", ClientQuotaFilter.containsOnly(List.of(ClientQuotaFilterComponent.ofEntityType("user"))));
        find(cluster, "of alice", ClientQuotaFilter.contains(List.of(ClientQuotaFilterComponent.ofEntity("user", "alice"))));
        find(cluster, "of alice and nothing else", ClientQuotaFilter.containsOnly(List.of(ClientQuotaFilterComponent.ofEntity("user", "alice"))));
        find(cluster, "of the user who has no own", ClientQuotaFilter.contains(List.of(ClientQuotaFilterComponent.ofDefaultEntity("user"))));
        find(cluster, "of alice with any client", ClientQuotaFilter.contains(List.of(
                ClientQuotaFilterComponent.ofEntity("user", "alice"), ClientQuotaFilterComponent.ofEntityType("client-id"))));
        find(cluster, "of addresses", ClientQuotaFilter.contains(List.of(ClientQuotaFilterComponent.ofEntityType("ip"))));
        find(cluster, "of one address", ClientQuotaFilter.containsOnly(List.of(ClientQuotaFilterComponent.ofEntity("ip", "127.0.0.9"))));
        find(cluster, "of nobody", ClientQuotaFilter.contains(List.of(ClientQuotaFilterComponent.ofEntity("user", "nobody"))));
        find(cluster, "of what is nothing", ClientQuotaFilter.contains(List.of(ClientQuotaFilterComponent.ofEntityType("team"))));
        find(cluster, "of an address and a user", ClientQuotaFilter.contains(List.of(
                ClientQuotaFilterComponent.ofEntityType("ip"), ClientQuotaFilterComponent.ofEntityType("user"))));
        find(cluster, "of users twice", ClientQuotaFilter.contains(List.of(
                ClientQuotaFilterComponent.ofEntityType("user"), ClientQuotaFilterComponent.ofEntity("user", "alice"))));
    }

    private static void find(Cluster cluster, String label, ClientQuotaFilter filter) {
        Transcript.answer(label, () -> {
            List<String> lines = new ArrayList<>();
            cluster.admin.describeClientQuotas(filter).entities().get()
                    .forEach((entity, quotas) -> lines.add("\n  " + Transcript.text(entity.entries()) + " " + Transcript.text(quotas)));
            return String.join("", lines.stream().sorted().toList());
        });
    }

    private static void remove(Cluster cluster) throws Exception {
        Transcript.step("admin, quotas: remove");
        set(cluster, entity("user", "alice"), "producer_byte_rate", null);
        set(cluster, entity("user", "nobody"), "producer_byte_rate", null);
        set(cluster, entity("user", null), "controller_mutation_rate", null);
        set(cluster, entity("user", null, "client-id", null), "consumer_byte_rate", null);
        set(cluster, entity("ip", null), "connection_creation_rate", null);
        Wait.settle();
        find(cluster, "what is left", ClientQuotaFilter.all());
    }

    private static void slowDown(Cluster cluster) throws Exception {
        Transcript.step("admin, quotas: what they do");
        cluster.create("metered", 1);
        set(cluster, entity("client-id", "metered-writer"), "producer_byte_rate", 100_000.0);
        set(cluster, entity("client-id", "metered-reader"), "consumer_byte_rate", 100_000.0);
        Wait.settle();
        String block = "x".repeat(80_000);
        var producer = cluster.producer(Map.of("client.id", "metered-writer"));
        Cluster.send(producer, "metered", 0, block, block, block, block);
        Transcript.note("the writer was told to wait: " + (metric(producer.metrics(), "produce-throttle-time-max") > 0));
        producer.close(Duration.ZERO);
        TopicPartition partition = new TopicPartition("metered", 0);
        var consumer = cluster.consumer(Map.of("client.id", "metered-reader", "max.partition.fetch.bytes", "80000"));
        consumer.assign(List.of(partition));
        consumer.seekToBeginning(List.of(partition));
        int count = 0;
        long deadline = System.currentTimeMillis() + 15_000;
        while (count < 4 && System.currentTimeMillis() < deadline) {
            count += consumer.poll(Duration.ofMillis(100)).count();
        }
        Transcript.note("the reader got " + count);
        Transcript.note("the reader was told to wait: " + (metric(consumer.metrics(), "fetch-throttle-time-max") > 0));
        consumer.close(CloseOptions.timeout(Duration.ZERO));
    }

    private static double metric(Map<MetricName, ? extends Metric> metrics, String name) {
        return metrics.entrySet().stream().filter(entry -> entry.getKey().name().equals(name))
                .mapToDouble(entry -> (double) entry.getValue().metricValue()).max().orElse(-1);
    }
}
