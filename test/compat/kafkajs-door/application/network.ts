// Connections: events of requests, brokers given by a function, sockets of one's own, logins, brokers that cannot be reached.

import { createServer, connect } from 'node:net';

import kafkajs, { type InstrumentationEvent, type KafkaConfig } from 'kafkajs';

import { logCollector, shapeOf, type Stage } from './stage.ts';

export async function network(stage: Stage): Promise<void> {
  await requests(stage);
  await ways(stage);
  await unreachable(stage);
  await silent(stage);
  await logins(stage);
}

async function requests(stage: Stage): Promise<void> {
  stage.step('events of requests');
  const topic = await stage.topic('watched');
  const producer = stage
    .kafka()
    .producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner, maxInFlightRequests: 1 });
  const heard: InstrumentationEvent<{ apiName: string; apiKey: number; broker: string; clientId: string }>[] = [];
  producer.on(producer.events.REQUEST, (event) => void heard.push(event));
  await producer.connect();
  await producer.send({ topic, messages: [{ value: 'x' }] });
  await producer.disconnect();
  const [produced] = heard.filter(({ payload }) => payload.apiName === 'Produce');
  stage.say('type', produced?.type);
  stage.say('shape', shapeOf(produced));
  stage.say('of', {
    apiKey: produced?.payload.apiKey,
    broker: produced?.payload.broker,
    clientId: produced?.payload.clientId,
  });
  const keys = new Map(heard.map(({ payload }) => [payload.apiName, payload.apiKey]));
  stage.say(
    'apis',
    ['ApiVersions', 'Metadata', 'Produce'].map((name) => [name, keys.get(name)]),
  );
}

async function ways(stage: Stage): Promise<void> {
  stage.step('brokers by a function');
  for (const brokers of [() => [stage.bootstrap], async () => [stage.bootstrap]]) {
    const admin = stage.kafka({ brokers }).admin();
    await admin.connect();
    stage.say('brokers', (await admin.describeCluster()).brokers.length);
    await admin.disconnect();
  }

  stage.step('a socket factory');
  const asked: unknown[] = [];
  const admin = stage
    .kafka({
      socketFactory: ({ host, port, ssl, onConnect }) => {
        asked.push({ host, port, ssl: ssl ?? null });
        return connect({ host, port }, onConnect);
      },
    })
    .admin();
  await admin.connect();
  stage.say('brokers', (await admin.describeCluster()).brokers.length);
  await admin.disconnect();
  stage.say('asked', asked[0]);

  stage.step('one of several brokers answers');
  const some = stage.kafka({ brokers: ['127.0.0.1:1', stage.bootstrap] }).admin();
  await some.connect();
  stage.say('brokers', (await some.describeCluster()).brokers.length);
  await some.disconnect();
}

const doors = (config: Partial<KafkaConfig>, stage: Stage) => {
  const kafka = stage.kafka(config);
  return {
    producer: kafka.producer(),
    consumer: kafka.consumer({ groupId: 'g', retry: { retries: 1, initialRetryTime: 20 } }),
    admin: kafka.admin({ retry: { retries: 1 } }),
  };
};

async function unreachable(stage: Stage): Promise<void> {
  stage.step('nobody is there');
  const { entries, creator } = logCollector();
  const config = {
    brokers: ['127.0.0.1:1'],
    retry: { retries: 1, initialRetryTime: 20 },
    logLevel: kafkajs.logLevel.ERROR,
    logCreator: creator,
  };
  for (const [name, door] of Object.entries(doors(config, stage)))
    await stage.fails(`${name} connects`, () => door.connect());
  const error = (await stage
    .kafka({ ...config, retry: { retries: 0 } })
    .admin()
    .connect()
    .catch((error: unknown) => error)) as Error & Record<string, unknown>;
  stage.say('error', {
    retryCount: error['retryCount'],
    retryTime: typeof error['retryTime'],
    is: error instanceof kafkajs.KafkaJSNumberOfRetriesExceeded,
  });
  const cause = error.cause as Error & Record<string, unknown>;
  stage.say('cause', { name: cause.name, code: cause['code'], broker: cause['broker'], retriable: cause['retriable'] });
  stage.say('is logged', entries.length > 0);
  const admin = stage.kafka(config).admin();
  await stage.fails('a call before connecting', async () => shapeOf(await admin.listTopics()));
}

async function silent(stage: Stage): Promise<void> {
  stage.step('nobody answers');
  const server = createServer((socket) => void socket.on('error', () => {}).resume());
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const config = {
    brokers: [`127.0.0.1:${port}`],
    connectionTimeout: 300,
    requestTimeout: 300,
    retry: { retries: 0, initialRetryTime: 20 },
  };
  const admin = stage.kafka(config).admin();
  const late: unknown[] = [];
  admin.on(
    admin.events.REQUEST_TIMEOUT,
    (event) => void late.push({ type: event.type, payload: shapeOf(event.payload) }),
  );
  const error = (await admin.connect().catch((error: unknown) => error)) as Error & { cause?: Error };
  stage.say('fails', [error.name, error.cause?.name]);
  stage.say('late', late);
  server.close();
  await admin.disconnect();
}

async function logins(stage: Stage): Promise<void> {
  stage.step('logins that a broker without SASL refuses');
  const logins: Record<string, KafkaConfig['sasl'] & {}> = {
    plain: { mechanism: 'plain', username: 'u', password: 'p' },
    scram256: { mechanism: 'scram-sha-256', username: 'u', password: 'p' },
    scram512: { mechanism: 'scram-sha-512', username: 'u', password: 'p' },
    aws: { mechanism: 'aws', authorizationIdentity: 'a', accessKeyId: 'k', secretAccessKey: 's' },
    oauthbearer: { mechanism: 'oauthbearer', oauthBearerProvider: async () => ({ value: 'token' }) },
    custom: { mechanism: 'custom', authenticationProvider: () => ({ authenticate: async () => {} }) },
  };
  for (const [name, sasl] of Object.entries(logins)) {
    const admin = stage
      .kafka({
        sasl,
        authenticationTimeout: 2000,
        reauthenticationThreshold: 1000,
        retry: { retries: 0, initialRetryTime: 20 },
      })
      .admin();
    const error = (await admin.connect().catch((error: unknown) => error)) as Error;
    stage.say(name, { isError: error instanceof Error, isOfTheLibrary: error instanceof kafkajs.KafkaJSError });
    await admin.disconnect();
  }
  stage.step('TLS that a broker without it refuses');
  for (const ssl of [true, { rejectUnauthorized: false }]) {
    const admin = stage.kafka({ ssl, connectionTimeout: 1000, retry: { retries: 0, initialRetryTime: 20 } }).admin();
    const error = (await admin.connect().catch((error: unknown) => error)) as Error;
    stage.say('fails', error instanceof kafkajs.KafkaJSError);
    await admin.disconnect();
  }
}
