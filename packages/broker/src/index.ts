import { brokerKeys } from './config/broker-keys.ts';
import { clientMetricsKeys } from './config/client-metrics-keys.ts';
import { groupKeys } from './config/group-keys.ts';
import { topicKeys } from './config/topic-keys.ts';

export { Broker, type BrokerOptions } from './broker.ts';
export { readBrokerConfig, type BrokerConfig } from './config/broker-config.ts';
export { servedApis } from './apis.ts';

/** For the reference page. */
export const configTables = { brokerKeys, topicKeys, groupKeys, clientMetricsKeys } as const;
