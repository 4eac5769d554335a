import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { readEnvironment } from './environment.ts';

const properties = (environment: Record<string, string>): Record<string, string> =>
  Object.fromEntries(readEnvironment(environment).properties);

suite('a KAFKA_ variable', () => {
  test('becomes a property: dots for underscores, an underscore for two, a dash for three', () => {
    assert.deepEqual(properties({ KAFKA_ABC_DEF: '1', KAFKA_ABC__DEF: '2', KAFKA_ABC___DEF: '3' }), {
      'abc.def': '1',
      abc_def: '2',
      'abc-def': '3',
    });
  });

  test('may hold characters that no shell exports', () => {
    assert.deepEqual(properties({ 'KAFKA_LISTENER_NAME_SECURE_SCRAM-SHA-512_SASL_JAAS_CONFIG': 'x' }), {
      'listener.name.secure.scram-sha-512.sasl.jaas.config': 'x',
    });
  });

  test('is left alone when it is for the JVM, the scripts, or Kubernetes', () => {
    const names =
      'KAFKA_VERSION KAFKA_HEAP_OPTS KAFKA_OPTS KAFKA_LOG4J_OPTS KAFKA_JMX_OPTS KAFKA_JMX_PORT KAFKA_JVM_PERFORMANCE_OPTS KAFKA_GC_LOG_OPTS ' +
      'KAFKA_LOG4J_ROOT_LOGLEVEL KAFKA_LOG4J_LOGGERS KAFKA_TOOLS_LOG4J_LOGLEVEL KAFKA_JMX_HOSTNAME KAFKA_REST_HOST_NAME ' +
      'KAFKA_SERVICE_HOST KAFKA_PORT KAFKA_PORT_9092_TCP_ADDR KAFKA_SERVICE_PORT_CLIENT CLUSTER_ID PATH XKAFKA_A';
    assert.deepEqual(properties(Object.fromEntries(names.split(' ').map((name) => [name, '1']))), {});
  });

  test('may have Bitnami’s prefix, and the plain name wins', () => {
    assert.deepEqual(properties({ KAFKA_NODE_ID: '2', KAFKA_CFG_NODE_ID: '1', KAFKA_CFG_NUM_PARTITIONS: '6' }), {
      'node.id': '2',
      'num.partitions': '6',
    });
  });
});

suite('listeners', () => {
  test('are derived from the advertised ones when only those are set', () => {
    assert.deepEqual(
      properties({ KAFKA_ADVERTISED_LISTENERS: 'PLAINTEXT://kafka:29092,PLAINTEXT_HOST://localhost:9092' }),
      {
        'advertised.listeners': 'PLAINTEXT://kafka:29092,PLAINTEXT_HOST://localhost:9092',
        listeners: 'PLAINTEXT://0.0.0.0:29092,PLAINTEXT_HOST://0.0.0.0:9092',
      },
    );
    const both = { KAFKA_ADVERTISED_LISTENERS: 'A://h:1', KAFKA_LISTENERS: 'A://:2' };
    assert.equal(properties(both)['listeners'], 'A://:2');
  });

  test('come from host and port in the oldest files', () => {
    assert.deepEqual(properties({ KAFKA_ADVERTISED_HOST_NAME: '192.168.99.100' }), {
      'advertised.listeners': 'PLAINTEXT://192.168.99.100:9092',
      listeners: 'PLAINTEXT://0.0.0.0:9092',
    });
  });
});

suite('a variable with a meaning of its own', () => {
  test('names the cluster', () => {
    assert.equal(readEnvironment({ CLUSTER_ID: '4L6g3nShT-eMCtK--X86sw' }).clusterId, '4L6g3nShT-eMCtK--X86sw');
    assert.equal(readEnvironment({ KAFKA_KRAFT_CLUSTER_ID: 'x' }).clusterId, 'x');
    assert.equal(readEnvironment({ CLUSTER_ID: ' ' }).clusterId, undefined);
  });

  test('sets the level of the log', () => {
    assert.equal(readEnvironment({ KAFKA_LOG4J_ROOT_LOGLEVEL: 'DEBUG' }).logLevel, 'DEBUG');
    assert.equal(readEnvironment({}).logLevel, undefined);
  });

  test('asks for topics', () => {
    assert.deepEqual(readEnvironment({ KAFKA_CREATE_TOPICS: 'a:3:1, b:1:1:compact,c' }).topics, [
      { name: 'a', partitionCount: 3, replicationFactor: 1, cleanupPolicy: undefined },
      { name: 'b', partitionCount: 1, replicationFactor: 1, cleanupPolicy: 'compact' },
      { name: 'c', partitionCount: 1, replicationFactor: 1, cleanupPolicy: undefined },
    ]);
    const lines = readEnvironment({
      KAFKA_CREATE_TOPICS: 'a:1:1\n b:2:1\n',
      KAFKA_CREATE_TOPICS_SEPARATOR: "$'\\n'",
    }).topics;
    assert.deepEqual(
      lines.map(({ name, partitionCount }) => [name, partitionCount]),
      [
        ['a', 1],
        ['b', 2],
      ],
    );
  });
});
