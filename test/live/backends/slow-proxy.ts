// A TCP proxy that holds back what the server says for as long as it is told to, in order as TCP does.

import { connect, createServer, type Server, type Socket } from "node:net";

export class SlowProxy {
  delayMillis = 0;
  readonly port: number;
  readonly #server: Server;
  readonly #sockets: Set<Socket>;

  private constructor(port: number, server: Server, sockets: Set<Socket>) {
    this.port = port;
    this.#server = server;
    this.#sockets = sockets;
  }

  static async start(targetPort: number, port = 0): Promise<SlowProxy> {
    const sockets = new Set<Socket>();
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    const proxy = new SlowProxy((server.address() as { port: number }).port, server, sockets);
    server.on("connection", (client) => {
      const upstream = connect(targetPort, "127.0.0.1");
      for (const socket of [client, upstream]) {
        sockets.add(socket);
        socket.on("error", () => undefined);
        socket.on("close", () => {
          sockets.delete(socket);
          client.destroy();
          upstream.destroy();
        });
      }
      client.pipe(upstream);
      let lastDueMillis = 0;
      upstream.on("data", (data) => {
        const now = performance.now();
        lastDueMillis = Math.max(lastDueMillis, now + proxy.delayMillis);
        setTimeout(() => client.writable && client.write(data), Math.ceil(lastDueMillis - now));
      });
    });
    return proxy;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
