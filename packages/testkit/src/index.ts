export * from './simulated.ts';
export { answerWithError } from './answer-with-error.ts';
export { FaultProxy, type FaultRule, type ProxiedRequest, type Verdict } from './fault-proxy.ts';
export { goldenMessageLines, goldenMessageNames, goldenMessages, messageLine } from './golden-messages.ts';
export { mutateFrame, type SpoiledFrame } from './frame-mutator.ts';
export { pushedMetrics, type PushedMetric } from './pushed-metrics.ts';
export {
  pick,
  randomAnswer,
  randomRequest,
  unsignedVarint,
  type Spot,
  type SpottedFrame,
  type ValuePool,
} from './random-request.ts';
export {
  dialScripted,
  everyVersion,
  ScriptedBroker,
  type Script,
  type ScriptedAnswer,
  type ScriptedRequest,
} from './scripted-broker.ts';
export { startBroker, type TestBroker } from './start-broker.ts';
export { fetchRequest, offsetsIn, record, TopicStage, topicResource } from './topic-stage.ts';
export { WireClient } from './wire-client.ts';
export { visible, WireStage, type ProducerIdentity } from './wire-stage.ts';
