// Record batches by Apache Kafka's own library, for packages/protocol/src/testdata/batches, and the way back: what Kafka reads in ours.
// java -cp '<kafka libs>/*' GoldenBatches.java write <folder>
// java -cp '<kafka libs>/*' GoldenBatches.java read <file>...

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.record.internal.CompressionType;
import org.apache.kafka.common.record.internal.EndTransactionMarker;
import org.apache.kafka.common.record.internal.ControlRecordType;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.MemoryRecordsBuilder;
import org.apache.kafka.common.record.internal.MutableRecordBatch;
import org.apache.kafka.common.record.internal.Record;
import org.apache.kafka.common.record.internal.RecordBatch;

public class GoldenBatches {
    static final long TIME = 1_700_000_000_000L;

    public static void main(String[] args) throws Exception {
        if (args[0].equals("write")) write(Path.of(args[1]));
        else for (int n = 1; n < args.length; n++) read(Path.of(args[n]));
    }

    static void write(Path folder) throws Exception {
        for (CompressionType type : CompressionType.values()) {
            if (type != CompressionType.NONE) save(folder, type.name + "-large", plain(type, 2000));
            save(folder, type.name + "-small", plain(type, 5));
        }
        MemoryRecordsBuilder idempotent = new MemoryRecordsBuilder(ByteBuffer.allocate(1 << 16), (byte) 2, Compression.NONE,
            TimestampType.CREATE_TIME, 70_000_000_000L, -1, 4_000_000_000L, (short) 7, 11, true, false, 3, 1 << 16);
        fill(idempotent, 70_000_000_000L, 5);
        save(folder, "transactional", idempotent.build());
        MemoryRecordsBuilder appended = new MemoryRecordsBuilder(ByteBuffer.allocate(1 << 16), (byte) 2, Compression.NONE,
            TimestampType.LOG_APPEND_TIME, 42, TIME + 99_999, -1, (short) -1, -1, false, false, 5, 1 << 16);
        fill(appended, 42, 5);
        save(folder, "log-append-time", appended.build());
        for (ControlRecordType kind : new ControlRecordType[] {ControlRecordType.ABORT, ControlRecordType.COMMIT}) {
            save(folder, "marker-" + kind.name().toLowerCase(), MemoryRecords.withEndTransactionMarker(17, TIME, 2, 4_000_000_000L,
                (short) 7, new EndTransactionMarker(kind, 6)));
        }
    }

    static MemoryRecords plain(CompressionType type, int count) {
        MemoryRecordsBuilder builder = new MemoryRecordsBuilder(ByteBuffer.allocate(1 << 20), (byte) 2, Compression.of(type).build(),
            TimestampType.CREATE_TIME, 0, -1, -1, (short) -1, -1, false, false, -1, 1 << 20);
        fill(builder, 0, count);
        return builder.build();
    }

    /** The same records stand in golden.ts. */
    static void fill(MemoryRecordsBuilder builder, long baseOffset, int count) {
        for (int n = 0; n < count; n++) {
            byte[] key = n % 3 == 0 ? null : bytes("key-" + n);
            byte[] value = n % 7 == 3 ? null : bytes("value " + n + " ✓ " + "the quick brown fox ".repeat(n % 11));
            Header[] headers = new Header[n % 4];
            for (int h = 0; h < headers.length; h++) headers[h] = new RecordHeader("header-" + h + "é", h == 1 ? null : bytes("h" + n));
            builder.appendWithOffset(baseOffset + n, TIME + n * 17L - n % 5 * 100L, key, value, headers);
        }
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static void save(Path folder, String name, MemoryRecords records) throws Exception {
        ByteBuffer buffer = records.buffer();
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        Files.write(folder.resolve(name + ".batch"), bytes);
    }

    static void read(Path file) throws Exception {
        MemoryRecords records = MemoryRecords.readableRecords(ByteBuffer.wrap(Files.readAllBytes(file)));
        for (MutableRecordBatch batch : records.batches()) {
            batch.ensureValid();
            int count = 0;
            long hash = 0;
            for (Record record : batch) {
                count++;
                hash = hash * 31 + (record.hasKey() ? record.key().hashCode() : 7);
                hash = hash * 31 + (record.hasValue() ? record.value().hashCode() : 7);
                for (Header header : record.headers()) hash = hash * 31 + header.key().hashCode() + (header.value() == null ? 7 : ByteBuffer.wrap(header.value()).hashCode());
                hash = hash * 31 + record.timestamp() + record.offset() * 31;
            }
            System.out.println(file.getFileName() + " " + batch.compressionType() + " " + count + " " + batch.countOrNull() + " " + hash
                + " pid=" + batch.producerId() + "/" + batch.producerEpoch() + "/" + batch.baseSequence() + " tx=" + batch.isTransactional()
                + " control=" + batch.isControlBatch() + " max=" + batch.maxTimestamp() + " offsets=" + batch.baseOffset() + ".." + batch.lastOffset());
        }
    }
}
