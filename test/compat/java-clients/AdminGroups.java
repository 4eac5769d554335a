// The administrator and groups of both kinds: list, describe, offsets, members, delete.

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.admin.DescribeConsumerGroupsOptions;
import org.apache.kafka.clients.admin.GroupListing;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsSpec;
import org.apache.kafka.clients.admin.ListGroupsOptions;
import org.apache.kafka.clients.admin.MemberToRemove;
import org.apache.kafka.clients.admin.RemoveMembersFromConsumerGroupOptions;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.GroupState;
import org.apache.kafka.common.GroupType;
import org.apache.kafka.common.TopicPartition;

final class AdminGroups {
    private static final String TOPIC = "adm";
    private static final TopicPartition FIRST = new TopicPartition(TOPIC, 0);
    private static final List<String> GROUPS = List.of("adm-classic", "adm-consumer", "adm-empty", "adm-absent");

    private AdminGroups() {}

    static void play(Cluster cluster) throws Exception {
        cluster.create(TOPIC, 2);
        cluster.create("adm-other", 1);
        try (var producer = cluster.producer(Map.of())) {
            Cluster.send(producer, TOPIC, 0, "one", "two", "three");
            Cluster.send(producer, TOPIC, 1, "four");
        }
        List<Member> members = new ArrayList<>();
        for (String protocol : List.of("classic", "consumer")) {
            Member member = Member.of(cluster, "adm-" + protocol, List.of(TOPIC), Map.of("group.id", "adm-" + protocol, "group.protocol", protocol));
            members.add(member);
            Member.untilShared(2, member);
            Wait.until("what was read", () -> member.read().size() == 4);
            Wait.until("commits", () -> offsets(cluster, "adm-" + protocol).equals("{adm-0=3, adm-1=1}"));
        }
        alterOffsets(cluster);
        list(cluster);
        describe(cluster);
        readOffsets(cluster);
        deleteOffsets(cluster);
        delete(cluster, "while members are there");
        removeMembers(cluster, members);
        for (Member member : members) {
            member.close();
        }
        list(cluster, "at the end", new ListGroupsOptions());
        delete(cluster, "without members");
        list(cluster, "after that", new ListGroupsOptions());
    }

    private static String offsets(Cluster cluster, String group) throws Exception {
        Map<TopicPartition, Long> offsets = new HashMap<>();
        cluster.admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get()
                .forEach((partition, offset) -> offsets.put(partition, offset == null ? -1 : offset.offset()));
        return Transcript.text(offsets);
    }

    private static void list(Cluster cluster) {
        Transcript.step("admin, groups: list");
        list(cluster, "all", new ListGroupsOptions());
        list(cluster, "stable", new ListGroupsOptions().inGroupStates(Set.of(GroupState.STABLE)));
        list(cluster, "empty or dead", new ListGroupsOptions().inGroupStates(Set.of(GroupState.EMPTY, GroupState.DEAD)));
        list(cluster, "classic", new ListGroupsOptions().withTypes(Set.of(GroupType.CLASSIC)));
        list(cluster, "of the new kind", new ListGroupsOptions().withTypes(Set.of(GroupType.CONSUMER)));
        list(cluster, "of a share group's kind", new ListGroupsOptions().withTypes(Set.of(GroupType.SHARE)));
        list(cluster, "of consumers", ListGroupsOptions.forConsumerGroups());
        list(cluster, "with a protocol of consumers", new ListGroupsOptions().withProtocolTypes(Set.of("consumer")));
        list(cluster, "with no protocol", new ListGroupsOptions().withProtocolTypes(Set.of("")));
        list(cluster, "stable and classic", new ListGroupsOptions()
                .inGroupStates(Set.of(GroupState.STABLE)).withTypes(Set.of(GroupType.CLASSIC)));
    }

    private static void list(Cluster cluster, String label, ListGroupsOptions options) {
        Transcript.answer(label, () -> cluster.admin.listGroups(options).all().get().stream()
                .filter(group -> group.groupId().startsWith("adm-"))
                .sorted(Comparator.comparing(GroupListing::groupId))
                .map(group -> group.groupId() + " " + Transcript.text(group.type()) + " '" + group.protocol() + "' "
                        + Transcript.text(group.groupState()) + (group.isSimpleConsumerGroup() ? " simple" : ""))
                .toList());
    }

    private static void describe(Cluster cluster) {
        Transcript.step("admin, groups: describe");
        for (String group : GROUPS) {
            Groups.describe(cluster, group);
        }
        Transcript.step("admin, groups: describe, with what is allowed");
        for (String group : GROUPS) {
            var options = new DescribeConsumerGroupsOptions().includeAuthorizedOperations(true);
            Transcript.answer(group, () -> cluster.admin.describeConsumerGroups(List.of(group), options)
                    .describedGroups().get(group).get().authorizedOperations());
        }
        Transcript.step("admin, groups: describe as classic");
        for (String group : GROUPS) {
            Transcript.answer(group, () -> {
                var said = cluster.admin.describeClassicGroups(List.of(group)).describedGroups().get(group).get();
                return said.state() + ", protocol '" + said.protocol() + "', '" + said.protocolData() + "', simple "
                        + said.isSimpleConsumerGroup() + ", members "
                        + said.members().stream().map(member -> Groups.member(member, false)).toList();
            });
        }
    }

    private static void alterOffsets(Cluster cluster) {
        Transcript.step("admin, groups: alter offsets");
        alter(cluster, "adm-empty", FIRST, 2);
        alter(cluster, "adm-empty", new TopicPartition("adm-other", 0), 0);
        alter(cluster, "adm-empty", new TopicPartition(TOPIC, 9), 1);
        alter(cluster, "adm-empty", new TopicPartition("absent", 0), 1);
        alter(cluster, "adm-classic", FIRST, 1);
        alter(cluster, "adm-consumer", FIRST, 1);
    }

    private static void alter(Cluster cluster, String group, TopicPartition partition, long offset) {
        Transcript.answer(group + " " + partition, () -> cluster.admin.alterConsumerGroupOffsets(
                group, Map.of(partition, new OffsetAndMetadata(offset, java.util.Optional.of(0), "by hand"))).partitionResult(partition).get());
    }

    private static void readOffsets(Cluster cluster) {
        Transcript.step("admin, groups: offsets");
        for (String group : GROUPS) {
            Transcript.answer(group, () -> cluster.admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get());
        }
        Transcript.step("admin, groups: offsets of some partitions of some groups");
        Map<String, ListConsumerGroupOffsetsSpec> specs = new HashMap<>();
        for (String group : GROUPS) {
            specs.put(group, new ListConsumerGroupOffsetsSpec().topicPartitions(List.of(FIRST, new TopicPartition("absent", 0))));
        }
        for (String group : GROUPS) {
            Transcript.answer(group, () -> cluster.admin.listConsumerGroupOffsets(specs).partitionsToOffsetAndMetadata(group).get());
        }
    }

    private static void deleteOffsets(Cluster cluster) {
        Transcript.step("admin, groups: delete offsets");
        for (String group : GROUPS) {
            for (TopicPartition partition : List.of(FIRST, new TopicPartition("adm-other", 0), new TopicPartition("absent", 0))) {
                Transcript.answer(group + " " + partition, () ->
                        cluster.admin.deleteConsumerGroupOffsets(group, Set.of(partition)).partitionResult(partition).get());
            }
        }
        Transcript.answer("offsets of adm-empty", () -> offsets(cluster, "adm-empty"));
    }

    private static void removeMembers(Cluster cluster, List<Member> members) throws Exception {
        Transcript.step("admin, groups: remove members");
        for (String group : GROUPS) {
            MemberToRemove nobody = new MemberToRemove("nobody");
            Transcript.answer(group + " nobody", () -> cluster.admin.removeMembersFromConsumerGroup(
                    group, new RemoveMembersFromConsumerGroupOptions(List.of(nobody))).memberResult(nobody).get());
        }
        for (Member member : members) {
            member.events();
            var options = new RemoveMembersFromConsumerGroupOptions();
            options.reason("the proof says so");
            Transcript.answer(member.name + " all", () -> cluster.admin.removeMembersFromConsumerGroup(member.name, options).all().get());
            StringBuilder said = new StringBuilder();
            Wait.until("its return", () -> said.append(member.events()).append(' ').toString().contains("+") && member.owned().size() == 2);
            Transcript.note(member.name + " comes back: " + said.toString().trim().replaceAll("\\s+", " "));
        }
        Transcript.answer("adm-absent all", () -> cluster.admin.removeMembersFromConsumerGroup(
                "adm-absent", new RemoveMembersFromConsumerGroupOptions()).all().get());
    }

    private static void delete(Cluster cluster, String when) {
        Transcript.step("admin, groups: delete " + when);
        for (String group : GROUPS) {
            Transcript.answer(group, () -> cluster.admin.deleteConsumerGroups(List.of(group)).deletedGroups().get(group).get());
        }
    }
}
