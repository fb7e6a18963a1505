import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SondeError } from '@sonde/base';
import { openMetrics, type TrackerSnapshot } from '@sonde/latency-tracker';

const contentType = 'application/openmetrics-text; version=1.0.0; charset=utf-8';

const maxConnections = 64;

/** Of a page in a browser that got this machine's address under a foreign name, the host is that name. */
const isThisMachine = (host: string | undefined): boolean =>
  host === undefined || /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?$/i.test(host);

function refusalOf({ url, method, headers }: IncomingMessage): [number, string] | undefined {
  if (!isThisMachine(headers.host)) return [403, 'Only under the name of this machine.\n'];
  if (url?.replace(/\?.*$/s, '') !== '/metrics') return [404, 'There is only /metrics.\n'];
  return method === 'GET' || method === 'HEAD' ? undefined : [405, 'There is only GET.\n'];
}

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
      const [status, text] = refusalOf(request) ?? [200, openMetrics(snapshot())];
      response.writeHead(status, {
        'content-type': status === 200 ? contentType : 'text/plain; charset=utf-8',
        ...(status === 405 ? { allow: 'GET, HEAD' } : {}),
        ...(status === 200 ? {} : { connection: 'close' }),
      });
      response.end(request.method === 'HEAD' ? undefined : text);
    });
    server.maxConnections = maxConnections;
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
