// One JVM that runs many of Apache Kafka's command-line tools, one after another, to save a JVM start for each.
// In: one line a request on standard input, its words separated by spaces, each word base64 after a leading dot: the main
// class, the text for the tool's standard input, then the arguments. Out: one line an answer: exit status, what the tool
// printed on standard output, what it printed on standard error, coded in the same way.

import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import org.apache.kafka.common.utils.Exit;

public final class ToolHost {
    private static final class ToolExit extends RuntimeException {
        ToolExit() {
            super("exit", null, false, false);
        }
    }

    private static final PrintStream ANSWERS = System.out;
    private static final List<Runnable> HOOKS = new ArrayList<>();
    private static ByteArrayOutputStream out;
    private static ByteArrayOutputStream err;
    private static Integer exitStatus;

    public static void main(String[] ignored) throws Exception {
        Exit.setExitProcedure((status, message) -> exit(status));
        Exit.setHaltProcedure((status, message) -> exit(status));
        Exit.setShutdownHookAdder((name, hook) -> HOOKS.add(hook));
        BufferedReader requests = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
        for (String line = requests.readLine(); line != null; line = requests.readLine()) {
            String[] words = line.split(" ");
            for (int i = 0; i < words.length; i++) {
                words[i] = new String(Base64.getDecoder().decode(words[i].substring(1)), StandardCharsets.UTF_8);
            }
            answer(words);
        }
        Runtime.getRuntime().halt(0);
    }

    /** The first exit counts. The tools catch all throwables and print them, so nothing more is heard of them after it. */
    private static void exit(int status) {
        if (exitStatus == null) {
            exitStatus = status;
            System.out.flush();
            System.err.flush();
            listen(OutputStream.nullOutputStream(), OutputStream.nullOutputStream());
            out = copy(out);
            err = copy(err);
        }
        throw new ToolExit();
    }

    private static void answer(String[] words) throws Exception {
        exitStatus = null;
        out = new ByteArrayOutputStream();
        err = new ByteArrayOutputStream();
        listen(out, err);
        System.setIn(new ByteArrayInputStream(words[1].getBytes(StandardCharsets.UTF_8)));
        run(words[0], Arrays.copyOfRange(words, 2, words.length));
        listen(out, err);
        for (Runnable hook : HOOKS) {
            hook.run();
        }
        HOOKS.clear();
        System.out.flush();
        System.err.flush();
        ANSWERS.println((exitStatus == null ? 0 : exitStatus) + " " + word(out) + " " + word(err));
        ANSWERS.flush();
    }

    private static void run(String mainClass, String[] args) throws Exception {
        try {
            Class.forName(mainClass).getMethod("main", String[].class).invoke(null, (Object) args);
        } catch (InvocationTargetException failure) {
            if (exitStatus == null) {
                exitStatus = 1;
                System.err.print("Exception in thread \"main\" ");
                failure.getCause().printStackTrace();
            }
        }
    }

    private static void listen(OutputStream out, OutputStream err) {
        System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
        System.setErr(new PrintStream(err, true, StandardCharsets.UTF_8));
    }

    private static ByteArrayOutputStream copy(ByteArrayOutputStream bytes) {
        ByteArrayOutputStream copy = new ByteArrayOutputStream();
        copy.writeBytes(bytes.toByteArray());
        return copy;
    }

    private static String word(ByteArrayOutputStream bytes) {
        return "." + Base64.getEncoder().encodeToString(bytes.toByteArray());
    }
}
