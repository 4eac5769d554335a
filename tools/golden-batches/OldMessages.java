// Messages in the formats before record batches (magic 0 and 1) by the last of Apache Kafka's libraries that writes them, for
// packages/protocol/src/testdata/messages: NAME.log is what a broker would answer, NAME.tsv what Java's reader finds in it, one record a
// line: offset, timestamp, type of timestamp, leader epoch, and length and CRC-32 of key and value.
// mvn org.apache.maven.plugins:maven-dependency-plugin:3.6.1:get -Dartifact=org.apache.kafka:kafka-clients:3.9.1
// java -cp '<kafka-clients-3.9.1.jar>:<slf4j-api, lz4-java and snappy-java of kafka libs>' OldMessages.java <folder>

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.CRC32;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.record.CompressionType;
import org.apache.kafka.common.record.ControlRecordType;
import org.apache.kafka.common.record.EndTransactionMarker;
import org.apache.kafka.common.record.MemoryRecords;
import org.apache.kafka.common.record.MemoryRecordsBuilder;
import org.apache.kafka.common.record.MutableRecordBatch;
import org.apache.kafka.common.record.Record;
import org.apache.kafka.common.record.TimestampType;

public class OldMessages {
    static final long TIME = 1_500_000_000_000L;
    static final long FAR = (1L << 53) + 1001;

    public static void main(String[] args) throws Exception {
        Path folder = Path.of(args[0]);
        List<CompressionType> types = List.of(CompressionType.NONE, CompressionType.GZIP, CompressionType.SNAPPY, CompressionType.LZ4);
        for (int magic = 0; magic < 2; magic++) {
            for (CompressionType type : types) {
                save(folder, "v" + magic + "-" + type.name, set(magic, type, 0, 12, 1));
                save(folder, "v" + magic + "-" + type.name + "-gaps", set(magic, type, 70_000_000_000L, 12, 3));
                save(folder, "v" + magic + "-" + type.name + "-far", set(magic, type, FAR, 3, 1));
                if (type != CompressionType.NONE) save(folder, "v" + magic + "-" + type.name + "-large", set(magic, type, 100, 200, 1));
            }
        }
        for (CompressionType type : types) save(folder, "v1-" + type.name + "-log-append-time", appended(type));
        save(folder, "mixed", set(0, CompressionType.NONE, 10, 2, 1), set(0, CompressionType.LZ4, 12, 4, 1), set(1, CompressionType.NONE, 16, 2, 1),
            set(1, CompressionType.SNAPPY, 18, 4, 2), set(2, CompressionType.GZIP, 30, 3, 1), transactional(33, 3),
            MemoryRecords.withEndTransactionMarker(36, TIME, 2, 4_000L, (short) 7, new EndTransactionMarker(ControlRecordType.ABORT, 6)),
            set(1, CompressionType.GZIP, 37, 3, 1), set(0, CompressionType.NONE, 40, 1, 1));
    }

    static MemoryRecords set(int magic, CompressionType type, long baseOffset, int count, int step) {
        TimestampType timestampType = magic == 0 ? TimestampType.NO_TIMESTAMP_TYPE : TimestampType.CREATE_TIME;
        MemoryRecordsBuilder builder = MemoryRecords.builder(ByteBuffer.allocate(1 << 16), (byte) magic, Compression.of(type).build(),
            timestampType, baseOffset, -1);
        fill(builder, magic, baseOffset, count, step);
        return builder.build();
    }

    static MemoryRecords appended(CompressionType type) {
        MemoryRecordsBuilder builder = MemoryRecords.builder(ByteBuffer.allocate(1 << 16), (byte) 1, Compression.of(type).build(),
            TimestampType.LOG_APPEND_TIME, 42, TIME + 99_999);
        fill(builder, 1, 42, 5, 1);
        return builder.build();
    }

    static MemoryRecords transactional(long baseOffset, int count) {
        MemoryRecordsBuilder builder = new MemoryRecordsBuilder(ByteBuffer.allocate(1 << 16), (byte) 2, Compression.NONE,
            TimestampType.CREATE_TIME, baseOffset, -1, 4_000L, (short) 7, 0, true, false, 3, 1 << 16);
        fill(builder, 2, baseOffset, count, 1);
        return builder.build();
    }

    static void fill(MemoryRecordsBuilder builder, int magic, long baseOffset, int count, int step) {
        for (int n = 0; n < count; n++) {
            byte[] key = n % 3 == 0 ? null : bytes(n % 5 == 4 ? "" : "key-" + n);
            byte[] value = n % 7 == 3 ? null : bytes(n % 6 == 5 ? "" : "value " + n + " ✓ " + "the quick brown fox ".repeat(n % 41));
            builder.appendWithOffset(baseOffset + (long) n * step, magic == 0 ? -1 : TIME + n * 17L - n % 5 * 100L, key, value);
        }
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static void save(Path folder, String name, MemoryRecords... parts) throws Exception {
        ByteArrayOutputStream log = new ByteArrayOutputStream();
        for (MemoryRecords part : parts) {
            ByteBuffer buffer = part.buffer();
            byte[] bytes = new byte[buffer.remaining()];
            buffer.get(bytes);
            log.write(bytes);
        }
        Files.write(folder.resolve(name + ".log"), log.toByteArray());
        StringBuilder found = new StringBuilder();
        for (MutableRecordBatch batch : MemoryRecords.readableRecords(ByteBuffer.wrap(log.toByteArray())).batches()) {
            if (batch.isControlBatch()) continue;
            for (Record record : batch) {
                record.ensureValid();
                found.append(String.join("\t", "" + record.offset(), "" + record.timestamp(), batch.timestampType().name,
                    "" + batch.partitionLeaderEpoch(), part(record.key()), part(record.value()))).append('\n');
            }
        }
        Files.writeString(folder.resolve(name + ".tsv"), found);
    }

    static String part(ByteBuffer bytes) {
        if (bytes == null) return "null";
        CRC32 crc = new CRC32();
        int length = bytes.remaining();
        crc.update(bytes.duplicate());
        return length + ":" + Long.toHexString(crc.getValue());
    }
}
