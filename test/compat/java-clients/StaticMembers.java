// Members with a name of their own: they come back to what they had, and two of one name do not get on.

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.MemberToRemove;
import org.apache.kafka.clients.admin.RemoveMembersFromConsumerGroupOptions;

final class StaticMembers {
    private StaticMembers() {}

    static void play(Cluster cluster) throws Exception {
        play(cluster, "classic");
        play(cluster, "consumer");
    }

    private static Member member(Cluster cluster, String protocol, String name, String instance) {
        Map<String, String> settings = new HashMap<>(Map.of(
                "group.protocol", protocol, "group.id", "static-" + protocol, "group.instance.id", instance));
        return Member.of(cluster, name, List.of("static-" + protocol), settings);
    }

    private static void play(Cluster cluster, String protocol) throws Exception {
        String group = "static-" + protocol;
        cluster.create(group, 4);
        Transcript.step("static members, " + protocol + ": two");
        Member one = member(cluster, protocol, "one", "red");
        Member.untilShared(4, one);
        Member two = member(cluster, protocol, "two", "blue");
        Member.untilShared(4, one, two);
        Member.note(one, two);
        Groups.describe(cluster, group);

        Transcript.step("static members, " + protocol + ": one goes and comes back");
        one.close();
        Member.note(one, two);
        Groups.describe(cluster, group);
        one = member(cluster, protocol, "one-again", "red");
        Member.untilShared(4, one, two);
        Member.note(one, two);
        Groups.describe(cluster, group);

        Transcript.step("static members, " + protocol + ": two of one name");
        Member twin = member(cluster, protocol, "twin", "red");
        Member left;
        if (protocol.equals("classic")) {
            Transcript.note("the older one: " + one.end());
            left = twin;
        } else {
            Transcript.note("the younger one: " + twin.end());
            left = one;
        }
        Member.untilShared(4, left, two);
        left.events();
        Groups.describe(cluster, group);
        remove(cluster, group);
        Wait.until("its return", () -> left.owned().isEmpty() || left.hasEvents());
        Member.untilShared(4, left, two);
        Transcript.note("it lost what it had: " + left.events().startsWith("!") + ", and comes back: " + left.owned().size());

        Transcript.step("static members, " + protocol + ": one leaves for good, the other only goes");
        left.leave();
        Member.untilShared(4, two);
        two.close();
        Groups.describe(cluster, group);
        Wait.until("an empty group", () -> cluster.admin.describeConsumerGroups(List.of(group)).all().get().get(group).members().isEmpty());
        Groups.describe(cluster, group);
    }

    private static void remove(Cluster cluster, String group) {
        Transcript.step("static members, " + group.substring(7) + ": removed by the administrator");
        for (String instance : List.of("green", "red")) {
            var options = new RemoveMembersFromConsumerGroupOptions(List.of(new MemberToRemove(instance)));
            Transcript.answer("remove " + instance, () ->
                    cluster.admin.removeMembersFromConsumerGroup(group, options).memberResult(new MemberToRemove(instance)).get());
        }
    }
}
