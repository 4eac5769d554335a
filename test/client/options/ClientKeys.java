import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.config.ConfigDef;

/** Prints the options of Java's clients, one a line with tabs between: client, name, type, default (absent when there is none), importance. */
public class ClientKeys {
    public static void main(String[] args) {
        print("producer", ProducerConfig.configDef());
        print("consumer", ConsumerConfig.configDef());
        print("admin", AdminClientConfig.configDef());
    }

    private static void print(String client, ConfigDef keys) {
        for (ConfigDef.ConfigKey key : keys.configKeys().values()) {
            if (key.internalConfig) continue;
            boolean isAbsent = key.defaultValue == null || key.defaultValue == ConfigDef.NO_DEFAULT_VALUE;
            String value = isAbsent ? "absent" : "=" + ConfigDef.convertToString(key.defaultValue, key.type);
            System.out.println(String.join("\t", client, key.name, key.type.toString(), value, key.importance.toString()));
        }
    }
}
