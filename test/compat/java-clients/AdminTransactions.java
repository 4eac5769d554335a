// The administrator and transactions: list, describe, abort, fence, terminate, and the producers of a partition.

import java.util.Comparator;
import java.util.List;
import java.util.Set;
import org.apache.kafka.clients.admin.AbortTransactionSpec;
import org.apache.kafka.clients.admin.ListTransactionsOptions;
import org.apache.kafka.clients.admin.ProducerState;
import org.apache.kafka.clients.admin.TransactionDescription;
import org.apache.kafka.clients.admin.TransactionListing;
import org.apache.kafka.clients.admin.TransactionState;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;

final class AdminTransactions {
    private static final String TOPIC = "books";
    private static final TopicPartition FIRST = new TopicPartition(TOPIC, 0);

    private AdminTransactions() {}

    static void play(Cluster cluster) throws Exception {
        cluster.create(TOPIC, 2);
        look(cluster);
        abort(cluster);
        fence(cluster);
        terminate(cluster);
    }

    private static void look(Cluster cluster) throws Exception {
        try (var open = cluster.transactional("ledger-open"); var done = cluster.transactional("ledger-done");
                var fresh = cluster.transactional("ledger-fresh")) {
            fresh.initTransactions();
            done.initTransactions();
            done.beginTransaction();
            Cluster.send(done, TOPIC, 0, "done");
            done.commitTransaction();
            open.initTransactions();
            open.beginTransaction();
            Cluster.send(open, TOPIC, 0, "open");
            Cluster.send(open, TOPIC, 1, "open");
            Wait.until("the end of the commit", () -> describe(cluster, "ledger-done").contains("Complete"));

            Transcript.step("admin, transactions: list");
            list(cluster, "all", new ListTransactionsOptions());
            list(cluster, "ongoing", new ListTransactionsOptions().filterStates(List.of(TransactionState.ONGOING)));
            list(cluster, "complete or empty", new ListTransactionsOptions()
                    .filterStates(List.of(TransactionState.COMPLETE_COMMIT, TransactionState.EMPTY)));
            list(cluster, "in a state that is none", new ListTransactionsOptions().filterStates(List.of(TransactionState.UNKNOWN)));
            list(cluster, "by producer", new ListTransactionsOptions().filterProducerIds(List.of(producer(cluster, "ledger-open"))));
            list(cluster, "by a producer that is none", new ListTransactionsOptions().filterProducerIds(List.of(999_999L)));
            list(cluster, "open for an hour", new ListTransactionsOptions().filterOnDuration(3_600_000));
            list(cluster, "open for a moment", new ListTransactionsOptions().filterOnDuration(1));
            list(cluster, "by pattern", new ListTransactionsOptions().filterOnTransactionalIdPattern("ledger-(open|fresh)"));
            list(cluster, "by half a pattern", new ListTransactionsOptions().filterOnTransactionalIdPattern("ledger-o"));
            list(cluster, "by a pattern that is none", new ListTransactionsOptions().filterOnTransactionalIdPattern("ledger-(("));

            Transcript.step("admin, transactions: describe");
            for (String id : List.of("ledger-open", "ledger-done", "ledger-fresh", "ledger-absent")) {
                Transcript.answer(id, () -> describe(cluster, id));
            }
            Transcript.step("admin, transactions: producers");
            producers(cluster, FIRST);
            producers(cluster, new TopicPartition(TOPIC, 1));
            open.abortTransaction();
            untilClosed(cluster);
            producers(cluster, FIRST);
        }
    }

    private static void list(Cluster cluster, String label, ListTransactionsOptions options) {
        Transcript.answer(label, () -> cluster.admin.listTransactions(options).all().get().stream()
                .filter(one -> one.transactionalId().startsWith("ledger-"))
                .sorted(Comparator.comparing(TransactionListing::transactionalId))
                .map(one -> one.transactionalId() + " " + one.state() + (one.producerId() >= 0 ? "" : " without producer"))
                .toList());
    }

    private static String describe(Cluster cluster, String id) throws Exception {
        TransactionDescription said = cluster.admin.describeTransactions(List.of(id)).description(id).get();
        return said.state() + ", epoch " + said.producerEpoch() + ", at most " + said.transactionTimeoutMs() + " ms, started "
                + said.transactionStartTimeMs().isPresent() + ", in " + Member.names(said.topicPartitions())
                + ", coordinator " + said.coordinatorId() + (said.producerId() >= 0 ? "" : ", without producer");
    }

    private static long producer(Cluster cluster, String id) throws Exception {
        return cluster.admin.describeTransactions(List.of(id)).description(id).get().producerId();
    }

    private static void producers(Cluster cluster, TopicPartition partition) {
        Transcript.answer(partition.toString(), () -> cluster.admin.describeProducers(Set.of(partition)).partitionResult(partition).get()
                .activeProducers().stream().sorted(Comparator.comparing(ProducerState::producerId))
                .map(one -> "epoch " + one.producerEpoch() + ", sequence " + one.lastSequence() + ", dated " + (one.lastTimestamp() > 0)
                        + ", open from " + Transcript.text(one.currentTransactionStartOffset())
                        + ", coordinator epoch " + Transcript.text(one.coordinatorEpoch()))
                .toList());
    }

    private static void abort(Cluster cluster) throws Exception {
        Transcript.step("admin, transactions: abort");
        try (var producer = cluster.transactional("ledger-hanging")) {
            producer.initTransactions();
            producer.beginTransaction();
            Cluster.send(producer, TOPIC, 0, "not hanging");
            producer.commitTransaction();
            producer.beginTransaction();
            Cluster.send(producer, TOPIC, 0, "hanging");
            ProducerState state = cluster.admin.describeProducers(Set.of(FIRST)).partitionResult(FIRST).get().activeProducers().stream()
                    .filter(one -> one.currentTransactionStartOffset().isPresent()).findFirst().orElseThrow();
            short epoch = (short) state.producerEpoch();
            int coordinator = state.coordinatorEpoch().orElse(0);
            abort(cluster, "of an older epoch", new AbortTransactionSpec(FIRST, state.producerId(), (short) (epoch - 1), coordinator));
            producers(cluster, FIRST);
            abort(cluster, "as it is", new AbortTransactionSpec(FIRST, state.producerId(), epoch, coordinator));
            producers(cluster, FIRST);
            abort(cluster, "again", new AbortTransactionSpec(FIRST, state.producerId(), epoch, coordinator));
            abort(cluster, "of an older coordinator", new AbortTransactionSpec(FIRST, state.producerId(), epoch, -1));
            Transcript.outcome("its producer commits", producer::commitTransaction);
        }
        cluster.noteSideBySide(TOPIC, 2);
    }

    private static void untilClosed(Cluster cluster) throws Exception {
        Wait.until("no open transaction", () ->
                cluster.end(FIRST, IsolationLevel.READ_COMMITTED) == cluster.end(FIRST, IsolationLevel.READ_UNCOMMITTED));
    }

    private static void abort(Cluster cluster, String label, AbortTransactionSpec spec) {
        Transcript.answer(label, () -> cluster.admin.abortTransaction(spec,
                new org.apache.kafka.clients.admin.AbortTransactionOptions().timeoutMs(2_000)).all().get());
    }

    private static void fence(Cluster cluster) throws Exception {
        Transcript.step("admin, transactions: fence producers");
        try (var open = cluster.transactional("ledger-fenced"); var idle = cluster.transactional("ledger-fenced-idle")) {
            open.initTransactions();
            idle.initTransactions();
            open.beginTransaction();
            Cluster.send(open, TOPIC, 1, "fenced");
            for (String id : List.of("ledger-fenced", "ledger-fenced-idle", "ledger-never")) {
                var result = cluster.admin.fenceProducers(List.of(id));
                Transcript.answer(id, () -> result.fencedProducers().get(id).get());
                Transcript.answer(id + ", producer", () -> result.producerId(id).get() >= 0);
                Transcript.answer(id + ", epoch", () -> result.epochId(id).get());
                Wait.until("an end", () -> !describe(cluster, id).contains("Prepare"));
                Transcript.answer(id + " after it", () -> describe(cluster, id));
            }
            Transcript.outcome("the fenced one commits", open::commitTransaction);
            idle.beginTransaction();
            Transcript.answer("the idle one sends", () -> Cluster.send(idle, TOPIC, 1, "fenced").offset());
            Transcript.outcome("the idle one aborts", idle::abortTransaction);
        }
        cluster.noteSideBySide(TOPIC, 2);
    }

    private static void terminate(Cluster cluster) throws Exception {
        Transcript.step("admin, transactions: terminate");
        try (var producer = cluster.transactional("ledger-terminated")) {
            producer.initTransactions();
            producer.beginTransaction();
            Cluster.send(producer, TOPIC, 1, "terminated");
            Transcript.answer("one that is open", () -> cluster.admin.forceTerminateTransaction("ledger-terminated").result().get());
            Wait.until("an end", () -> !describe(cluster, "ledger-terminated").contains("Prepare"));
            Transcript.answer("after it", () -> describe(cluster, "ledger-terminated"));
            Transcript.outcome("its producer commits", producer::commitTransaction);
            Transcript.answer("one that is unknown", () -> cluster.admin.forceTerminateTransaction("ledger-unknown").result().get());
        }
    }
}
