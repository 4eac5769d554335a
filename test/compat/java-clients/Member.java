// One consumer of a group in a thread of its own: it polls, commits what it read, and notes what it was given and what was taken.

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.SubscriptionPattern;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RebalanceInProgressException;

final class Member implements ConsumerRebalanceListener, AutoCloseable {
    final String name;
    private final KafkaConsumer<String, String> consumer;
    private final Thread thread;
    private final List<Event> events = new ArrayList<>();
    private final List<String> read = new ArrayList<>();
    private volatile Set<TopicPartition> owned = Set.of();
    private volatile Throwable failure;
    private volatile boolean over;
    private volatile CloseOptions parting = CloseOptions.timeout(Duration.ofSeconds(5));

    private Member(Cluster cluster, String name, Map<String, String> settings, Deed subscribe) {
        this.name = name;
        Map<String, String> all = new HashMap<>(Map.of("client.id", name, "metadata.max.age.ms", "500"));
        if (!"consumer".equals(settings.get("group.protocol"))) {
            all.put("session.timeout.ms", "3000");
            all.put("heartbeat.interval.ms", "200");
        }
        all.putAll(settings);
        this.consumer = cluster.consumer(all);
        this.thread = new Thread(() -> live(subscribe), name);
        thread.setDaemon(true);
        thread.start();
    }

    private interface Deed {
        void to(KafkaConsumer<String, String> consumer, ConsumerRebalanceListener listener);
    }

    static Member of(Cluster cluster, String name, Collection<String> topics, Map<String, String> settings) {
        return new Member(cluster, name, settings, (consumer, listener) -> consumer.subscribe(topics, listener));
    }

    static Member of(Cluster cluster, String name, SubscriptionPattern pattern, Map<String, String> settings) {
        return new Member(cluster, name, settings, (consumer, listener) -> consumer.subscribe(pattern, listener));
    }

    private void live(Deed subscribe) {
        try {
            subscribe.to(consumer, this);
            while (!over) {
                boolean some = false;
                for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(50))) {
                    some = true;
                    synchronized (read) {
                        read.add(record.partition() + "/" + record.offset() + " " + record.value());
                    }
                }
                owned = Set.copyOf(consumer.assignment());
                if (some) {
                    commit();
                }
            }
        } catch (Throwable thrown) {
            failure = thrown;
        } finally {
            owned = Set.of();
            try {
                consumer.close(parting);
            } catch (Throwable thrown) {
                failure = failure == null ? thrown : failure;
            }
        }
    }

    /** Who is in the middle of a rebalance reads the records again, or another does. */
    private void commit() {
        try {
            consumer.commitSync();
        } catch (RebalanceInProgressException | CommitFailedException again) {
            return;
        }
    }

    Set<TopicPartition> owned() {
        return owned;
    }

    List<String> read() {
        synchronized (read) {
            return List.copyOf(read);
        }
    }

    /** What was given (`+`), taken (`-`) and lost (`!`) since this was asked last, in order; in how many pieces is nobody's promise. */
    String events() {
        synchronized (events) {
            String all = String.join(" ", events.stream().map(Event::toString).toList());
            events.clear();
            return all;
        }
    }

    boolean hasEvents() {
        synchronized (events) {
            return !events.isEmpty();
        }
    }

    private record Event(String sign, Set<TopicPartition> partitions) {
        @Override
        public String toString() {
            return sign + names(partitions);
        }
    }

    /** The failure that ended it. */
    String end() throws Exception {
        Wait.until("the end of " + name, () -> !thread.isAlive());
        return failure == null ? "ended well" : Transcript.chain(failure);
    }

    @Override
    public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
        note("+", partitions);
    }

    @Override
    public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
        note("-", partitions);
    }

    @Override
    public void onPartitionsLost(Collection<TopicPartition> partitions) {
        note("!", partitions);
    }

    private void note(String sign, Collection<TopicPartition> partitions) {
        synchronized (events) {
            int last = events.size() - 1;
            if (partitions.isEmpty()) {
                return;
            }
            if (last >= 0 && events.get(last).sign().equals(sign)) {
                events.get(last).partitions().addAll(partitions);
            } else {
                events.add(new Event(sign, new HashSet<>(partitions)));
            }
        }
    }

    /** `topic[0,1] other[0]` */
    static String names(Collection<TopicPartition> partitions) {
        TreeMap<String, TreeSet<Integer>> topics = new TreeMap<>();
        partitions.forEach(one -> topics.computeIfAbsent(one.topic(), topic -> new TreeSet<>()).add(one.partition()));
        return topics.isEmpty() ? "nothing" : topics.entrySet().stream()
                .map(entry -> entry.getKey() + entry.getValue().toString().replace(" ", "")).collect(Collectors.joining(" "));
    }

    /** Ends without telling the group. */
    void vanish() throws Exception {
        parting = CloseOptions.groupMembershipOperation(CloseOptions.GroupMembershipOperation.REMAIN_IN_GROUP);
        close();
    }

    /** Tells the group that it leaves for good, also with a name of its own. */
    void leave() throws Exception {
        parting = CloseOptions.groupMembershipOperation(CloseOptions.GroupMembershipOperation.LEAVE_GROUP);
        close();
    }

    @Override
    public void close() throws InterruptedException {
        over = true;
        thread.join(15_000);
    }

    /** Until each partition of the topics has exactly one owner among the members and nothing moves any more. */
    static void untilShared(int partitions, Member... members) throws Exception {
        Wait.untilStable("an owner for each of " + partitions + " partitions", () -> {
            List<TopicPartition> all = new ArrayList<>();
            for (Member member : members) {
                all.addAll(member.owned());
            }
            int fewest = partitions / members.length;
            boolean fair = List.of(members).stream().allMatch(member -> member.owned().size() >= fewest);
            return fair && all.size() == partitions && Set.copyOf(all).size() == partitions;
        });
    }

    static void note(Member... members) {
        for (Member member : members) {
            Transcript.note(member.name + " owns " + names(member.owned()) + " after " + member.events());
        }
    }
}
