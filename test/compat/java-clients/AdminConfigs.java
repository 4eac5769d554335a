// The administrator and settings, of every type of resource: topics, brokers, their loggers, groups, and metrics of clients.

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.AlterConfigOp.OpType;
import org.apache.kafka.clients.admin.AlterConfigsOptions;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.DescribeConfigsOptions;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.ConfigResource.Type;

final class AdminConfigs {
    private AdminConfigs() {}

    static void play(Cluster cluster) throws Exception {
        cluster.create("tuned", 1);
        topics(cluster);
        brokers(cluster);
        loggers(cluster);
        groups(cluster);
        clientMetrics(cluster);
        unknown(cluster);
        lists(cluster);
    }

    private static void topics(Cluster cluster) throws Exception {
        ConfigResource topic = new ConfigResource(Type.TOPIC, "tuned");
        Transcript.step("admin, settings of a topic");
        alter(cluster, "set", topic, set("retention.ms", "1000000"), set("compression.type", "lz4"));
        alter(cluster, "append", topic, op("cleanup.policy", "compact", OpType.APPEND));
        alter(cluster, "append again", topic, op("cleanup.policy", "compact", OpType.APPEND));
        alter(cluster, "subtract", topic, op("cleanup.policy", "delete", OpType.SUBTRACT));
        alter(cluster, "append to what is no list", topic, op("retention.ms", "1", OpType.APPEND));
        alter(cluster, "delete", topic, op("compression.type", "", OpType.DELETE));
        alter(cluster, "set to what is none", topic, set("compression.type", "zip"));
        alter(cluster, "set what is none", topic, set("no.such.setting", "1"));
        alter(cluster, "twice the same", topic, set("retention.ms", "1"), set("retention.ms", "2"));
        alter(cluster, "of one that is not there", new ConfigResource(Type.TOPIC, "absent"), set("retention.ms", "1"));
        Transcript.answer("only try", () -> cluster.admin.incrementalAlterConfigs(
                Map.of(topic, List.of(set("retention.ms", "5"))), new AlterConfigsOptions().validateOnly(true)).all().get());
        Wait.settle();
        describe(cluster, topic, true);
        describe(cluster, new ConfigResource(Type.TOPIC, "absent"), false);
    }

    private static void brokers(Cluster cluster) throws Exception {
        ConfigResource one = new ConfigResource(Type.BROKER, "1");
        ConfigResource all = new ConfigResource(Type.BROKER, "");
        Transcript.step("admin, settings of brokers");
        alter(cluster, "set for all", all, set("log.retention.ms", "7200000"), set("log.cleaner.threads", "2"));
        alter(cluster, "set for one", one, set("log.retention.ms", "3600000"));
        alter(cluster, "set what only the file can", one, set("node.id", "5"));
        Wait.settle();
        describe(cluster, all, true);
        describeSome(cluster, one, Set.of("log.retention.ms", "log.cleaner.threads", "transaction.max.timeout.ms",
                "group.consumer.session.timeout.ms", "group.consumer.assignors", "transaction.state.log.num.partitions"));
        alter(cluster, "delete for all", all, op("log.retention.ms", "", OpType.DELETE), op("log.cleaner.threads", "", OpType.DELETE));
        alter(cluster, "delete for one", one, op("log.retention.ms", "", OpType.DELETE));
        Wait.settle();
        describe(cluster, all, true);
    }

    /** Which loggers there are is a server's own affair; only the root is everybody's. */
    private static void loggers(Cluster cluster) throws Exception {
        ConfigResource logger = new ConfigResource(Type.BROKER_LOGGER, "1");
        Transcript.step("admin, loggers of a broker");
        alter(cluster, "set", logger, set("root", "ERROR"));
        describeSome(cluster, logger, Set.of("root"));
        alter(cluster, "set to no level", logger, set("root", "LOUD"));
        alter(cluster, "append", logger, op("root", "INFO", OpType.APPEND));
        alter(cluster, "delete", logger, op("root", "", OpType.DELETE));
        alter(cluster, "set one that is not there", logger, set("no.such.logger", "INFO"));
        alter(cluster, "set back", logger, set("root", "WARN"));
        describeSome(cluster, logger, Set.of("root"));
    }

    private static void groups(Cluster cluster) throws Exception {
        ConfigResource group = new ConfigResource(Type.GROUP, "tuned-group");
        Transcript.step("admin, settings of a group");
        describe(cluster, group, false);
        alter(cluster, "set", group, set("consumer.session.timeout.ms", "5000"), set("consumer.heartbeat.interval.ms", "500"));
        alter(cluster, "set under the limit", group, set("consumer.session.timeout.ms", "1"));
        alter(cluster, "set over the limit", group, set("consumer.heartbeat.interval.ms", "60000"));
        alter(cluster, "set to no number", group, set("consumer.heartbeat.interval.ms", "often"));
        alter(cluster, "set what is none", group, set("no.such.setting", "1"));
        Wait.settle();
        describe(cluster, group, false);
        alter(cluster, "delete", group, op("consumer.session.timeout.ms", "", OpType.DELETE));
        Wait.settle();
        describe(cluster, group, true);
        alter(cluster, "of one without a name", new ConfigResource(Type.GROUP, ""), set("consumer.session.timeout.ms", "5000"));
        describe(cluster, new ConfigResource(Type.GROUP, ""), false);
    }

    private static void clientMetrics(Cluster cluster) throws Exception {
        ConfigResource metrics = new ConfigResource(Type.CLIENT_METRICS, "basics");
        Transcript.step("admin, metrics of clients");
        describe(cluster, metrics, false);
        alter(cluster, "set", metrics, set("interval.ms", "30000"), set("metrics", "org.apache.kafka.producer.,org.apache.kafka.consumer."),
                set("match", "client_software_name=apache-kafka-java,client_source_address=127.0.0.1"));
        alter(cluster, "append", metrics, op("metrics", "org.apache.kafka.admin.", OpType.APPEND));
        alter(cluster, "an interval too short", metrics, set("interval.ms", "1"));
        alter(cluster, "an interval too long", metrics, set("interval.ms", "36000000"));
        alter(cluster, "a match of nothing known", metrics, set("match", "colour=blue"));
        alter(cluster, "a match that is no pattern", metrics, set("match", "client_id=(("));
        alter(cluster, "set what is none", metrics, set("no.such.setting", "1"));
        Wait.settle();
        describe(cluster, metrics, false);
        Transcript.answer("resources", () -> cluster.admin.listConfigResources(Set.of(Type.CLIENT_METRICS),
                new org.apache.kafka.clients.admin.ListConfigResourcesOptions()).all().get());
        alter(cluster, "delete", metrics, op("interval.ms", "", OpType.DELETE), op("metrics", "", OpType.DELETE), op("match", "", OpType.DELETE));
        Wait.settle();
        describe(cluster, metrics, false);
    }

    private static void unknown(Cluster cluster) {
        Transcript.step("admin, settings of what is nothing");
        ConfigResource nothing = new ConfigResource(Type.UNKNOWN, "x");
        alter(cluster, "set", nothing, set("a", "b"));
        describe(cluster, nothing, false);
    }

    private static void lists(Cluster cluster) throws Exception {
        Transcript.step("admin, settings: what has some");
        var options = new org.apache.kafka.clients.admin.ListConfigResourcesOptions();
        for (Type type : List.of(Type.GROUP, Type.BROKER, Type.BROKER_LOGGER, Type.CLIENT_METRICS)) {
            Transcript.answer(type.toString(), () -> cluster.admin.listConfigResources(Set.of(type), options).all().get());
        }
        Transcript.answer("topics, one of which is 'tuned'", () -> cluster.admin.listConfigResources(Set.of(Type.TOPIC), options).all().get()
                .contains(new ConfigResource(Type.TOPIC, "tuned")));
        Transcript.answer("groups and metrics", () -> cluster.admin.listConfigResources(Set.of(Type.GROUP, Type.CLIENT_METRICS), options).all().get());
        Transcript.answer("of no type", () -> cluster.admin.listConfigResources(Set.of(Type.UNKNOWN), options).all().get());
    }

    private static AlterConfigOp set(String name, String value) {
        return op(name, value, OpType.SET);
    }

    private static AlterConfigOp op(String name, String value, OpType type) {
        return new AlterConfigOp(new ConfigEntry(name, value), type);
    }

    private static void alter(Cluster cluster, String label, ConfigResource resource, AlterConfigOp... operations) {
        Collection<AlterConfigOp> all = List.of(operations);
        Transcript.answer(label, () -> cluster.admin.incrementalAlterConfigs(Map.of(resource, all)).values().get(resource).get());
    }

    private static void describe(Cluster cluster, ConfigResource resource, boolean onlySet) {
        note(cluster, resource, entry -> !onlySet || !entry.isDefault());
    }

    private static void describeSome(Cluster cluster, ConfigResource resource, Set<String> names) {
        note(cluster, resource, entry -> names.contains(entry.name()));
    }

    private static void note(Cluster cluster, ConfigResource resource, java.util.function.Predicate<ConfigEntry> wanted) {
        var options = new DescribeConfigsOptions().includeSynonyms(true);
        Transcript.answer(resource.type() + " '" + resource.name() + "'", () -> {
            var said = new ArrayList<>(cluster.admin.describeConfigs(List.of(resource), options).values().get(resource).get().entries());
            said.sort(Comparator.comparing(ConfigEntry::name));
            return said.stream().filter(wanted).map(AdminConfigs::text).collect(java.util.stream.Collectors.joining());
        });
    }

    private static String text(ConfigEntry entry) {
        return "\n  " + entry.name() + "=" + entry.value() + " " + entry.source() + " " + entry.type() + (entry.isReadOnly() ? " fixed" : "")
                + (entry.isSensitive() ? " secret" : "")
                + entry.synonyms().stream().map(one -> " < " + one.source() + ":" + one.name() + "=" + one.value())
                        .collect(java.util.stream.Collectors.joining());
    }
}
