/**
 * The broker: wires the parts together; the only file that knows them all. Order of a start: ports are taken, then the data
 * directories, then what is on them is opened, then clients are answered. A start that fails has touched nothing but what it opened.
 */
import { leveled, LogLevels, type Host } from '@millrace/base';
import type { LogDirectory } from '@millrace/log';
import { Listener, ReceiveBudget } from '@millrace/net';

import { AdminServer } from './admin/admin-server.ts';
import { Prometheus } from './admin/prometheus.ts';
import type { ApiTable } from './api-table.ts';
import { apiTable } from './apis.ts';
import { AppendRound } from './append-round.ts';
import { Cleaning } from './cleaning.ts';
import type { BrokerConfig, ListenerConfig } from './config/broker-config.ts';
import { Coordinator, offsetsTopic } from './coordinator/coordinator.ts';
import type { Doors, Endpoint } from './doors.ts';
import type { Exchange } from './exchange.ts';
import { FetchSessions } from './fetch-session.ts';
import { openLogDirectories, type LogDirectories, type OfflineDirectory } from './log-directories.ts';
import { adoptFolders } from './metadata/adopt-folders.ts';
import { Controller, isFault } from './metadata/controller.ts';
import { newClusterFeatures } from './metadata/features.ts';
import { MetadataImage, resourceTypes } from './metadata/image.ts';
import { MetadataLog } from './metadata/metadata-log.ts';
import type { MetadataRecord } from './metadata/record.ts';
import { Metrics } from './metrics.ts';
import type { Partition } from './partition.ts';
import { assignment, Partitions } from './partitions.ts';
import { ProducerIds } from './producer-ids.ts';
import type { ClientQuotas } from './quota/client-quotas.ts';
import type { ConnectionAdmission } from './quota/connection-admission.ts';
import { Limits } from './quota/limits.ts';
import { ReadBuffers } from './read-buffers.ts';
import { ReplicaMoves } from './replica-moves.ts';
import { RequestPipeline } from './request.ts';
import { Retention } from './retention.ts';
import { Settings } from './settings.ts';
import { StateTopic } from './state-topic.ts';
import { Telemetry } from './telemetry/telemetry.ts';
import { Topics } from './topics.ts';
import { Markers } from './transaction/markers.ts';
import { TransactionCoordinator, transactionsTopic } from './transaction/transaction-coordinator.ts';

const unsentBytesMax = 4 << 20;
/** What parts of requests may take in memory, over all connections. */
const receiveBytesDefault = 256 << 20;
/** How long a stopping broker waits for answers that are under way. */
const drainMsMax = 2000;
/** What a new Kafka cluster begins with: its feature level (4.3-IV0), and the setting that goes with eligible leader replicas. */
const firstRecords: readonly MetadataRecord[] = [
  ...newClusterFeatures.map(({ name, featureLevel }) => ({ type: 'FeatureLevelRecord' as const, name, featureLevel })),
  {
    type: 'ConfigRecord',
    resourceType: resourceTypes.broker,
    resourceName: '',
    name: 'min.insync.replicas',
    value: '1',
  },
];

export interface BrokerOptions {
  readonly host: Host;
  readonly config: BrokerConfig;
  /** A broken invariant was found: the process must not go on. */
  readonly fatal: (error: unknown) => void;
  /** What `host.log` goes by already. Without it the broker has one of its own, which lets everything through at first. */
  readonly logLevels?: LogLevels;
}

export class Broker implements Doors {
  readonly host: Host;
  readonly logLevels: LogLevels;
  readonly config: BrokerConfig;
  readonly clusterId: string;
  readonly directories: readonly LogDirectory[];
  readonly offlineDirectories: readonly OfflineDirectory[];
  readonly metrics = new Metrics();
  readonly buffers = new ReadBuffers();
  readonly image = new MetadataImage();
  readonly settings: Settings;
  readonly metadata: MetadataLog;
  readonly controller: Controller;
  readonly partitions: Partitions;
  readonly moves: ReplicaMoves;
  readonly topics: Topics;
  readonly producerIds: ProducerIds;
  readonly round: AppendRound;
  readonly sessions: FetchSessions;
  readonly coordinator: Coordinator;
  readonly markers: Markers;
  readonly transactions: TransactionCoordinator;
  readonly telemetry: Telemetry;
  readonly #limits: Limits;
  readonly #listeners: readonly Listener[];
  readonly #pipeline: RequestPipeline;
  readonly #table: ApiTable;
  readonly #retention: Retention;
  readonly cleaning: Cleaning;
  readonly #admin: AdminServer | undefined;
  #prometheus: Prometheus | undefined;
  #isReady = false;
  #stopped: Promise<void> | undefined;

  private constructor(options: Required<BrokerOptions>, opened: Opened) {
    const { host, config } = options;
    this.host = host;
    this.logLevels = options.logLevels;
    this.config = config;
    this.directories = opened.directories;
    this.offlineDirectories = opened.offlineDirectories;
    this.clusterId = opened.clusterId;
    this.#listeners = opened.listeners;
    this.#admin = opened.admin;
    this.settings = new Settings(config, this.image);
    this.#limits = new Limits(this, opened.listeners);
    this.metadata = new MetadataLog({
      host,
      directory: opened.metadataDirectory,
      nodeId: this.nodeId,
      image: this.image,
      onChange: (record) => this.#changed(record),
    });
    this.controller = new Controller({
      image: this.image,
      nodeId: this.nodeId,
      newTopicId: () => newUuid(host),
      place: (count) => this.partitions.place(count).map(({ directoryId }) => directoryId),
      settings: this.settings,
    });
    this.partitions = new Partitions({
      host,
      directories: this.directories,
      image: this.image,
      settingsOf: (topic) => this.settings.ofTopic(topic),
      isCordoned: ({ path }) => this.settings.isCordoned(path),
    });
    this.settings.onTopicChange((topic) => this.partitions.configure(topic));
    this.topics = new Topics({
      image: this.image,
      controller: this.controller,
      metadata: this.metadata,
      partitions: this.partitions,
      metrics: this.metrics,
      internal: (name) => this.settings.internalTopic(name),
      removed: (name) => this.#topicRemoved(name),
    });
    this.producerIds = new ProducerIds(this.controller, this.metadata);
    this.round = new AppendRound(this.directories, config.durability, (callback) => process.nextTick(callback));
    this.moves = new ReplicaMoves(this, (partition) => void this.#noteDirectory(partition));
    this.sessions = fetchSessions(host, config);
    const { image, rack } = this;
    const log = new StateTopic(offsetsTopic, this);
    this.coordinator = new Coordinator({ host, settings: this.settings.groups, topics: image, rack, log });
    this.markers = new Markers(this);
    this.transactions = this.#transactionCoordinator();
    this.telemetry = new Telemetry(this, () => newUuid(host));
    this.#table = apiTable(this);
    this.#pipeline = new RequestPipeline({
      table: this.#table,
      host,
      log: host.log.child({ part: 'requests' }),
      metrics: this.metrics,
      quotas: this.quotas,
      writeOut: () => this.round.writeOut(),
      fatal: options.fatal,
    });
    const checkMs = (): number => this.settings.values['log.retention.check.interval.ms'];
    this.#retention = new Retention({ host, partitions: this.partitions, checkMs });
    this.cleaning = new Cleaning({ host, partitions: this.partitions, settings: () => this.settings.values });
  }

  /** Throws `MillraceError`: CONFIG for a value that cannot be, IN_USE for a port or a data directory that another process holds. */
  static async start(given: BrokerOptions): Promise<Broker> {
    const options = withLevels(given);
    const { host, config } = options;
    const budget = new ReceiveBudget(receiveBytesMax(config));
    const listeners = config.listeners.map((listener) => listenerOf(host, config, listener, budget));
    let opened: LogDirectories | undefined;
    let admin: AdminServer | undefined;
    try {
      for (const listener of listeners) await listener.listen();
      admin = await listenAdmin(host, config);
      opened = openLogDirectories(host, config);
      const broker = new Broker(options, {
        listeners,
        admin,
        directories: opened.directories,
        offlineDirectories: opened.offline,
        metadataDirectory: opened.metadata,
        clusterId: opened.clusterId,
      });
      await broker.#load();
      // What a killed process had written and not synced is there again: nobody may be told of it before it lasts. A directory
      // that fails here takes itself out.
      if (config.durability === 'sync')
        await Promise.allSettled(broker.directories.map((directory) => directory.synced()));
      broker.#openDoors();
      return broker;
    } catch (error) {
      for (const listener of listeners) listener.stop();
      admin?.close();
      await Promise.all(opened?.directories.map((directory) => directory.close({ clean: false })) ?? []);
      throw error;
    }
  }

  get nodeId(): number {
    return this.config.nodeId;
  }

  get quotas(): ClientQuotas {
    return this.#limits.quotas;
  }

  get admission(): ConnectionAdmission {
    return this.#limits.admission;
  }

  get rack(): string | null {
    return this.config.rack;
  }

  get isReady(): boolean {
    return this.#isReady;
  }

  /** The port that a listener really has, which matters where 0 was asked for. */
  portOf(listenerName: string): number {
    return this.#listeners.find(({ name }) => name === listenerName)?.port ?? 0;
  }

  get adminPort(): number | undefined {
    return this.#admin?.port;
  }

  advertised(listenerName: string): Endpoint {
    const { host, port } = this.config.advertised(listenerName);
    return { name: listenerName, host, port: port === 0 ? this.portOf(listenerName) : port };
  }

  endpoints(kind: 'broker' | 'controller'): readonly Endpoint[] {
    const { controllerListenerNames } = this.config;
    return this.#listeners
      .filter(({ name }) => controllerListenerNames.includes(name) === (kind === 'controller'))
      .map(({ name }) => this.advertised(name));
  }

  table(): ApiTable {
    return this.#table;
  }

  answer(exchange: Exchange, response: object, release?: () => void): void {
    this.#pipeline.answer(exchange, response, release);
  }

  failed(exchange: Exchange, error: unknown): void {
    this.#pipeline.failed(exchange.session, error);
  }

  endConnection(exchange: Exchange, reason: string): void {
    this.host.log.info(
      { client: exchange.clientHost, clientId: exchange.clientId, reason },
      'closed a connection that expects no answers',
    );
    exchange.session.connection.close();
  }

  /** Answers what is under way, syncs, writes the clean marker. Safe to call twice. */
  async stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    await this.#stopped;
  }

  /** After the replay of a record that was committed. */
  #changed(record: MetadataRecord): void {
    this.settings.changed(record);
    this.#limits.changed(record);
    this.telemetry.changed(record);
  }

  async #load(): Promise<void> {
    const { clock, log } = this.host;
    const startedAtMs = clock.monotonic();
    const { isNew } = this.metadata;
    if (isNew) {
      const records = adoptFolders(this.directories, () => newUuid(this.host), this.host.log);
      await this.metadata.commit([...firstRecords, ...records]);
    }
    this.settings.loaded();
    this.#limits.loaded();
    for (const topic of this.image.topics()) this.partitions.open(topic);
    await this.metadata.commit([...this.partitions.corrections()]);
    for (const { path, wasClean, logCount } of this.directories) {
      if (isNew || wasClean) continue;
      const tookMs = Math.round(clock.monotonic() - startedAtMs);
      log.info({ path, partitions: logCount, tookMs }, 'recovered a log directory that was not closed cleanly');
    }
    await this.#createConfigured();
    this.moves.resume(this.directories);
    this.coordinator.start();
    this.transactions.start();
  }

  /** After a move. What lies on the disk decides at the next start; the record is for the start that does not find the directory. */
  async #noteDirectory(partition: Partition): Promise<void> {
    const known = this.image.topicById(partition.topicId)?.partitions[partition.index];
    if (known === undefined) return;
    try {
      await this.metadata.commit([assignment(partition, known)]);
    } catch (error) {
      this.host.log.warn({ topic: partition.topic, partition: partition.index, error }, 'a move could not be noted');
    }
  }

  #topicRemoved(name: string): void {
    this.coordinator.topicDeleted(name);
    this.transactions.topicDeleted(name);
  }

  #transactionCoordinator(): TransactionCoordinator {
    const log = new StateTopic(transactionsTopic, this);
    return new TransactionCoordinator({
      host: this.host,
      settings: this.settings.transactions,
      log,
      markers: this.markers,
      featureLevel: () => this.image.featureLevel('transaction.version'),
      coordinatorEpoch: (partition) => log.epochOf(partition),
      nextProducerId: async () => await this.producerIds.next(),
    });
  }

  /** Topics that the environment asks for (`KAFKA_CREATE_TOPICS`). */
  async #createConfigured(): Promise<void> {
    for (const { name, partitionCount, replicationFactor, cleanupPolicy } of this.config.topics) {
      if (this.image.topic(name) !== undefined) continue;
      const settings = new Map(cleanupPolicy === undefined ? [] : [['cleanup.policy', cleanupPolicy]]);
      const made = await this.topics.create({ name, partitionCount, replicationFactor, assignments: [], settings });
      if (isFault(made))
        this.host.log.warn(
          { topic: name, reason: made.errorMessage },
          'a topic of KAFKA_CREATE_TOPICS could not be made',
        );
    }
  }

  #openDoors(): void {
    if (this.#admin !== undefined) {
      const prometheus = new Prometheus(this, () => this.#listeners);
      this.#prometheus = prometheus;
      this.#admin.open({
        metrics: async () => await prometheus.text(),
        faults: () => this.#faults(),
        isReady: () => this.#isReady,
      });
    }
    for (const listener of this.#listeners) listener.open(this.#pipeline, this.admission);
    this.#isReady = true;
  }

  #faults(): string[] {
    const failed = this.directories
      .filter(({ failure }) => failure !== undefined)
      .map(({ path, failure }) => `log directory ${path} is offline: ${failure?.message}`);
    for (const { path, reason } of this.offlineDirectories) failed.push(`log directory ${path} is offline: ${reason}`);
    const wanted = [...this.image.topics()].reduce((sum, topic) => sum + topic.partitions.length, 0);
    const offline = wanted - [...this.partitions.all()].length;
    return offline === 0 ? failed : [...failed, `${offline} partitions are offline`];
  }

  async #stop(): Promise<void> {
    this.#isReady = false;
    this.#retention.stop();
    await this.cleaning.stop();
    this.moves.stop();
    for (const listener of this.#listeners) listener.stop();
    this.transactions.close();
    this.coordinator.close();
    for (const partition of this.partitions.all()) partition.wakeAll();
    this.round.writeOut();
    await this.#drained();
    for (const listener of this.#listeners) listener.closeConnections();
    this.#admin?.close();
    this.#prometheus?.close();
    await Promise.all(this.directories.map((directory) => directory.close({ clean: true })));
    for (const listener of this.#listeners) listener.destroyConnections();
  }

  /** Waits until no request is under way, but not for ever. */
  async #drained(): Promise<void> {
    const { clock, timers } = this.host;
    const untilMs = clock.monotonic() + drainMsMax;
    while (this.#pipeline.underWay(this.#listeners) > 0 && clock.monotonic() < untilMs) {
      await new Promise<void>((resolve) => timers.after(5, resolve));
      this.round.writeOut();
    }
  }
}

interface Opened {
  readonly listeners: readonly Listener[];
  readonly admin: AdminServer | undefined;
  readonly directories: readonly LogDirectory[];
  readonly offlineDirectories: readonly OfflineDirectory[];
  readonly metadataDirectory: LogDirectory;
  readonly clusterId: string;
}

function withLevels(options: BrokerOptions): Required<BrokerOptions> {
  const { host, logLevels } = options;
  if (logLevels !== undefined) return { ...options, logLevels };
  const levels = new LogLevels('TRACE');
  const { clock, timers, random, disk, network } = host;
  const log = leveled(host.log, levels);
  return { ...options, host: { clock, timers, random, disk, network, log }, logLevels: levels };
}

/** The usual admin port may be taken, by another broker on this machine: then any other will do, unless somebody asked for this one. */
async function listenAdmin(host: Host, config: BrokerConfig): Promise<AdminServer | undefined> {
  const address = config.adminListener;
  if (address === undefined) return undefined;
  const admin = new AdminServer();
  try {
    await admin.listen(address.host, address.port);
  } catch (error) {
    if (config.properties.has('admin.listener')) throw error;
    await admin.listen(address.host, 0);
    host.log.warn({ port: admin.port }, `the admin port ${address.port} is in use; this broker has another`);
  }
  return admin;
}

/** `queued.max.request.bytes`, but never so little that the largest request could not be read. */
function receiveBytesMax({ values }: BrokerConfig): number {
  const asked = values['queued.max.request.bytes'];
  return Math.max(asked > 0 ? asked : receiveBytesDefault, values['socket.request.max.bytes']);
}

function fetchSessions({ random }: Host, { values }: BrokerConfig): FetchSessions {
  const slots = values['max.incremental.fetch.session.cache.slots'];
  return new FetchSessions(slots, () => random.below(0x7fff_ffff) + 1);
}

function listenerOf(host: Host, config: BrokerConfig, listener: ListenerConfig, budget: ReceiveBudget): Listener {
  const { values } = config;
  return new Listener({
    listenerName: listener.name,
    host: listener.host,
    port: listener.port,
    backlog: values['socket.listen.backlog.size'],
    idleMsMax: values['connections.max.idle.ms'],
    frameBytesMax: values['socket.request.max.bytes'],
    unsentBytesMax,
    budget,
    clock: host.clock,
    timers: host.timers,
    network: host.network,
  });
}

/** 16 random bytes as Kafka prints them; never one that begins with a dash, which tools take for an option. */
function newUuid(host: Host): string {
  for (;;) {
    const text = Buffer.from(host.random.bytes(16)).toString('base64url');
    if (!text.startsWith('-')) return text;
  }
}
