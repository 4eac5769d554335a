// Every configuration key of Apache Kafka's server with type, default, range, importance and who may change it, read out of its own
// definitions, for packages/broker/src/config/testdata/kafka-keys.tsv.
// java -cp '<kafka libs>/*' KafkaKeys.java > kafka-keys.tsv

import java.util.List;
import java.util.Map;
import java.util.StringJoiner;
import java.util.TreeMap;
import java.util.function.Function;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.coordinator.group.GroupConfig;
import org.apache.kafka.server.config.ConfigSynonym;
import org.apache.kafka.server.config.DynamicBrokerConfig;
import org.apache.kafka.server.config.QuotaConfig;
import org.apache.kafka.server.config.ServerTopicConfigSynonyms;
import org.apache.kafka.server.metrics.ClientMetricsConfigs;
import org.apache.kafka.storage.internals.log.LogConfig;

public class KafkaKeys {
    public static void main(String[] args) throws Exception {
        Map<String, String> modes = DynamicBrokerConfig.dynamicConfigUpdateModes();
        print("broker", kafka.server.KafkaConfig$.MODULE$.configDef(), name -> modes.getOrDefault(name, "read-only"));
        print("broker", QuotaConfig.brokerQuotaConfigs(), name -> modes.getOrDefault(name, "read-only"));
        print("topic", LogConfig.configDefCopy(), KafkaKeys::topicSynonyms);
        print("group", privateDefinition(GroupConfig.class, "CONFIG_DEF"), name -> GroupConfig.brokerSynonym(name).orElse(""));
        print("client-metrics", ClientMetricsConfigs.configDef(), name -> "");
    }

    static ConfigDef privateDefinition(Class<?> owner, String name) throws Exception {
        var field = owner.getDeclaredField(name);
        field.setAccessible(true);
        return (ConfigDef) field.get(null);
    }

    static void print(String kind, ConfigDef definition, Function<String, String> last) {
        for (ConfigDef.ConfigKey key : new TreeMap<>(definition.configKeys()).values()) {
            if (key.internalConfig) continue;
            System.out.println(String.join("\t", kind, key.name, key.type.toString().toLowerCase(), key.hasDefault() ? text(key.defaultValue) : "null",
                key.validator == null ? "" : key.validator.toString(), key.importance.toString().toLowerCase(), last.apply(key.name)));
        }
    }

    static String text(Object value) {
        if (value instanceof List<?> list) {
            StringJoiner joined = new StringJoiner(",");
            for (Object element : list) joined.add(String.valueOf(element));
            return joined.toString();
        }
        return value instanceof Class<?> type ? type.getName() : String.valueOf(value);
    }

    static String topicSynonyms(String name) {
        StringJoiner joined = new StringJoiner(",");
        for (ConfigSynonym synonym : ServerTopicConfigSynonyms.ALL_TOPIC_CONFIG_SYNONYMS.getOrDefault(name, List.of())) {
            int factor = synonym.converter() == ConfigSynonym.HOURS_TO_MILLISECONDS ? 3_600_000
                : synonym.converter() == ConfigSynonym.MINUTES_TO_MILLISECONDS ? 60_000 : 1;
            joined.add(synonym.name() + "*" + factor);
        }
        return joined.toString();
    }
}
