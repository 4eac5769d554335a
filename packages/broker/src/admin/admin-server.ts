/**
 * A small HTTP port for operators: /metrics (Prometheus), /healthz (the process works), /readyz (a client can produce). Bound to
 * loopback unless `admin.listener` says otherwise.
 */
import http from 'node:http';

import { MillraceError } from '@millrace/base';

export interface AdminDoors {
  /** Text in Prometheus' format. */
  metrics(): Promise<string>;
  /** What speaks against being healthy or ready; empty when all is well. */
  faults(): readonly string[];
  isReady(): boolean;
}

export class AdminServer {
  readonly #server: http.Server;
  #doors: AdminDoors | undefined;

  constructor() {
    this.#server = http.createServer({ requestTimeout: 10_000, headersTimeout: 5000 }, (request, response) => {
      respond(this.#doors ?? starting, request, response).catch((error: unknown) => {
        if (!response.headersSent) response.writeHead(500, { 'content-type': 'text/plain' });
        response.end(String(error));
      });
    });
  }

  /** From now on there is something to tell. */
  open(doors: AdminDoors): void {
    this.#doors = doors;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  /** Throws `MillraceError` IN_USE when the port is taken. */
  async listen(host: string, port: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (error) =>
        reject(
          new MillraceError(
            'IN_USE',
            `The admin port ${host}:${port} is in use: choose another with --override admin.listener=${host}:PORT.`,
            {
              cause: error,
            },
          ),
        ),
      );
      this.#server.listen({ host, port }, resolve);
    });
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

const starting: AdminDoors = { metrics: () => Promise.resolve(''), faults: () => [], isReady: () => false };

async function respond(doors: AdminDoors, request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
  const path = (request.url ?? '/').split('?')[0];
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.writeHead(405, { allow: 'GET, HEAD' }).end();
    return;
  }
  switch (path) {
    case '/metrics':
      answerText(response, await doors.metrics());
      return;
    case '/healthz': {
      const faults = doors.faults();
      answerJson(response, faults.length === 0, { status: faults.length === 0 ? 'ok' : 'failing', reasons: faults });
      return;
    }
    case '/readyz': {
      const reasons = doors.isReady() ? doors.faults() : ['the broker is starting or stopping'];
      answerJson(response, reasons.length === 0, { status: reasons.length === 0 ? 'ready' : 'not ready', reasons });
      return;
    }
    default:
      response.writeHead(404, { 'content-type': 'text/plain' }).end('Here are /metrics, /healthz and /readyz.\n');
  }
}

function answerText(response: http.ServerResponse, text: string): void {
  response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }).end(text);
}

function answerJson(response: http.ServerResponse, isGood: boolean, body: object): void {
  response.writeHead(isGood ? 200 : 503, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`);
}
