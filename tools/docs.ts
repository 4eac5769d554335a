/**
 * Prints the reference pages from the tables that the code runs on: `node tools/docs.ts` writes them, tidy compares.
 */
import { writeFileSync } from 'node:fs';

import { configurationPage } from './docs/configuration-page.ts';
import { apisPage } from './docs/apis-page.ts';
import { clientMetricsPage } from './docs/client-metrics-page.ts';
import { clientOptionsPage } from './docs/client-options-page.ts';
import { errorsPage } from './docs/errors-page.ts';
import { metricsPage } from './docs/metrics-page.ts';

/** Path → text. */
export function pages(): ReadonlyMap<string, string> {
  return new Map([
    ['docs/reference/apis.md', apisPage()],
    ['docs/reference/errors.md', errorsPage()],
    ['docs/reference/configuration.md', configurationPage()],
    ['docs/reference/client-options.md', clientOptionsPage()],
    ['docs/reference/client-metrics.md', clientMetricsPage()],
    ['docs/reference/metrics.md', metricsPage()],
  ]);
}

if (import.meta.main) {
  for (const [path, text] of pages()) writeFileSync(path, text);
}
