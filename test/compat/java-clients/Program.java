// Apache Kafka's Java clients in a program of ours. In: the address of a server and, if wanted, the names of some parts. Out: a
// transcript on standard output. What has to do with groups alone goes on beside the rest, as both are made of waiting.

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

public final class Program {
    private interface Part {
        void play(Cluster cluster) throws Exception;
    }

    private Program() {}

    public static void main(String[] args) throws InterruptedException {
        Map<String, Part> records = new LinkedHashMap<>();
        records.put("transactions", Transactions::play);
        records.put("zombies", Zombies::play);
        records.put("transforms", Transforms::play);
        records.put("admin-transactions", AdminTransactions::play);
        records.put("admin-configs", AdminConfigs::play);
        records.put("admin-quotas", AdminQuotas::play);
        records.put("admin-replicas", AdminReplicas::play);
        records.put("admin-cluster", AdminCluster::play);
        Map<String, Part> groups = new LinkedHashMap<>();
        groups.put("rebalances", Rebalances::play);
        groups.put("static-members", StaticMembers::play);
        groups.put("migration", Migration::play);
        groups.put("admin-groups", AdminGroups::play);
        List<String> only = List.of(args).subList(1, args.length);
        try (Cluster cluster = new Cluster(args[0])) {
            List<Thread> lanes = List.of(lane(cluster, records, only), lane(cluster, groups, only));
            for (Thread lane : lanes) {
                lane.join();
            }
        }
        // Threads of consumers that hang must not keep the program.
        Runtime.getRuntime().halt(0);
    }

    private static Thread lane(Cluster cluster, Map<String, Part> parts, List<String> only) {
        Thread lane = new Thread(() -> {
            parts.forEach((name, part) -> {
                if (only.isEmpty() || only.contains(name)) {
                    play(name, part, cluster);
                }
            });
            System.out.print(Transcript.all());
            System.out.flush();
        });
        lane.start();
        return lane;
    }

    private static void play(String name, Part part, Cluster cluster) {
        try {
            part.play(cluster);
        } catch (Throwable failure) {
            Transcript.step("the rest of " + name);
            Transcript.note(Transcript.chain(failure));
            failure.printStackTrace();
        }
    }
}
