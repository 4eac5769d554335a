/** Answers and silences that must not be, and topics that are there, or not, against what was said of them. */
import { eventsOf, type Check } from './check.ts';

export const surprises: Check = (events) => {
  const faults = eventsOf(events, 'surprise').map(({ by, text }) => `${by}: ${text}`);
  const said = new Map<string, boolean>();
  for (const { topic, isThere, isFinal } of eventsOf(events, 'topic')) {
    const before = said.get(topic);
    if (isFinal && before !== undefined && before !== isThere)
      faults.push(
        `topic ${topic} is ${isThere ? '' : 'not '}there, and it was said that it is ${before ? 'there' : 'gone'}`,
      );
    said.set(topic, isThere);
  }
  return faults;
};
