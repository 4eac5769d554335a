/** The broker as a whole, its listeners, sockets and connections, what topics get that do not say, and metrics as Java reports them. */
import { boolean, className, inert, int, intMax, list, long, string } from '@millrace/base';

import { parseAddressCounts } from './address-counts.ts';

export const serverKeys = {
  'node.id': int(
    null,
    { importance: 'high', min: 0 },
    'The number of this node; no other node of the cluster may have it.',
  ),
  'broker.id': int(-1, { importance: 'high' }, 'The old name of node.id; when both are set they must agree.'),
  'process.roles': list(
    null,
    { importance: 'high', oneOf: ['broker', 'controller'] },
    'What this process does: broker, controller, or both.',
  ),
  'broker.rack': string(
    null,
    {},
    'Where the broker stands, for placing replicas apart and for reading from a near one.',
  ),
  'queued.max.requests': int(
    500,
    { importance: 'high', min: 1 },
    'How many requests may be under way before sockets are paused.',
  ),
  'queued.max.request.bytes': long(
    -1,
    {},
    'How many bytes of requests may be under way before sockets are paused; -1 leaves it to the broker.',
  ),
  'fetch.max.bytes': int(
    57_671_680,
    { min: 1024 },
    'The most bytes an answer to one fetch may have, whatever the client allows.',
  ),
  'max.incremental.fetch.session.cache.slots': int(
    1000,
    { min: 0 },
    'How many fetch sessions are kept for clients that send only what changed.',
  ),
  'max.request.partition.size.limit': int(
    2000,
    { min: 1 },
    'The most partitions one request may ask to have described.',
  ),
  'message.max.bytes': int(
    1_048_588,
    { importance: 'high', dynamic: 'cluster-wide', min: 0 },
    'The largest record batch taken, after compression; topics may say otherwise.',
  ),
  'auto.create.topics.enable': boolean(true, { importance: 'high' }, 'Make a topic when a client first names it.'),
  'delete.topic.enable': boolean(true, { importance: 'high' }, 'Let clients delete topics.'),
  'num.partitions': int(1, { min: 1 }, 'Partitions of a topic made without a count.'),
  'default.replication.factor': int(1, {}, 'Replicas of a topic made without a count.'),
  'min.insync.replicas': int(
    1,
    { importance: 'high', dynamic: 'cluster-wide', min: 1 },
    'How many replicas must have a write before acks=all is answered.',
  ),
  listeners: list(
    'PLAINTEXT://:9092',
    { importance: 'high', dynamic: 'per-broker' },
    'Where the broker listens: name://host:port, separated by commas; an empty host is all interfaces.',
  ),
  'advertised.listeners': list(
    null,
    { importance: 'high' },
    'Where clients are told to connect, per listener; the listeners themselves when not set.',
  ),
  'listener.security.protocol.map': string(
    'SASL_SSL:SASL_SSL,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT',
    { importance: 'low', dynamic: 'per-broker' },
    'Which protocol each listener speaks: name:protocol, separated by commas.',
  ),
  'inter.broker.listener.name': string(null, {}, 'The listener that brokers use among each other.'),
  'security.inter.broker.protocol': string(
    'PLAINTEXT',
    { oneOf: ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL'] },
    'The protocol brokers use among each other, when no listener is named for it.',
  ),
  'controller.listener.names': list(
    null,
    { importance: 'high' },
    'The listeners that belong to the controller, not to clients.',
  ),
  'socket.listen.backlog.size': int(50, { min: 1 }, 'How many connections may wait to be accepted.'),
  'socket.request.max.bytes': int(
    104_857_600,
    { importance: 'high', min: 1 },
    'The largest request taken; a larger one ends its connection.',
  ),
  'max.connections': int(intMax, { dynamic: 'cluster-wide', min: 0 }, 'How many connections the broker takes at once.'),
  'max.connections.per.ip': int(
    intMax,
    { dynamic: 'cluster-wide', min: 0 },
    'How many connections one address may have at once.',
  ),
  'max.connections.per.ip.overrides': string(
    '',
    {
      dynamic: 'cluster-wide',
      check: (text) =>
        parseAddressCounts(text) === undefined ? 'it must be address:count, separated by commas' : undefined,
    },
    'Other limits for some addresses: address:count, separated by commas.',
  ),
  'max.connection.creation.rate': int(
    intMax,
    { dynamic: 'cluster-wide', min: 0 },
    'How many connections a second are accepted.',
  ),
  'telemetry.max.bytes': int(1_048_576, { importance: 'low', min: 1 }, 'The largest push of client metrics taken.'),
  'connections.max.idle.ms': long(600_000, {}, 'After how long without a request a connection is closed.'),
  ...inert({
    'background.threads': int(
      10,
      { importance: 'high', dynamic: 'cluster-wide', min: 1 },
      'Threads for work in the background.',
    ),
    'num.io.threads': int(8, { importance: 'high', dynamic: 'cluster-wide', min: 1 }, 'Threads that serve requests.'),
    'num.network.threads': int(
      3,
      { importance: 'high', dynamic: 'cluster-wide', min: 1 },
      'Threads that read and write sockets.',
    ),
    'num.recovery.threads.per.data.dir': int(
      2,
      { importance: 'high', dynamic: 'cluster-wide', min: 1 },
      'Threads per data directory that check logs after a crash.',
    ),
    'num.replica.alter.log.dirs.threads': int(
      null,
      { importance: 'high' },
      'Threads that move replicas between data directories.',
    ),
    'request.timeout.ms': int(30_000, { importance: 'high' }, "How long the broker waits for another node's answer."),
    'create.topic.policy.class.name': className(
      null,
      { importance: 'low' },
      'A Java class that may refuse new topics.',
    ),
    'alter.config.policy.class.name': className(
      null,
      { importance: 'low' },
      'A Java class that may refuse changes of settings.',
    ),
    'auto.leader.rebalance.enable': boolean(
      true,
      { importance: 'high' },
      'Give leadership back to preferred replicas from time to time.',
    ),
    'leader.imbalance.check.interval.seconds': long(
      300,
      { importance: 'high', min: 1 },
      'How often the balance of leaders is looked at.',
    ),
    'unclean.leader.election.enable': boolean(
      false,
      { importance: 'high', dynamic: 'cluster-wide' },
      'Let a replica that lags become leader when no other is left, at the price of records.',
    ),
    'broker.heartbeat.interval.ms': int(2000, {}, 'How often a broker tells the controller that it lives.'),
    'broker.session.timeout.ms': int(
      9000,
      {},
      'After how long without a heartbeat the controller counts a broker as gone.',
    ),
    'initial.broker.registration.timeout.ms': int(
      60_000,
      {},
      'How long a starting broker tries to register before it gives up.',
    ),
    'controlled.shutdown.enable': boolean(true, {}, 'Hand leadership over before stopping.'),
    'delete.records.purgatory.purge.interval.requests': int(
      1,
      {},
      'How many finished waits of DeleteRecords may pile up before they are cleared.',
    ),
    'fetch.purgatory.purge.interval.requests': int(
      1000,
      {},
      'How many finished waits of fetches may pile up before they are cleared.',
    ),
    'producer.purgatory.purge.interval.requests': int(
      1000,
      {},
      'How many finished waits of produces may pile up before they are cleared.',
    ),
    'share.fetch.purgatory.purge.interval.requests': int(
      1000,
      {},
      'How many finished waits of share fetches may pile up before they are cleared.',
    ),
    'config.providers': list(
      '',
      { importance: 'low', dynamic: 'cluster-wide' },
      'Names of Java plug-ins that fill placeholders in settings.',
    ),
    'early.start.listeners': list(
      null,
      { importance: 'high' },
      'Listeners that open before the broker is authorised to serve.',
    ),
    'socket.receive.buffer.bytes': int(
      102_400,
      { importance: 'high' },
      'The receive buffer of sockets; -1 leaves it to the system.',
    ),
    'socket.send.buffer.bytes': int(
      102_400,
      { importance: 'high' },
      'The send buffer of sockets; -1 leaves it to the system.',
    ),
    'socket.connection.setup.timeout.ms': long(
      10_000,
      {},
      'How long a connection to another node may take to open at first.',
    ),
    'socket.connection.setup.timeout.max.ms': long(30_000, {}, 'How long it may take to open after failures.'),
    'connections.max.reauth.ms': long(
      0,
      {},
      'How long a SASL client may go without authenticating again; 0 is for ever.',
    ),
    'connection.failed.authentication.delay.ms': int(
      100,
      { importance: 'low', min: 0 },
      'How long the answer to a failed login is held back.',
    ),
    'metric.reporters': list(
      'org.apache.kafka.common.metrics.JmxReporter',
      { importance: 'low', dynamic: 'cluster-wide' },
      'Java classes that report metrics.',
    ),
    'metrics.num.samples': int(2, { importance: 'low', min: 1 }, 'How many samples a metric is made of.'),
    'metrics.sample.window.ms': long(30_000, { importance: 'low', min: 1 }, 'How long a sample is gathered.'),
    'metrics.recording.level': string(
      'INFO',
      { importance: 'low' },
      'Which metrics are recorded: INFO, DEBUG or TRACE.',
    ),
    'kafka.metrics.reporters': list('', { importance: 'low' }, "Java classes that report the broker's older metrics."),
    'kafka.metrics.polling.interval.secs': int(
      10,
      { importance: 'low', min: 1 },
      'How often those classes are asked to report.',
    ),
  }),
};
