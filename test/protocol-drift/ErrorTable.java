import org.apache.kafka.common.errors.InvalidMetadataException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.protocol.Errors;

/** Prints Kafka's errors, one a line: name, code, and what kind our table should say. */
public class ErrorTable {
    public static void main(String[] args) {
        for (Errors error : Errors.values()) {
            boolean refresh = error.exception() instanceof InvalidMetadataException;
            String kind = refresh ? "refresh" : error.exception() instanceof RetriableException ? "retry" : "final";
            System.out.println(error.name() + " " + error.code() + " " + kind);
        }
    }
}
