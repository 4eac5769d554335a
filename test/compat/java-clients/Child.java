// A program of ours in a JVM of its own, set up as this one, so that it can be killed. It ends when the one that started it ends.

import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;

final class Child {
    private Child() {}

    static Process start(Class<?> program, String... args) throws Exception {
        List<String> command = new ArrayList<>(List.of(ProcessHandle.current().info().command().orElse("java")));
        command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), program.getName()));
        command.addAll(List.of(args));
        return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    }

    /** Called by the child: its standard input ends with its parent. */
    static void endWithParent() {
        Thread watch = new Thread(() -> {
            try {
                System.in.transferTo(java.io.OutputStream.nullOutputStream());
            } catch (java.io.IOException ended) {
                System.err.println("the one that started this one has ended");
            }
            // One that was told to end has its time for it.
            try {
                Thread.sleep(10_000);
            } catch (InterruptedException never) {
                Thread.currentThread().interrupt();
            }
            Runtime.getRuntime().halt(1);
        }, "watch");
        watch.setDaemon(true);
        watch.start();
    }
}
