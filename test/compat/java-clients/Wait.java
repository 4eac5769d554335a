// Waits for something that is going to happen, and says so when it does not.

import java.util.concurrent.Callable;

final class Wait {
    private static final long PATIENCE_MS = 20_000;
    private static final long STABLE_MS = 300;

    private Wait() {}

    /** Until the condition holds; a line in the transcript when it never does. */
    static void until(String what, Callable<Boolean> condition) throws Exception {
        long end = System.currentTimeMillis() + PATIENCE_MS;
        while (!condition.call()) {
            if (System.currentTimeMillis() > end) {
                Transcript.note("never came: " + what);
                return;
            }
            Thread.sleep(20);
        }
    }

    /** Until the condition holds and goes on holding for a while. */
    static void untilStable(String what, Callable<Boolean> condition) throws Exception {
        long end = System.currentTimeMillis() + PATIENCE_MS;
        long since = 0;
        while (since == 0 || System.currentTimeMillis() - since < STABLE_MS) {
            if (!condition.call()) {
                since = 0;
            } else if (since == 0) {
                since = System.currentTimeMillis();
            }
            if (since == 0 && System.currentTimeMillis() > end) {
                Transcript.note("never came: " + what);
                return;
            }
            Thread.sleep(20);
        }
    }

    /** Apache Kafka answers a change of topics or settings some milliseconds before its own metadata follows. */
    static void settle() throws InterruptedException {
        Thread.sleep(300);
    }
}
