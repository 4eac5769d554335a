import { apis } from './apis.ts';
import { consumerProtocolAssignment, consumerProtocolSubscription } from './consumer-protocol.ts';
import { requestHeader, responseHeader } from './headers.ts';
import { defaultPrincipal } from './principal.ts';
import type { Message } from './schema.ts';
import * as controlRecords from './state-records/control-records.ts';
import { groupRecords } from './state-records/group-records.ts';
import { metadataRecords } from './state-records/metadata-records.ts';
import { shareSnapshotRecord, shareUpdateRecord } from './state-records/share-state-records.ts';
import { abortedTxn, transactionLogRecord } from './state-records/transaction-records.ts';

/** Every message of the tables, by Kafka's name of it. The tests go through them all. */
export function allMessages(): ReadonlyMap<string, Message> {
  const coordinatorRecords = [
    ...Object.values(groupRecords),
    transactionLogRecord,
    shareSnapshotRecord,
    shareUpdateRecord,
  ];
  const messages: Message[] = [
    requestHeader,
    responseHeader,
    ...Object.values(apis).flatMap(({ request, response }) => [request, response]),
    consumerProtocolSubscription,
    consumerProtocolAssignment,
    defaultPrincipal,
    ...Object.values(controlRecords),
    abortedTxn,
    ...Object.values(metadataRecords).map(({ body }) => body),
    ...coordinatorRecords.flatMap(({ key, value }) => [key, value]),
  ];
  return new Map(messages.map((message) => [message.name, message]));
}
