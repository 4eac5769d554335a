// What the administrator sees of groups, one line a group and one a member.

import java.util.Comparator;
import java.util.List;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.admin.MemberDescription;

final class Groups {
    private Groups() {}

    static void describe(Cluster cluster, String group) {
        describe(cluster, group, true);
    }

    /** Without epochs where their number is nobody's promise. */
    static void describe(Cluster cluster, String group, boolean epochs) {
        try {
            ConsumerGroupDescription said = cluster.admin.describeConsumerGroups(List.of(group)).describedGroups().get(group).get();
            Transcript.note(said.groupId() + ": " + said.type() + " " + said.groupState() + ", assignor " + said.partitionAssignor()
                    + ", simple " + said.isSimpleConsumerGroup() + ", coordinator " + said.coordinator().id()
                    + (epochs ? ", epochs " + Transcript.text(said.groupEpoch()) + " " + Transcript.text(said.targetAssignmentEpoch()) : ""));
            said.members().stream()
                    .sorted(Comparator.comparing(MemberDescription::clientId).thenComparing(member -> member.groupInstanceId().orElse("")))
                    .forEach(member -> Transcript.note("  " + member(member, epochs)));
        } catch (Exception failure) {
            Transcript.note(group + ": " + Transcript.chain(failure));
        }
    }

    static String member(MemberDescription member, boolean epochs) {
        return member.clientId() + " at " + member.host() + ", instance " + Transcript.text(member.groupInstanceId())
                + ", rack " + Transcript.text(member.rackId())
                + ", has " + Member.names(member.assignment().topicPartitions())
                + ", target " + member.targetAssignment().map(target -> Member.names(target.topicPartitions())).orElse("-")
                + ", upgraded " + Transcript.text(member.upgraded())
                + (epochs ? ", epoch " + Transcript.text(member.memberEpoch()) : "");
    }
}
