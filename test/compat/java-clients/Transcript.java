// What a thread of the programs saw: steps that begin with `## name`, then one line for each answer. An answer that is a failure is
// noted with the words of its whole chain of causes; what differs from run to run is masked.

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.regex.Pattern;

final class Transcript {
    interface Question {
        Object ask() throws Exception;
    }

    interface Deed {
        void happen() throws Exception;
    }

    private static final Pattern PRODUCER = Pattern.compile("(producer ?id[ =:]*)\\d+", Pattern.CASE_INSENSITIVE);
    private static final Pattern MEMBER = Pattern.compile("\\b(member ?id|memberId=|Member|member) ?=?[\\w-]{22}\\b");
    /** The same failure in two wordings of the client, by whether its sending thread has heard of it. */
    private static final Pattern OLD_EPOCH = Pattern.compile("Producer with transactionalId '[^']*' and \\([^)]*\\) attempted to produce with an old epoch");
    private static final Pattern OWNER = Pattern.compile("(owned by )[\\w-]{22}( member)");
    private static final Pattern DIRECTORY = Pattern.compile("/[\\w./-]*/(?=(data|spare)\\b)");

    private static final ThreadLocal<StringBuffer> LINES = ThreadLocal.withInitial(StringBuffer::new);
    private static final long STARTED = System.nanoTime();

    private Transcript() {}

    /** All that this thread noted. */
    static String all() {
        return LINES.get().toString();
    }

    static void step(String name) {
        System.err.println((System.nanoTime() - STARTED) / 1_000_000 + " ms: " + name);
        LINES.get().append("\n## ").append(name).append('\n');
    }

    static void note(Object line) {
        LINES.get().append(mask(text(line))).append('\n');
    }

    /** Asks and notes the answer; a failure is an answer too. */
    static void answer(String label, Question question) {
        long startedAt = System.currentTimeMillis();
        String said;
        try {
            said = text(question.ask());
        } catch (Throwable failure) {
            said = chain(failure);
        }
        note(label + ": " + said);
        long tookMs = System.currentTimeMillis() - startedAt;
        if (tookMs > 1_000) {
            System.err.println("  " + label + " took " + tookMs + " ms");
        }
    }

    static void outcome(String label, Deed deed) {
        answer(label, () -> {
            deed.happen();
            return "done";
        });
    }

    /** The failure and its causes, without the wrappers of futures and without the same words twice. */
    static String chain(Throwable failure) {
        List<String> links = new ArrayList<>();
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof ExecutionException || cause instanceof CompletionException) {
                continue;
            }
            String name = cause.getClass().getSimpleName();
            String words = cause.getMessage();
            boolean repeats = cause.getCause() != null && words != null && words.equals(cause.getCause().toString());
            links.add(words == null || repeats ? name : name + ": " + words.replace("\n", " "));
        }
        return String.join(" < ", links);
    }

    static String mask(String text) {
        String masked = PRODUCER.matcher(text).replaceAll("$1N");
        masked = OLD_EPOCH.matcher(masked).replaceAll("Producer attempted to produce with an old epoch.");
        masked = OWNER.matcher(MEMBER.matcher(masked).replaceAll("$1 ID")).replaceAll("$1ID$2");
        return DIRECTORY.matcher(masked).replaceAll("DIR/");
    }

    /** Collections in an order of their own texts, optional values as their values. */
    static String text(Object value) {
        if (value instanceof Optional<?> optional) {
            return optional.isPresent() ? text(optional.get()) : "-";
        }
        if (value instanceof OptionalLong optional) {
            return optional.isPresent() ? String.valueOf(optional.getAsLong()) : "-";
        }
        if (value instanceof OptionalInt optional) {
            return optional.isPresent() ? String.valueOf(optional.getAsInt()) : "-";
        }
        if (value instanceof Map<?, ?> map) {
            TreeMap<String, String> sorted = new TreeMap<>();
            map.forEach((key, one) -> sorted.put(text(key), text(one)));
            return sorted.toString();
        }
        if (value instanceof List<?> list) {
            return list.stream().map(Transcript::text).toList().toString();
        }
        if (value instanceof Collection<?> collection) {
            return collection.stream().map(Transcript::text).sorted().toList().toString();
        }
        return String.valueOf(value);
    }
}
