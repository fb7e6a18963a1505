import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SondeError } from '@sonde/base';
import { openMetrics, type TrackerSnapshot } from '@sonde/latency-tracker';

const contentType = 'application/openmetrics-text; version=1.0.0; charset=utf-8';

/** `/metrics` for Prometheus. What it says since the start never goes back. */
export class MetricsServer {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** @throws SondeError `cannot-listen` */
  static async open(
    { host, port }: { readonly host: string; readonly port: number },
    snapshot: () => readonly TrackerSnapshot[],
  ): Promise<MetricsServer> {
    const server = createServer((request, response) => {
      if (request.url !== '/metrics' || request.method !== 'GET') {
        response.writeHead(404, { 'content-type': 'text/plain' });
        response.end('There is only /metrics.\n');
        return;
      }
      response.writeHead(200, { 'content-type': contentType });
      response.end(openMetrics(snapshot()));
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', (cause) =>
        reject(
          new SondeError('cannot-listen', `Nothing can listen at ${host}:${port}.`, {}, { cause }),
        ),
      );
      server.listen(port, host, resolve);
    });
    return new MetricsServer(server);
  }

  /** The port it got. */
  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
