import { bool, message, string } from './schema.ts';

/** A principal as brokers forward it in an Envelope, behind its version. */
export const defaultPrincipal = message('DefaultPrincipalData', '0', 0, {
  type: string(),
  name: string(),
  tokenAuthenticated: bool(),
});
