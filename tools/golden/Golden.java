import java.io.PrintWriter;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.lang.reflect.ParameterizedType;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.UnsupportedVersionException;
import org.apache.kafka.common.message.ApiMessageType;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.Message;
import org.apache.kafka.common.protocol.ObjectSerializationCache;
import org.apache.kafka.common.protocol.types.BoundField;
import org.apache.kafka.common.protocol.types.Schema;
import org.apache.kafka.common.protocol.types.TaggedFields;
import org.apache.kafka.common.protocol.types.Type;
import org.apache.kafka.common.record.internal.BaseRecords;
import org.apache.kafka.common.record.internal.MemoryRecords;

/**
 * Writes golden messages: Kafka's own classes, filled with seeded values, encoded by Kafka, read back by Kafka. One file
 * per API or record type, one line per message: its bytes, and all its fields as Kafka read them back.
 */
public class Golden {
    /** All by default; nothing null and nothing empty; as little as possible; anything. */
    private enum Sample { DEFAULT, FULL, SPARSE, MIXED }

    public static void main(String[] args) throws Exception {
        Path folder = Path.of(args[0]);
        Files.createDirectories(folder);
        for (ApiMessageType api : ApiMessageType.values()) {
            if (api.lowestSupportedVersion() > api.highestSupportedVersion(true)) continue; // retired
            List<String> lines = new ArrayList<>();
            add(lines, api.newRequest().getClass());
            add(lines, api.newResponse().getClass());
            write(folder.resolve(kebab(api.name) + ".json"), lines);
        }
        for (Map.Entry<String, List<String>> group : groups().entrySet()) {
            List<String> lines = new ArrayList<>();
            for (String name : group.getValue()) add(lines, Class.forName(name));
            write(folder.resolve(group.getKey() + ".json"), lines);
        }
    }

    /** Messages that are no APIs, by the file they go to. */
    private static Map<String, List<String>> groups() throws Exception {
        Map<String, List<String>> groups = new TreeMap<>();
        groups.put("headers", List.of("org.apache.kafka.common.message.RequestHeaderData",
            "org.apache.kafka.common.message.ResponseHeaderData"));
        groups.put("client-data", List.of("org.apache.kafka.common.message.ConsumerProtocolSubscription",
            "org.apache.kafka.common.message.ConsumerProtocolAssignment",
            "org.apache.kafka.common.message.DefaultPrincipalData"));
        groups.put("control-records", List.of("org.apache.kafka.common.message.ControlRecordTypeSchema",
            "org.apache.kafka.common.message.EndTxnMarker", "org.apache.kafka.common.message.AbortedTxn",
            "org.apache.kafka.common.message.LeaderChangeMessage", "org.apache.kafka.common.message.SnapshotHeaderRecord",
            "org.apache.kafka.common.message.SnapshotFooterRecord", "org.apache.kafka.common.message.KRaftVersionRecord",
            "org.apache.kafka.common.message.VotersRecord"));
        groups.put("metadata-records", enumerated("org.apache.kafka.common.metadata.MetadataRecordType",
            type -> "org.apache.kafka.common.metadata." + camel(type)));
        for (String topic : List.of("group", "transaction", "share")) {
            String prefix = "org.apache.kafka.coordinator." + topic + ".generated.";
            List<String> names = new ArrayList<>();
            for (String half : List.of("Key", "Value")) {
                names.addAll(enumerated(prefix + "CoordinatorRecordType", type -> prefix + camel(type) + half));
            }
            groups.put(topic + "-records", names);
        }
        return groups;
    }

    private static List<String> enumerated(String enumeration, java.util.function.Function<String, String> name) throws Exception {
        List<String> names = new ArrayList<>();
        for (Object type : Class.forName(enumeration).getEnumConstants()) names.add(name.apply(((Enum<?>) type).name()));
        return names;
    }

    private static void add(List<String> lines, Class<?> type) throws Exception {
        Schema[] schemas = (Schema[]) type.getField("SCHEMAS").get(null);
        short lowest = type.getField("LOWEST_SUPPORTED_VERSION").getShort(null);
        short highest = type.getField("HIGHEST_SUPPORTED_VERSION").getShort(null);
        for (short version = lowest; version <= highest; version++) {
            for (Sample sample : Sample.values()) lines.add(line(type, version, schemas[version], sample));
        }
    }

    private static String line(Class<?> type, short version, Schema schema, Sample sample) throws Exception {
        String name = type.getSimpleName().replaceAll("(Request|Response|Header)Data$", "$1");
        Message message = (Message) type.getConstructor().newInstance();
        if (sample == Sample.DEFAULT) fillRequired(message, schema);
        else fill(message, schema, sample, new Random((name + version + sample).hashCode()));
        ObjectSerializationCache cache = new ObjectSerializationCache();
        ByteBuffer bytes = ByteBuffer.allocate(message.size(cache, version));
        message.write(new ByteBufferAccessor(bytes), cache, version);
        bytes.flip();
        Message back = (Message) type.getConstructor().newInstance();
        back.read(new ByteBufferAccessor(bytes.duplicate()), version);
        if (!back.equals(message)) throw new IllegalStateException(name + " v" + version + " " + sample + " does not survive");
        StringBuilder json = new StringBuilder();
        json.append("{\"message\":\"").append(name).append("\",\"version\":").append(version);
        json.append(",\"sample\":\"").append(sample.name().toLowerCase()).append("\",\"bytes\":\"");
        json.append(Base64.getEncoder().encodeToString(bytes.array())).append("\",\"value\":");
        dump(json, back);
        if (sample == Sample.FULL) json.append(",\"writableAt\":").append(writableAt(type, message));
        return json.append("}").toString();
    }

    /** The versions that can carry all that is set, or may drop it. */
    private static List<Short> writableAt(Class<?> type, Message message) throws Exception {
        List<Short> versions = new ArrayList<>();
        short highest = type.getField("HIGHEST_SUPPORTED_VERSION").getShort(null);
        for (short version = type.getField("LOWEST_SUPPORTED_VERSION").getShort(null); version <= highest; version++) {
            try {
                ObjectSerializationCache cache = new ObjectSerializationCache();
                ByteBuffer bytes = ByteBuffer.allocate(message.size(cache, version));
                message.write(new ByteBufferAccessor(bytes), cache, version);
                versions.add(version);
            } catch (UnsupportedVersionException | NullPointerException refused) {
                continue;
            }
        }
        return versions;
    }

    /** What cannot be encoded as it is by default: null where the version has no null. */
    private static void fillRequired(Object target, Schema schema) throws Exception {
        for (BoundField bound : schema.fields()) {
            Type type = bound.def.type;
            if (type instanceof TaggedFields || type.isNullable()) continue;
            Field field = fieldOf(target.getClass(), bound.def.name);
            if (field.get(target) == null) field.set(target, value(field, type, Sample.SPARSE, new Random(0)));
        }
    }

    private static void fill(Object target, Schema schema, Sample sample, Random random) throws Exception {
        for (BoundField bound : schema.fields()) {
            if (bound.def.type instanceof TaggedFields tagged) {
                for (org.apache.kafka.common.protocol.types.Field field : new TreeMap<>(tagged.fields()).values()) {
                    set(target, field, sample, random);
                }
            } else {
                set(target, bound.def, sample, random);
            }
        }
    }

    private static void set(Object target, org.apache.kafka.common.protocol.types.Field def, Sample sample, Random random) throws Exception {
        Field field = fieldOf(target.getClass(), def.name);
        field.set(target, value(field, def.type, sample, random));
    }

    private static Object value(Field field, Type type, Sample sample, Random random) throws Exception {
        if (type.isNullable() && (sample == Sample.SPARSE || sample == Sample.MIXED && random.nextBoolean())) return null;
        Class<?> java = field.getType();
        if (Collection.class.isAssignableFrom(java)) return list(field, java, type, sample, random);
        if (Message.class.isAssignableFrom(java)) {
            Object struct = java.getConstructor().newInstance();
            fill(struct, schemaOf(type), sample, random);
            return struct;
        }
        return scalar(java, type.toString(), sample, random);
    }

    @SuppressWarnings("unchecked")
    private static Object list(Field field, Class<?> java, Type type, Sample sample, Random random) throws Exception {
        Type elementType = type.arrayElementType().orElseThrow();
        boolean isKeyed = java != List.class;
        Class<?> element = (Class<?>) ((ParameterizedType) (isKeyed ? java.getGenericSuperclass() : field.getGenericType()))
            .getActualTypeArguments()[0];
        Collection<Object> list = isKeyed ? (Collection<Object>) java.getConstructor().newInstance() : new ArrayList<>();
        int count = sample == Sample.FULL ? 1 + random.nextInt(2) : random.nextInt(sample == Sample.SPARSE ? 2 : 4);
        for (int i = 0; i < count; i++) {
            if (Message.class.isAssignableFrom(element)) {
                Object struct = element.getConstructor().newInstance();
                fill(struct, schemaOf(elementType), sample, random);
                list.add(struct);
            } else {
                list.add(scalar(element, elementType.toString(), sample, random));
            }
        }
        return list;
    }

    private static Schema schemaOf(Type type) throws Exception {
        if (type instanceof Schema schema) return schema;
        Field schema = type.getClass().getDeclaredField("schema");
        schema.setAccessible(true);
        return (Schema) schema.get(type);
    }

    private static Object scalar(Class<?> java, String type, Sample sample, Random random) {
        boolean isEdge = random.nextInt(4) == 0;
        if (java == boolean.class) return random.nextBoolean();
        if (java == byte.class || java == Byte.class) return (byte) random.nextInt();
        if (java == short.class || java == Short.class) return (short) random.nextInt();
        if (java == double.class) return random.nextGaussian() * 1e6;
        if (type.equals("UINT16")) return random.nextInt(0x10000);
        if (type.equals("UINT32")) return random.nextLong(0x100000000L);
        if (java == int.class || java == Integer.class) return isEdge ? random.nextInt() : random.nextInt(1000);
        if (java == long.class || java == Long.class) return int64(isEdge, random);
        if (java == String.class) return text(sample, random);
        if (java == Uuid.class) return isEdge ? Uuid.ZERO_UUID : new Uuid(random.nextLong(), random.nextLong());
        byte[] bytes = new byte[sample == Sample.SPARSE ? 0 : random.nextInt(40)];
        random.nextBytes(bytes);
        if (java == byte[].class) return bytes;
        if (java == ByteBuffer.class) return ByteBuffer.wrap(bytes);
        if (java == BaseRecords.class) return MemoryRecords.readableRecords(ByteBuffer.wrap(bytes));
        throw new IllegalStateException("no value for " + java);
    }

    /** What a double holds exactly, and the two ends. */
    private static long int64(boolean isEdge, Random random) {
        if (!isEdge) return random.nextInt(100_000);
        return switch (random.nextInt(4)) {
            case 0 -> Long.MAX_VALUE;
            case 1 -> Long.MIN_VALUE;
            case 2 -> random.nextLong(1L << 53);
            default -> -random.nextLong(1L << 53);
        };
    }

    private static String text(Sample sample, Random random) {
        if (sample == Sample.SPARSE) return random.nextBoolean() ? "" : "s";
        return switch (random.nextInt(8)) {
            case 0 -> "z\u00fcrich-\u6771\u4eac-\ud83d\ude80";
            case 1 -> "orders.".repeat(20);
            case 2 -> "";
            default -> "topic-" + random.nextInt(100_000);
        };
    }

    private static Field fieldOf(Class<?> type, String snake) {
        String plain = snake.replace("_", "").toLowerCase();
        for (Field field : type.getDeclaredFields()) {
            if (!Modifier.isStatic(field.getModifiers()) && field.getName().toLowerCase().equals(plain)) {
                field.setAccessible(true);
                return field;
            }
        }
        throw new IllegalStateException(type + " has no " + snake);
    }

    private static void dump(StringBuilder json, Object value) throws Exception {
        if (value == null || value instanceof Number || value instanceof Boolean) json.append(value);
        else if (value instanceof String || value instanceof Uuid) quote(json, value.toString());
        else if (value instanceof byte[] bytes) quote(json, Base64.getEncoder().encodeToString(bytes));
        else if (value instanceof ByteBuffer buffer) dump(json, bytesOf(buffer));
        else if (value instanceof MemoryRecords records) dump(json, bytesOf(records.buffer()));
        else if (value instanceof Collection<?> list) {
            String between = "[";
            for (Object element : list) {
                json.append(between);
                dump(json, element);
                between = ",";
            }
            json.append(list.isEmpty() ? "[]" : "]");
        } else dumpStruct(json, value);
    }

    private static void dumpStruct(StringBuilder json, Object value) throws Exception {
        String between = "{";
        for (Field field : value.getClass().getDeclaredFields()) {
            String name = field.getName();
            boolean isKeyedLink = (name.equals("next") || name.equals("prev")) && field.getType() == int.class;
            if (Modifier.isStatic(field.getModifiers()) || name.startsWith("_") || isKeyedLink) continue;
            field.setAccessible(true);
            json.append(between).append('"').append(name).append("\":");
            dump(json, field.get(value));
            between = ",";
        }
        json.append(between.equals("{") ? "{}" : "}");
    }

    private static byte[] bytesOf(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.remaining()];
        buffer.duplicate().get(bytes);
        return bytes;
    }

    private static void quote(StringBuilder json, String text) {
        json.append('"').append(text).append('"');
    }

    private static void write(Path path, List<String> lines) throws Exception {
        try (PrintWriter out = new PrintWriter(Files.newBufferedWriter(path, StandardCharsets.UTF_8))) {
            out.print("[\n" + String.join(",\n", lines) + "\n]\n");
        }
    }

    private static String kebab(String name) {
        return name.replaceAll("([a-z])([A-Z])", "$1-$2").toLowerCase();
    }

    private static String camel(String constant) {
        StringBuilder name = new StringBuilder();
        for (String part : constant.split("_")) name.append(part.charAt(0)).append(part.substring(1).toLowerCase());
        return name.toString();
    }
}
