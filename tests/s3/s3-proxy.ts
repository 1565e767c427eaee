import { createConnection, createServer, type AddressInfo, type Socket } from "node:net";

/** What the proxy does to connections. */
export interface Trouble {
  /** Ends each connection as soon as it is made. */
  refuse: boolean;
  /** Pauses this long before each piece, in milliseconds. */
  delayMs: number;
  /** Breaks a connection off after so many bytes from the client. */
  cutUploadAfter: number;
  /** Breaks a connection off after so many bytes from the server. */
  cutDownloadAfter: number;
  /** So many connections are troubled, then all is well. */
  connections: number;
}

/** A TCP proxy before a server, for failing it in exact ways. */
export interface Proxy {
  readonly endpoint: string;
  /** Troubles connections from now on; without an argument none. */
  trouble(change?: Partial<Trouble>): void;
  /** Connections that were troubled since the last change. */
  readonly troubled: number;
  stop(): Promise<void>;
}

const none: Trouble = {
  refuse: false,
  delayMs: 0,
  cutUploadAfter: Number.POSITIVE_INFINITY,
  cutDownloadAfter: Number.POSITIVE_INFINITY,
  connections: Number.POSITIVE_INFINITY,
};

export async function startProxy(targetPort: number): Promise<Proxy> {
  let now: Trouble | undefined;
  let troubled = 0;
  const open = new Set<Socket>();
  const server = createServer((client) => {
    const trouble = now && troubled < now.connections ? now : none;
    if (trouble !== none) troubled += 1;
    if (trouble.refuse) {
      client.destroy();
      return;
    }
    const target = createConnection(targetPort, "127.0.0.1");
    const end = (): void => {
      client.destroy();
      target.destroy();
    };
    for (const socket of [client, target]) {
      open.add(socket);
      socket.on("error", end);
      socket.on("close", () => {
        open.delete(socket);
        end();
      });
    }
    relay(client, target, { delayMs: trouble.delayMs, cutAfter: trouble.cutUploadAfter }, end);
    relay(target, client, { delayMs: trouble.delayMs, cutAfter: trouble.cutDownloadAfter }, end);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    trouble: (change) => {
      now = change && { ...none, ...change };
      troubled = 0;
      for (const socket of open) socket.destroy();
    },
    get troubled() {
      return troubled;
    },
    stop: async () => {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function relay(
  from: Socket,
  to: Socket,
  { delayMs, cutAfter }: { delayMs: number; cutAfter: number },
  end: () => void,
): void {
  let bytes = 0;
  let last = Promise.resolve();
  from.on("data", (piece) => {
    bytes += piece.length;
    const excess = bytes - cutAfter;
    const passed = excess > 0 ? piece.subarray(0, Math.max(0, piece.length - excess)) : piece;
    last = last.then(async () => {
      if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
      to.write(passed);
      if (excess > 0) setTimeout(end, 20);
    });
  });
}
