import { arrayOf, bytes, int32, message, never, nullable, string } from './schema.ts';

/** What a classic consumer sends as metadata when it joins. */
export const consumerProtocolSubscription = message('ConsumerProtocolSubscription', '0-3', never, {
  topics: arrayOf(string()),
  userData: nullable(bytes({ default: null })),
  ownedPartitions: arrayOf(
    '1+',
    { ignorable: true },
    {
      topic: string(),
      partitions: arrayOf(int32()),
    },
  ),
  generationId: int32('2+', { default: -1, ignorable: true }),
  rackId: nullable(string('3+', { default: null, ignorable: true })),
});

/** What the leader of a classic consumer group hands out. */
export const consumerProtocolAssignment = message('ConsumerProtocolAssignment', '0-3', never, {
  assignedPartitions: arrayOf({
    topic: string(),
    partitions: arrayOf(int32()),
  }),
  userData: nullable(bytes({ default: null })),
});
