/**
 * Traps that other brokers fell into, by their numbers in the survey of brokers: connections and versions. Then what fuzzing found in ours.
 * What is expected was first seen in Apache Kafka 4.3.1.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { suite, test } from 'node:test';

import type { LogFields, Logger } from '@millrace/base';
import { apis, decodeResponse, errorName } from '@millrace/protocol';
import { TopicStage, WireClient } from '@millrace/testkit';

const broken = { errorCode: 'no number' };

suite('traps that others found', () => {
  test('13: a version that is not served ends the connection, and the log says who asked for what', async () => {
    const lines: string[] = [];
    await using stage = await TopicStage.open({}, collecting(lines));
    const { client } = stage;
    await client.send('apiVersions', 3, { clientSoftwareName: 'old-client', clientSoftwareVersion: '0.9' });
    client.writeRaw(
      Buffer.from('0000000e' + '0000' + '0002' + '00000007' + '0004' + Buffer.from('fuzz').toString('hex'), 'hex'),
    );
    await client.closed;
    const line = lines.find((text) => text.includes('Produce'));
    assert.match(line ?? '', /old-client 0\.9/);
    assert.match(line ?? '', /version 2; served are 3 to 13/);
  });

  test('13: an ApiVersions of the future is answered in version 0 with what is served of it, and the connection goes on', async () => {
    await using stage = await TopicStage.open();
    const socket = net.connect({ host: stage.broker.host, port: stage.broker.port });
    try {
      const frame = Buffer.from(
        '0000000e' + '0012' + '0063' + '00000007' + '0004' + Buffer.from('fuzz').toString('hex'),
        'hex',
      );
      const supported = apis.apiVersions.versions.until;
      for (let round = 0; round < 2; round++) {
        socket.write(frame);
        const [answer] = (await once(socket, 'data')) as [Buffer];
        const { correlationId, response } = decodeResponse(apis.apiVersions, 0, answer.subarray(4));
        assert.equal(correlationId, 7);
        assert.equal(errorName(response.errorCode), 'UNSUPPORTED_VERSION');
        assert.deepEqual(
          response.apiKeys.map(({ apiKey, maxVersion }) => [apiKey, maxVersion]),
          [[18, supported]],
        );
      }
    } finally {
      socket.destroy();
    }
  });
});

suite('traps that fuzzing found', () => {
  test('an answer that cannot be encoded ends its connection, and not the broker', async () => {
    await using stage = await TopicStage.open();
    const served = stage.broker.broker.table().byKey[apis.describeCluster.key];
    assert.ok(served);
    for (const handle of [() => broken, async () => await Promise.resolve(broken)]) {
      Object.assign(served, { handle });
      await using other = await WireClient.connect(stage.broker.bootstrap);
      await assert.rejects(other.send('describeCluster', 0, { includeClusterAuthorizedOperations: false }), /closed/);
    }
    await stage.topic('t');
  });
});

function collecting(lines: string[]): Logger {
  const note = (fields: LogFields, text: string): void => void lines.push(`${JSON.stringify(fields)} ${text}`);
  const logger: Logger = { error: note, warn: note, info: note, debug: () => {}, child: () => logger };
  return logger;
}
