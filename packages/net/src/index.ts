export type { Admission } from './admission.ts';
export { Connection, type ConnectionOptions, type ConnectionOwner } from './connection.ts';
export { Frames, type FrameSink } from './frames.ts';
export { ReceiveBudget } from './receive-budget.ts';
export { Listener, type ListenerOptions } from './listener.ts';
export { AnswerFrames, type AnswerSink } from './answer-frames.ts';
export { dial, type Dial, type DialAddress } from './dial.ts';
