// One of Java's clients at work, with pushed metrics: JavaPush <bootstrap> <producer|consumer|classic|admin> <topic>
// It works until its standard input ends, and then closes.

import java.time.Duration;
import java.util.List;
import java.util.Properties;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;

public class JavaPush {
    public static void main(String[] args) throws Exception {
        Properties options = new Properties();
        options.put("bootstrap.servers", args[0]);
        options.put("client.id", "java-" + args[1]);
        options.put("client.rack", "r1");
        options.put("enable.metrics.push", "true");
        options.put("key.serializer", "org.apache.kafka.common.serialization.StringSerializer");
        options.put("value.serializer", "org.apache.kafka.common.serialization.StringSerializer");
        options.put("key.deserializer", "org.apache.kafka.common.serialization.StringDeserializer");
        options.put("value.deserializer", "org.apache.kafka.common.serialization.StringDeserializer");
        String topic = args[2];
        switch (args[1]) {
            case "producer" -> {
                options.put("transactional.id", "java-tx");
                try (var producer = new KafkaProducer<String, String>(options)) {
                    producer.initTransactions();
                    producer.beginTransaction();
                    for (int n = 0; n < 10; n++) producer.send(new ProducerRecord<>(topic, "k" + n, "v" + n)).get();
                    producer.commitTransaction();
                    producer.clientInstanceId(Duration.ofSeconds(10));
                    wait(() -> { });
                }
            }
            case "consumer", "classic" -> {
                options.put("group.id", "java-" + args[1]);
                options.put("group.protocol", args[1]);
                options.put("auto.offset.reset", "earliest");
                if (args[1].equals("classic")) options.put("group.instance.id", "java-member");
                try (var consumer = new KafkaConsumer<String, String>(options)) {
                    consumer.subscribe(List.of(topic));
                    consumer.poll(Duration.ofSeconds(5));
                    consumer.commitSync();
                    consumer.clientInstanceId(Duration.ofSeconds(10));
                    wait(() -> consumer.poll(Duration.ofMillis(100)));
                }
            }
            default -> {
                try (var admin = Admin.create(options)) {
                    admin.describeTopics(List.of(topic)).allTopicNames().get();
                    admin.clientInstanceId(Duration.ofSeconds(10));
                    wait(() -> { });
                }
            }
        }
    }

    static void wait(Runnable work) throws Exception {
        while (System.in.available() == 0) {
            work.run();
            Thread.sleep(20);
        }
    }
}
