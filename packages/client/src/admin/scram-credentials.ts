import { pbkdf2, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';

import type { Cluster } from '../cluster/cluster.ts';
import { Call, type CallOptions, checkAnswer } from './call.ts';
import { runErrand } from './errand.ts';
import { toAny, toController } from './routes.ts';
import { codeOf, wordOf } from './words.ts';

const mechanisms = ['UNKNOWN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const;
export type ScramMechanism = Exclude<(typeof mechanisms)[number], 'UNKNOWN'>;

const hashes = {
  'SCRAM-SHA-256': { digest: 'sha256', bytes: 32 },
  'SCRAM-SHA-512': { digest: 'sha512', bytes: 64 },
} as const satisfies Record<ScramMechanism, object>;

/** The fewest that brokers take, and what Kafka's own tool takes unless told otherwise. */
const iterationsDefault = 4096;
const saltBytes = 24;

export interface ScramCredential {
  readonly mechanism: ScramMechanism | 'UNKNOWN';
  readonly iterations: number;
}

export interface DescribeScramOptions extends CallOptions {
  /** All that have credentials when left out. */
  readonly users?: readonly string[] | undefined;
}

export interface UserScramCredentials {
  readonly user: string;
  readonly credentials: readonly ScramCredential[];
}

export interface ScramUpsertion {
  readonly user: string;
  readonly mechanism: ScramMechanism;
  /** Never leaves this process: brokers are sent what it is hashed to. */
  readonly password: string | Uint8Array;
  /** 4096 when left out. */
  readonly iterations?: number | undefined;
  /** Random when left out. */
  readonly salt?: Uint8Array | undefined;
}

export interface ScramDeletion {
  readonly user: string;
  readonly mechanism: ScramMechanism;
  readonly delete: true;
}

export type ScramAlteration = ScramUpsertion | ScramDeletion;

export function describeUserScramCredentials(
  cluster: Cluster,
  { users, ...options }: DescribeScramOptions,
): Promise<UserScramCredentials[]> {
  const what = 'Describing SCRAM credentials';
  return Call.run(cluster, what, options, async (call) => {
    if (users !== undefined)
      return await runErrand<string, UserScramCredentials>(call, users, {
        nameOf: (user) => user,
        what: (user) => `Describing the SCRAM credentials of "${user}"`,
        route: toAny,
        async ask(_target, share, fates) {
          for (const { user, errorCode, errorMessage, credentialInfos } of await describe(call, share))
            fates.take(user, errorCode, errorMessage, () => ({ user, credentials: credentialInfos.map(credentialOf) }));
        },
      });
    const results = await call.retry(() => describe(call, null));
    return results.map(({ user, credentialInfos }) => ({ user, credentials: credentialInfos.map(credentialOf) }));
  });
}

async function describe(call: Call, users: readonly string[] | null) {
  const { errorCode, errorMessage, results } = await call.request('any', 'describeUserScramCredentials', {
    users: users?.map((name) => ({ name })) ?? null,
  });
  checkAnswer(errorCode, 'Describing SCRAM credentials', errorMessage);
  return results;
}

function credentialOf({ mechanism, iterations }: { readonly mechanism: number; readonly iterations: number }) {
  return { mechanism: wordOf(mechanisms, mechanism), iterations };
}

/** Each is made or not on its own. Brokers take one of a user at a time, so a user's second mechanism goes in a second request. */
export async function alterUserScramCredentials(
  cluster: Cluster,
  alterations: readonly ScramAlteration[],
  options: CallOptions,
): Promise<void> {
  await Call.run(cluster, 'Altering SCRAM credentials', options, (call) =>
    runErrand<ScramAlteration, true>(call, alterations, {
      nameOf: ({ user, mechanism }) => `${user} ${mechanism}`,
      what: ({ user, mechanism }) => `Altering the ${mechanism} credential of "${user}"`,
      route: toController,
      async ask(target, share, fates) {
        for (const mechanism of Object.keys(hashes) as ScramMechanism[]) {
          const items = share.filter((item) => item.mechanism === mechanism);
          if (items.length === 0) continue;
          const { results } = await call.request(target, 'alterUserScramCredentials', {
            deletions: items
              .filter((item) => !isUpsertion(item))
              .map(({ user }) => ({ name: user, mechanism: codeOf(mechanisms, mechanism) })),
            upsertions: await call.wait(Promise.all(items.filter(isUpsertion).map(wireUpsertion))),
          });
          for (const { user, errorCode, errorMessage } of results)
            fates.take(`${user} ${mechanism}`, errorCode, errorMessage, () => true);
        }
      },
    }),
  );
}

function isUpsertion(alteration: ScramAlteration): alteration is ScramUpsertion {
  return 'password' in alteration;
}

const derive = promisify(pbkdf2);

async function wireUpsertion({ user, mechanism, password, iterations, salt }: ScramUpsertion) {
  const { digest, bytes } = hashes[mechanism];
  const grains = salt ?? randomBytes(saltBytes);
  const rounds = iterations ?? iterationsDefault;
  return {
    name: user,
    mechanism: codeOf(mechanisms, mechanism),
    iterations: rounds,
    salt: grains,
    saltedPassword: await derive(password, grains, rounds, bytes, digest),
  };
}
