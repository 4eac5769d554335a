/** The quorum of controllers, copies between brokers, quotas, and segments in remote storage. */
import { boolean, className, inert, int, list, long, longMax, string } from '@millrace/base';

export const replicationKeys = {
  'controller.quorum.voters': list(
    '',
    { importance: 'high' },
    'The controllers that vote: id@host:port, separated by commas.',
  ),
  'controller.quorum.bootstrap.servers': list(
    '',
    { importance: 'high' },
    'Where the controllers are found at first: host:port, separated by commas.',
  ),
  'controller.quota.window.num': int(
    11,
    { importance: 'low', min: 1 },
    'How many windows the rate of changes by clients is measured over.',
  ),
  'controller.quota.window.size.seconds': int(1, { importance: 'low', min: 1 }, 'How long each of those windows is.'),
  'quota.window.num': int(
    11,
    { importance: 'low', min: 1 },
    'How many windows the rates of clients are measured over.',
  ),
  'quota.window.size.seconds': int(1, { importance: 'low', min: 1 }, 'How long each of those windows is.'),
  'replica.alter.log.dirs.io.max.bytes.per.second': long(
    longMax,
    { dynamic: 'cluster-wide', min: 0 },
    'How many bytes a second moves between data directories may take.',
  ),
  ...inert({
    'controller.quorum.auto.join.enable': boolean(
      false,
      { importance: 'low' },
      'Let a new controller become a voter by itself.',
    ),
    'controller.quorum.election.timeout.ms': int(
      1000,
      { importance: 'high', min: 0 },
      'How long without a leader until a controller stands for election.',
    ),
    'controller.quorum.election.backoff.max.ms': int(
      1000,
      { importance: 'high', min: 0 },
      'The longest wait before the next election.',
    ),
    'controller.quorum.fetch.timeout.ms': int(
      2000,
      { importance: 'high', min: 0 },
      'How long without an answer of the leader until a controller stands for election.',
    ),
    'controller.quorum.request.timeout.ms': int(2000, { min: 0 }, "How long a controller waits for another's answer."),
    'controller.quorum.retry.backoff.ms': int(
      20,
      { importance: 'low', min: 0 },
      'How long a controller waits before it asks again.',
    ),
    'controller.quorum.append.linger.ms': int(25, { min: 0 }, 'How long the leader gathers writes.'),
    'controller.quorum.fetch.max.bytes': int(
      1_048_576,
      { importance: 'low', min: 1 },
      'The most bytes a controller fetches of the metadata log at a time.',
    ),
    'controller.quorum.fetch.snapshot.max.bytes': int(
      1_048_576,
      { importance: 'low', min: 1 },
      'The most bytes a controller fetches of a snapshot at a time.',
    ),
    'controller.socket.timeout.ms': int(30_000, {}, 'How long a connection to the controller may be silent.'),
    'metadata.log.dir': string(
      null,
      { importance: 'high' },
      'Where the metadata log is kept; the first data directory when not set.',
    ),
    'metadata.log.segment.bytes': int(
      1_073_741_824,
      { importance: 'high', min: 8_388_608 },
      'Segment size of the metadata log.',
    ),
    'metadata.log.segment.ms': long(
      604_800_000,
      { importance: 'high' },
      'At which age a segment of the metadata log is closed.',
    ),
    'metadata.log.max.record.bytes.between.snapshots': long(
      20_971_520,
      { importance: 'high', min: 1 },
      'After how many bytes of metadata a snapshot is made.',
    ),
    'metadata.log.max.snapshot.interval.ms': long(
      3_600_000,
      { importance: 'high', min: 0 },
      'After how long a snapshot of metadata is made; 0 for never.',
    ),
    'metadata.max.retention.bytes': long(
      104_857_600,
      { importance: 'high' },
      'How large the metadata log may become before its oldest part goes.',
    ),
    'metadata.max.retention.ms': long(
      604_800_000,
      { importance: 'high' },
      'How long the oldest part of the metadata log is kept.',
    ),
    'metadata.max.idle.interval.ms': int(
      500,
      { importance: 'low', min: 0 },
      'How long the metadata log may be silent before an empty record is written.',
    ),
    'replica.fetch.backoff.ms': int(1000, { min: 0 }, 'How long a follower waits after a failed fetch.'),
    'replica.fetch.max.bytes': int(
      1_048_576,
      { min: 0 },
      'The most bytes a follower fetches of a partition at a time.',
    ),
    'replica.fetch.min.bytes': int(1, { importance: 'high' }, 'How many bytes a leader gathers for a follower.'),
    'replica.fetch.response.max.bytes': int(10_485_760, { min: 0 }, 'The most bytes of an answer to a follower.'),
    'replica.fetch.wait.max.ms': int(500, { importance: 'high' }, 'How long a leader gathers bytes for a follower.'),
    'replica.high.watermark.checkpoint.interval.ms': long(
      5000,
      { importance: 'high' },
      'How often high watermarks are noted on disk.',
    ),
    'replica.lag.time.max.ms': long(
      30_000,
      { importance: 'high' },
      'For how long a follower may lag before it is out of sync.',
    ),
    'replica.selector.class': string(null, {}, 'A Java class that says which replica a reader is sent to.'),
    'replica.socket.receive.buffer.bytes': int(
      65_536,
      { importance: 'high' },
      'The receive buffer of connections between brokers.',
    ),
    'replica.socket.timeout.ms': int(
      30_000,
      { importance: 'high' },
      'How long a connection between brokers may be silent.',
    ),
    'num.replica.fetchers': int(
      1,
      { importance: 'high', dynamic: 'cluster-wide', min: 1 },
      'Connections to each broker that is followed.',
    ),
    'replication.quota.window.num': int(
      11,
      { importance: 'low', min: 1 },
      'How many windows the rate of replication is measured over.',
    ),
    'replication.quota.window.size.seconds': int(
      1,
      { importance: 'low', min: 1 },
      'How long each of those windows is.',
    ),
    'alter.log.dirs.replication.quota.window.num': int(
      11,
      { importance: 'low', min: 1 },
      'How many windows the rate of moves between data directories is measured over.',
    ),
    'alter.log.dirs.replication.quota.window.size.seconds': int(
      1,
      { importance: 'low', min: 1 },
      'How long each of those windows is.',
    ),
    'leader.replication.throttled.rate': long(
      longMax,
      { dynamic: 'cluster-wide', min: 0 },
      'How many bytes a second a leader sends to followers that are held back.',
    ),
    'follower.replication.throttled.rate': long(
      longMax,
      { dynamic: 'cluster-wide', min: 0 },
      'How many bytes a second a follower that is held back fetches.',
    ),
    'follower.fetch.last.tiered.offset.enable': boolean(
      false,
      { dynamic: 'cluster-wide' },
      'Let a new follower begin where remote storage ends.',
    ),
    'client.quota.callback.class': className(
      null,
      { importance: 'low' },
      'A Java class that says which quota a client has.',
    ),
    'remote.log.storage.system.enable': boolean(false, {}, 'Keep old segments in remote storage.'),
    'remote.log.storage.manager.class.name': string(
      null,
      { nonEmpty: true },
      'The Java class that speaks to remote storage.',
    ),
    'remote.log.storage.manager.class.path': string(null, {}, 'Where that class is loaded from.'),
    'remote.log.storage.manager.impl.prefix': string(
      'rsm.config.',
      { nonEmpty: true },
      'How names of settings for that class begin.',
    ),
    'remote.log.metadata.manager.class.name': string(
      'org.apache.kafka.server.log.remote.metadata.storage.TopicBasedRemoteLogMetadataManager',
      { nonEmpty: true },
      'The Java class that keeps track of remote segments.',
    ),
    'remote.log.metadata.manager.class.path': string(null, {}, 'Where that class is loaded from.'),
    'remote.log.metadata.manager.impl.prefix': string(
      'rlmm.config.',
      { nonEmpty: true },
      'How names of settings for that class begin.',
    ),
    'remote.log.metadata.manager.listener.name': string(
      null,
      { nonEmpty: true },
      'The listener through which remote segments are kept track of.',
    ),
    'remote.log.metadata.custom.metadata.max.bytes': int(
      128,
      { importance: 'low', min: 0 },
      'The longest note that remote storage may attach to a segment.',
    ),
    'remote.log.index.file.cache.total.size.bytes': long(
      1_073_741_824,
      { importance: 'low', dynamic: 'cluster-wide', min: 1 },
      'How much of the indexes of remote segments is kept on disk.',
    ),
    'remote.log.manager.thread.pool.size': int(2, { min: 1 }, "Threads for followers' work on remote segments."),
    'remote.log.manager.copier.thread.pool.size': int(
      10,
      { dynamic: 'cluster-wide', min: 1 },
      'Threads that copy segments to remote storage.',
    ),
    'remote.log.manager.expiration.thread.pool.size': int(
      10,
      { dynamic: 'cluster-wide', min: 1 },
      'Threads that delete remote segments.',
    ),
    'remote.log.manager.follower.thread.pool.size': int(
      2,
      { dynamic: 'cluster-wide', min: 1 },
      'Threads that followers use for remote segments.',
    ),
    'remote.log.manager.task.interval.ms': long(
      30_000,
      { importance: 'low', min: 1 },
      'How often it is looked for segments to copy or delete.',
    ),
    'remote.log.manager.copy.max.bytes.per.second': long(
      longMax,
      { dynamic: 'cluster-wide', min: 1 },
      'How many bytes a second may be copied to remote storage.',
    ),
    'remote.log.manager.copy.quota.window.num': int(
      11,
      { min: 1 },
      'How many windows the rate of copies is measured over.',
    ),
    'remote.log.manager.copy.quota.window.size.seconds': int(1, { min: 1 }, 'How long each of those windows is.'),
    'remote.log.manager.fetch.max.bytes.per.second': long(
      longMax,
      { dynamic: 'cluster-wide', min: 1 },
      'How many bytes a second may be read from remote storage.',
    ),
    'remote.log.manager.fetch.quota.window.num': int(
      11,
      { min: 1 },
      'How many windows the rate of remote reads is measured over.',
    ),
    'remote.log.manager.fetch.quota.window.size.seconds': int(1, { min: 1 }, 'How long each of those windows is.'),
    'remote.log.reader.threads': int(10, { dynamic: 'cluster-wide', min: 1 }, 'Threads that read from remote storage.'),
    'remote.log.reader.max.pending.tasks': int(100, { min: 1 }, 'How many reads from remote storage may wait.'),
    'remote.fetch.max.wait.ms': int(
      500,
      { dynamic: 'cluster-wide', min: 1 },
      'How long a fetch may wait for remote storage.',
    ),
    'remote.list.offsets.request.timeout.ms': long(
      30_000,
      { dynamic: 'cluster-wide', min: 1 },
      'How long a search for offsets may wait for remote storage.',
    ),
  }),
};
