export * from './simulated.ts';
export { startBroker, type TestBroker } from './start-broker.ts';
export { WireClient } from './wire-client.ts';
