// What Apache Kafka's assignors make of many small groups, for packages/client/src/consumer/group/assignors. The groups follow from their
// number, by the same arithmetic as in `golden-groups.ts`; printed is a checksum of each assignment, or with a number the assignment itself.

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.*;
import java.util.zip.CRC32;
import org.apache.kafka.clients.consumer.*;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor.*;
import org.apache.kafka.common.*;

public class GoldenAssignors {
  static int state;

  static int below(int bound) {
    state += 0x6d2b79f5;
    int mixed = (state ^ (state >>> 15)) * (state | 1);
    mixed ^= mixed + (mixed ^ (mixed >>> 7)) * (mixed | 61);
    return Integer.remainderUnsigned(mixed ^ (mixed >>> 14), bound);
  }

  record Case(Cluster cluster, TreeMap<String, Subscription> members, Set<String> topics) {}

  static Case make(int number) {
    state = number;
    int racks = below(3);
    List<Node> nodes = new ArrayList<>();
    for (int id = 0; id < 6; id++) nodes.add(new Node(id, "h", 1, racks > 0 && id < 3 + below(4) ? "r" + id % 3 : null));
    int topicCount = 1 + below(5);
    int usual = 1 + below(9);
    List<PartitionInfo> partitions = new ArrayList<>();
    Set<String> topics = new TreeSet<>();
    for (int topic = 0; topic < topicCount; topic++) {
      int count = below(3) == 0 ? below(10) : usual;
      if (count > 0) topics.add("t" + topic);
      for (int partition = 0; partition < count; partition++) {
        Node[] replicas = new Node[1 + below(3)];
        int first = below(6);
        for (int index = 0; index < replicas.length; index++) replicas[index] = nodes.get((first + index) % 6);
        partitions.add(new PartitionInfo("t" + topic, partition, replicas[0], replicas, replicas));
      }
    }
    Cluster cluster = new Cluster("c", nodes, partitions, Set.of(), Set.of());
    int memberCount = 1 + below(8);
    boolean alike = below(2) == 0;
    TreeMap<String, Subscription> members = new TreeMap<>();
    for (int member = 0; member < memberCount; member++) {
      String id = (char) ('a' + below(26)) + "" + member;
      String instance = below(3) == 0 ? "i" + below(100) + "-" + member : null;
      String rack = racks > 0 && below(4) > 0 ? "r" + below(3) : null;
      List<String> read = new ArrayList<>();
      for (int topic = 0; topic < topicCount; topic++) if (alike || below(3) > 0) read.add("t" + topic);
      if (below(5) == 0) read.add("x");
      Subscription subscription = new Subscription(read, null, List.of(), -1, Optional.ofNullable(rack));
      subscription.setGroupInstanceId(Optional.ofNullable(instance));
      members.put(id, subscription);
    }
    return new Case(cluster, members, topics);
  }

  static TreeMap<String, List<TopicPartition>> assign(ConsumerPartitionAssignor assignor, Case group) {
    var assigned = assignor.assign(group.cluster, new GroupSubscription(group.members)).groupAssignment();
    TreeMap<String, List<TopicPartition>> sorted = new TreeMap<>();
    assigned.forEach((id, assignment) -> {
      List<TopicPartition> partitions = new ArrayList<>(assignment.partitions());
      partitions.sort(Comparator.comparing(TopicPartition::topic).thenComparing(TopicPartition::partition));
      sorted.put(id, partitions);
    });
    return sorted;
  }

  static String text(TreeMap<String, List<TopicPartition>> assigned) {
    StringBuilder text = new StringBuilder();
    assigned.forEach((id, partitions) -> {
      text.append(id).append('=');
      for (TopicPartition partition : partitions) text.append(partition).append(',');
      text.append(';');
    });
    return text.toString();
  }

  static String sum(String text) {
    CRC32 crc = new CRC32();
    crc.update(text.getBytes(StandardCharsets.UTF_8));
    return String.format("%08x", crc.getValue());
  }

  /** The first member leaves, or a new one comes, and the others say what they had from the round robin: squares of the loads, and how many partitions moved. */
  static String sticky(int number) {
    Case group = make(number);
    var before = assign(new RoundRobinAssignor(), group);
    Map<TopicPartition, String> owners = new HashMap<>();
    before.forEach((id, partitions) -> partitions.forEach(partition -> owners.put(partition, id)));
    TreeMap<String, Subscription> members = new TreeMap<>();
    group.members.forEach((id, had) -> {
      Subscription has = new Subscription(had.topics(), userData(before.get(id), 5), before.get(id), 5, Optional.empty());
      has.setGroupInstanceId(had.groupInstanceId());
      members.put(id, has);
    });
    if (number % 2 == 0 && members.size() > 1) members.remove(members.firstKey());
    else members.put("new", new Subscription(group.members.firstEntry().getValue().topics(), null, List.of(), -1, Optional.empty()));
    var after = assign(new StickyAssignor(), new Case(group.cluster, members, group.topics));
    int squares = 0, moved = 0;
    for (var entry : after.entrySet()) {
      squares += entry.getValue().size() * entry.getValue().size();
      for (TopicPartition partition : entry.getValue()) {
        String owner = owners.get(partition);
        if (members.containsKey(owner) && !owner.equals(entry.getKey())) moved++;
      }
    }
    return squares + "," + moved;
  }

  static ByteBuffer userData(List<TopicPartition> partitions, int generation) {
    TreeMap<String, List<Integer>> topics = new TreeMap<>();
    for (TopicPartition partition : partitions) topics.computeIfAbsent(partition.topic(), name -> new ArrayList<>()).add(partition.partition());
    ByteBuffer buffer = ByteBuffer.allocate(10_000).putInt(topics.size());
    topics.forEach((topic, numbers) -> {
      buffer.putShort((short) topic.length()).put(topic.getBytes(StandardCharsets.UTF_8)).putInt(numbers.size());
      numbers.forEach(buffer::putInt);
    });
    return buffer.putInt(generation).flip();
  }

  static String hex(ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.remaining()];
    buffer.get(bytes);
    return HexFormat.of().formatHex(bytes);
  }

  public static void main(String[] args) {
    if (args.length == 2) {
      int number = Integer.parseInt(args[1]);
      var assignor = args[0].equals("range") ? new RangeAssignor() : new RoundRobinAssignor();
      System.out.println(text(assign(assignor, make(number))));
      return;
    }
    StringBuilder out = new StringBuilder("{\n");
    for (var assignor : List.of(new RangeAssignor(), new RoundRobinAssignor())) {
      out.append("  \"").append(assignor.name()).append("\": \"");
      for (int number = 0; number < 3000; number++) out.append(sum(text(assign(assignor, make(number)))));
      out.append("\",\n");
    }
    out.append("  \"sticky\": \"");
    for (int number = 0; number < 1000; number++) out.append(number == 0 ? "" : " ").append(sticky(number));
    StickyAssignor sticky = new StickyAssignor();
    var metadata = new ConsumerGroupMetadata("g", 7, "m", Optional.empty());
    sticky.onAssignment(new Assignment(List.of(new TopicPartition("topic", 3), new TopicPartition("topic", 1))), metadata);
    CooperativeStickyAssignor cooperative = new CooperativeStickyAssignor();
    cooperative.onAssignment(new Assignment(List.of()), metadata);
    out.append("\",\n  \"stickyUserData\": \"").append(hex(sticky.subscriptionUserData(Set.of("topic"))));
    out.append("\",\n  \"cooperativeUserData\": \"").append(hex(cooperative.subscriptionUserData(Set.of("topic")))).append("\"\n}");
    System.out.println(out);
  }
}
