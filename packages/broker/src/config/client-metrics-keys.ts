/** What a subscription to the metrics of clients is made of. */
import { changeable, inert, int, list } from '@millrace/base';

export const clientMetricsKeys = changeable({
  ...inert({
    'interval.ms': int(300_000, {}, 'How often clients push their metrics; 0 stops them.'),
    match: list('', {}, 'Which clients push: name=pattern, separated by commas; all when empty.'),
    metrics: list('', {}, 'Which metrics are pushed, by the beginning of their names; * for all, none when empty.'),
  }),
});
