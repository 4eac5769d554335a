/** What Kafka accepts as the name of a topic, in its own words for the client. */
const topicNameCharsMax = 249;

/** A sentence that says what is wrong, or undefined. */
export function topicNameFault(name: string): string | undefined {
  if (name === '') return 'Topic name is invalid: the empty string is not allowed';
  if (name === '.' || name === '..') return `Topic name is invalid: '${name}' is not allowed`;
  if (name.length > topicNameCharsMax) {
    return `Topic name is invalid: the length of '${name}' is longer than the max allowed length ${topicNameCharsMax}`;
  }
  if (!/^[a-zA-Z0-9._-]+$/.test(name)) {
    return `Topic name is invalid: '${name}' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'`;
  }
  return undefined;
}

/** `.` and `_` become the same in metric names, so two topics that differ only there are not allowed together. */
export function collisionKey(name: string): string {
  return name.replaceAll('.', '_');
}
