/** What handlers may reach: the parts of the broker, wired by `broker.ts`. */
import type { Host, LogLevels } from '@millrace/base';
import type { LogDirectory } from '@millrace/log';

import type { ApiTable } from './api-table.ts';
import type { AppendRound } from './append-round.ts';
import type { Cleaning } from './cleaning.ts';
import type { Coordinator } from './coordinator/coordinator.ts';
import type { Exchange } from './exchange.ts';
import type { FetchSessions } from './fetch-session.ts';
import type { OfflineDirectory } from './log-directories.ts';
import type { Controller } from './metadata/controller.ts';
import type { MetadataImage } from './metadata/image.ts';
import type { MetadataLog } from './metadata/metadata-log.ts';
import type { Metrics } from './metrics.ts';
import type { Partitions } from './partitions.ts';
import type { ProducerIds } from './producer-ids.ts';
import type { ClientQuotas } from './quota/client-quotas.ts';
import type { ConnectionAdmission } from './quota/connection-admission.ts';
import type { ReadBuffers } from './read-buffers.ts';
import type { ReplicaMoves } from './replica-moves.ts';
import type { Settings } from './settings.ts';
import type { Telemetry } from './telemetry/telemetry.ts';
import type { Topics } from './topics.ts';
import type { Markers } from './transaction/markers.ts';
import type { TransactionCoordinator } from './transaction/transaction-coordinator.ts';

export interface Endpoint {
  readonly name: string;
  readonly host: string;
  readonly port: number;
}

export interface Doors {
  readonly host: Host;
  /** How much each part of `host.log` says. */
  readonly logLevels: LogLevels;
  readonly nodeId: number;
  readonly clusterId: string;
  readonly rack: string | null;
  readonly image: MetadataImage;
  readonly controller: Controller;
  readonly metadata: MetadataLog;
  readonly settings: Settings;
  readonly topics: Topics;
  readonly partitions: Partitions;
  readonly producerIds: ProducerIds;
  readonly coordinator: Coordinator;
  readonly markers: Markers;
  readonly transactions: TransactionCoordinator;
  readonly directories: readonly LogDirectory[];
  /** Named in `log.dirs`, and not to be used since the start. */
  readonly offlineDirectories: readonly OfflineDirectory[];
  readonly moves: ReplicaMoves;
  readonly round: AppendRound;
  readonly sessions: FetchSessions;
  readonly cleaning: Cleaning;
  readonly buffers: ReadBuffers;
  readonly metrics: Metrics;
  readonly quotas: ClientQuotas;
  readonly telemetry: Telemetry;
  readonly admission: ConnectionAdmission;
  /** What a client of this listener is told to connect to. */
  advertised(listenerName: string): Endpoint;
  /** Every listener with its advertised address; the controller's too. */
  endpoints(kind: 'broker' | 'controller'): readonly Endpoint[];
  table(): ApiTable;
  answer(exchange: Exchange, response: object, release?: () => void): void;
  failed(exchange: Exchange, error: unknown): void;
  /** acks=0 has no answer to carry an error, so the connection ends, as Kafka does. */
  endConnection(exchange: Exchange, reason: string): void;
}
