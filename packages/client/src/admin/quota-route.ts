import type { Route } from './errand.ts';

export interface QuotaOptions {
  /** Whether what goes beyond `controller.mutation.rate` is tried again until the call is over (KIP-599). True when left out. */
  readonly retryOnQuotaViolation?: boolean | undefined;
}

/** The route of calls that a quota may refuse. */
export function quotaRoute<I>(route: Route<I>, { retryOnQuotaViolation = true }: QuotaOptions): Route<I> {
  if (retryOnQuotaViolation) return route;
  return { ...route, passes: (error) => error.code !== 'THROTTLING_QUOTA_EXCEEDED' && route.passes(error) };
}
