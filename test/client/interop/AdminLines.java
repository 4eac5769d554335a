// Everything that Apache Kafka's Java admin can tell of a cluster, a line each, in no particular order. admin-lines.ts tells the same.

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeClusterOptions;
import org.apache.kafka.clients.admin.DescribeConfigsOptions;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.clients.admin.GroupListing;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsSpec;
import org.apache.kafka.clients.admin.ListTopicsOptions;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicListing;
import org.apache.kafka.clients.admin.TransactionListing;
import org.apache.kafka.common.GroupType;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.acl.AclBindingFilter;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.quota.ClientQuotaFilter;

public final class AdminLines {
    private final Admin admin;
    private final List<TopicPartition> partitions = new ArrayList<>();
    private Collection<Node> nodes;

    private AdminLines(Admin admin) {
        this.admin = admin;
    }

    public static void main(String[] args) throws Exception {
        try (Admin admin = Admin.create(Map.<String, Object>of("bootstrap.servers", args[0]))) {
            AdminLines lines = new AdminLines(admin);
            lines.cluster();
            lines.topics();
            lines.configs();
            lines.offsets();
            lines.groups();
            lines.replicas();
            lines.security();
            lines.transactions();
        }
        System.out.flush();
    }

    private static void line(Object... words) {
        StringBuilder line = new StringBuilder();
        for (Object word : words) line.append(line.isEmpty() ? "" : "\t").append(text(word));
        System.out.println(line);
    }

    private static String text(Object word) {
        if (word instanceof Optional<?> one) return one.map(AdminLines::text).orElse("none");
        if (word instanceof OptionalInt one) return one.isPresent() ? "" + one.getAsInt() : "none";
        if (word instanceof OptionalLong one) return one.isPresent() ? "" + one.getAsLong() : "none";
        if (word instanceof Node node) return node.idString();
        if (word instanceof List<?> list) return list.stream().map(AdminLines::text).collect(Collectors.joining(","));
        if (word instanceof Collection<?> set) return set.stream().map(AdminLines::text).sorted().collect(Collectors.joining(","));
        return word == null ? "none" : word.toString();
    }

    private void cluster() throws Exception {
        var cluster = admin.describeCluster(new DescribeClusterOptions().includeAuthorizedOperations(true));
        nodes = cluster.nodes().get();
        line("cluster", cluster.clusterId().get(), cluster.authorizedOperations().get());
        for (Node node : nodes) line("node", node.id(), node.host(), node.port(), node.rack());
        var features = admin.describeFeatures().featureMetadata().get();
        features.supportedFeatures().forEach((name, range) -> line("supported", name, range.minVersion(), range.maxVersion()));
        features.finalizedFeatures().forEach((name, range) -> line("finalized", name, range.minVersionLevel(), range.maxVersionLevel()));
        var quorum = admin.describeMetadataQuorum().quorumInfo().get();
        line("quorum", quorum.leaderId(), quorum.leaderEpoch(), quorum.voters().size(), quorum.observers().size());
    }

    private void topics() throws Exception {
        var listings = admin.listTopics(new ListTopicsOptions().listInternal(true)).listings().get();
        for (TopicListing topic : listings) line("listed", topic.name(), topic.topicId(), topic.isInternal());
        var names = listings.stream().map(TopicListing::name).toList();
        var options = new DescribeTopicsOptions().includeAuthorizedOperations(true);
        for (var topic : admin.describeTopics(names, options).allTopicNames().get().values()) {
            line("topic", topic.name(), topic.authorizedOperations());
            for (var one : topic.partitions()) {
                partitions.add(new TopicPartition(topic.name(), one.partition()));
                line("partition", topic.name(), one.partition(), one.leader(), one.replicas(), one.isr(), one.elr(), one.lastKnownElr());
            }
        }
    }

    private void configs() throws Exception {
        List<ConfigResource> resources = new ArrayList<>(admin.listConfigResources().all().get());
        for (ConfigResource resource : resources) line("resource", resource.type(), resource.name());
        for (Node node : nodes) resources.add(new ConfigResource(ConfigResource.Type.BROKER_LOGGER, node.idString()));
        var all = admin.describeConfigs(resources, new DescribeConfigsOptions().includeSynonyms(true)).all().get();
        all.forEach((resource, config) -> config.entries().forEach(entry -> {
            var synonyms = entry.synonyms().stream().map(one -> one.name() + "=" + one.value() + "@" + one.source()).toList();
            line("config", resource.type(), resource.name(), entry.name(), entry.value(), entry.source(), entry.type(),
                entry.isDefault(), entry.isReadOnly(), entry.isSensitive(), synonyms);
        }));
    }

    private void offsets() throws Exception {
        Map<String, OffsetSpec> places = Map.of("earliest", OffsetSpec.earliest(), "latest", OffsetSpec.latest(),
            "maxTimestamp", OffsetSpec.maxTimestamp(), "earliestLocal", OffsetSpec.earliestLocal(),
            "latestTiered", OffsetSpec.latestTiered(), "2000", OffsetSpec.forTimestamp(2000));
        for (var place : places.entrySet()) {
            Map<TopicPartition, OffsetSpec> wanted = new HashMap<>();
            for (TopicPartition partition : partitions) wanted.put(partition, place.getValue());
            admin.listOffsets(wanted).all().get().forEach((partition, found) ->
                line("offset", place.getKey(), partition, found.offset(), found.timestamp(), found.leaderEpoch()));
        }
        admin.describeProducers(partitions).all().get().forEach((partition, state) -> state.activeProducers().forEach(one ->
            line("producer", partition, one.producerId(), one.producerEpoch(), one.lastSequence(), one.lastTimestamp(),
                one.coordinatorEpoch(), one.currentTransactionStartOffset())));
    }

    private void groups() throws Exception {
        var listings = admin.listGroups().all().get();
        Map<String, ListConsumerGroupOffsetsSpec> wanted = new HashMap<>();
        for (GroupListing group : listings) {
            GroupType type = group.type().orElseThrow();
            line("group", group.groupId(), group.protocol(), group.groupState(), type.toString().toLowerCase());
            if (type == GroupType.CLASSIC || type == GroupType.CONSUMER) wanted.put(group.groupId(), new ListConsumerGroupOffsetsSpec());
        }
        for (var group : admin.describeConsumerGroups(wanted.keySet()).all().get().values()) {
            line("described", group.groupId(), group.groupState(), group.type().toString().toLowerCase(), group.isSimpleConsumerGroup(),
                group.partitionAssignor(), group.coordinator(), group.groupEpoch(), group.targetAssignmentEpoch());
            for (var member : group.members())
                line("member", group.groupId(), member.consumerId(), member.groupInstanceId(), member.clientId(), member.host(),
                    member.assignment().topicPartitions(), member.targetAssignment().map(one -> one.topicPartitions()), member.memberEpoch());
        }
        admin.listConsumerGroupOffsets(wanted).all().get().forEach((group, offsets) -> offsets.forEach((partition, one) ->
            line("committed", group, partition, one.offset(), one.leaderEpoch(), "[" + one.metadata() + "]")));
    }

    private void replicas() throws Exception {
        var brokers = admin.describeLogDirs(nodes.stream().map(Node::id).toList()).allDescriptions().get();
        brokers.forEach((broker, dirs) -> dirs.forEach((path, dir) -> dir.replicaInfos().forEach((partition, replica) ->
            line("replica", broker, path, partition, replica.size(), replica.offsetLag(), replica.isFuture()))));
    }

    private void security() throws Exception {
        for (var acl : admin.describeAcls(AclBindingFilter.ANY).values().get())
            line("acl", acl.pattern().resourceType(), acl.pattern().name(), acl.pattern().patternType(), acl.entry().principal(),
                acl.entry().host(), acl.entry().operation(), acl.entry().permissionType());
        admin.describeClientQuotas(ClientQuotaFilter.all()).entities().get().forEach((entity, values) ->
            values.forEach((key, value) -> line("quota", new TreeMap<>(entity.entries()).entrySet().stream().map(one -> text(one.getKey()) + "=" + text(one.getValue())).toList(), key, value)));
        for (var user : admin.describeUserScramCredentials().all().get().values())
            for (var one : user.credentialInfos()) line("credential", user.name(), one.mechanism().mechanismName(), one.iterations());
    }

    private void transactions() throws Exception {
        var listings = admin.listTransactions().all().get();
        for (var one : listings) line("listed transaction", one.transactionalId(), one.producerId(), one.state());
        var ids = listings.stream().map(TransactionListing::transactionalId).toList();
        admin.describeTransactions(ids).all().get().forEach((id, one) -> line("transaction", id, one.state(), one.producerId(),
            one.producerEpoch(), one.transactionTimeoutMs(), one.transactionStartTimeMs(), one.topicPartitions()));
    }
}
