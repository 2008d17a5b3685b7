// flambeau/worker: the library, or a module of yours, in a worker: the thread that asks never blocks. What is asked for goes
// over in order, one message a turn; results are proxies at once, and only `await` waits.

import { type Channel, type ClientMessage, connect, type Held, type ServerMessage, serve } from "./remote/index.ts";

export * from "./core/error.ts";
export type { Held, Read, Remote, Sent } from "./remote/index.ts";

type Library = typeof import("./library.ts");

/** They take a function that must not wait. It runs here, at once; what it asks for is done inside, there. */
const BLOCKS = ["scope", "noGrad", "enableGrad", "inferenceMode"] as const;

export type RemoteLibrary = Held<Omit<Library, (typeof BLOCKS)[number]>> & {
  readonly [name in (typeof BLOCKS)[number]]: <R>(body: () => R) => R;
};

/** A worker of the host: a Web Worker, or one of node:worker_threads. */
export interface WorkerLike {
  postMessage(message: unknown): void;
}

export interface InWorker {
  /**
   * The library in a worker of its own: the same names and arguments; what is read is awaited.
   *
   * An error is thrown by the next `await`, with the operator's name, as on any device that answers later. Tensors there go back
   * as they do here: by `dispose`, at the end of a `scope`, or when nobody here can reach them.
   *
   * @example
   * const fl = await inWorker();
   * const net = new fl.nn.Linear(2, 1);
   * const y = fl.noGrad(() => net(fl.tensor([[1, 2]])));
   * await y.shape; // [1, 1]
   */
  (): Promise<RemoteLibrary>;
  /**
   * What a worker of yours exposes: `inWorker<typeof import("./train.ts")>(new Worker(new URL("./train.js", import.meta.url)))`.
   * Functions that are given to it may be called from there, and are promises there.
   */
  <T>(worker: WorkerLike): Promise<Held<T>>;
}

/** What each host has of this. */
export interface Door {
  readonly inWorker: InWorker;
  /** In a worker's module: what the other side gets. */
  readonly expose: (api: object) => void;
  /** Ends the worker of what `inWorker` gave; whoever waits for something of it gets an error. */
  readonly endWorker: (root: object) => void;
}

/** A worker that runs, whatever the host calls its parts. */
export interface Running {
  post(message: unknown): void;
  listen(message: (message: unknown) => void, ended: (why: string) => void): void;
  /** Whether the process waits for it. */
  hold(on: boolean): void;
  terminate(): void;
}

/** The door of a host that starts the library's worker, knows a user's, and finds the way back in a worker. */
export function doorOf<W extends WorkerLike>(
  start: () => Promise<W>,
  run: (worker: W) => Running,
  back: () => Channel<readonly ClientMessage[], ServerMessage | typeof READY>,
): Door {
  const ends = new WeakMap<object, () => void>();
  return {
    async inWorker(worker?: WorkerLike): Promise<never> {
      const running = run((worker as W | undefined) ?? (await start()));
      let hear = (_: ServerMessage): void => {};
      const channel: Channel<ServerMessage, readonly ClientMessage[]> = {
        post: running.post,
        listen(f) {
          hear = f;
        },
      };
      const { root, end } = connect<object>(channel, running.hold, worker === undefined ? BLOCKS : []);
      // A module that awaits at its top level would miss what is posted before.
      await new Promise<void>((resolve, reject) => {
        running.listen(
          (message) => (message === READY ? resolve() : hear(message as ServerMessage)),
          (why) => {
            end(`the worker has ended: ${why}`);
            reject(new Error(`inWorker: the worker could not start: ${why}`));
          },
        );
      });
      running.hold(false);
      ends.set(root, () => {
        end("the worker was ended by endWorker");
        running.terminate();
      });
      return root as never;
    },
    expose(api) {
      const channel = back();
      serve(api, channel);
      channel.post(READY);
    },
    endWorker(root) {
      const end = ends.get(root);
      if (end === undefined) throw new TypeError("endWorker: expected what inWorker gave");
      end();
    },
  };
}

const READY = "flambeau:ready";
