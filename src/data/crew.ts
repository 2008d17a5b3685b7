// The workers of a DataLoader, as it sees them.

import { errorClass } from "../core/index.ts";
import { hostHere, type Peer } from "../device/index.ts";
import { type Recipe, relieveIfHigh } from "./fetch.ts";
import { pack, unpack } from "./parcel.ts";
import { getWorkerInfo, type Order, type Reply, type Start } from "./worker.ts";

/** What is asked of workers beside the batches. */
export interface Terms {
  readonly numWorkers: number;
  /** Batches that a worker makes ahead. */
  readonly prefetchFactor: number;
  /** Seconds that a batch may take; 0 is for ever. */
  readonly timeout: number;
  /** False where batches may come as soon as they are made. */
  readonly inOrder: boolean;
  readonly workerInitFn: ((id: number) => unknown) | null;
}

/** What comes back for a batch: from the worker, or said here in its place. */
type Answer = Reply | { readonly kind: "lost"; readonly why: string };

/** A batch that was asked for. */
interface Errand {
  readonly worker: Worker;
  readonly answer: Promise<Answer>;
}

/** Workers from their start to their end. */
export class Crew {
  readonly #workers: readonly Worker[];
  readonly #terms: Terms;
  #round = 0;
  /** Whether they have ended. */
  closed = false;

  /** Starts them. Throws, before the first is started, where one could not have the dataset or a function. */
  constructor(recipe: Recipe<unknown, unknown>, terms: Terms, seed: bigint) {
    if (getWorkerInfo() !== null)
      throw new TypeError("DataLoader: a worker has no workers: numWorkers must be 0 in it");
    const { dataset, collateFn, batchSize, batched, dropLast } = recipe;
    const { numWorkers, workerInitFn } = terms;
    const start: Omit<Start, "id" | "seed"> = {
      numWorkers,
      batchSize,
      batched,
      dropLast,
      dataset: pack(dataset, "shared", "DataLoader: dataset"),
      collateFn: pack(collateFn, "shared", "DataLoader: collateFn"),
      workerInitFn: pack(workerInitFn, "shared", "DataLoader: workerInitFn"),
    };
    this.#terms = terms;
    this.#workers = Array.from({ length: numWorkers }, (_, id) => new Worker(id));
    for (const worker of this.#workers) {
      worker.post({ kind: "start", ...start, id: worker.id, seed: seed + BigInt(worker.id) });
    }
  }

  /**
   * The batches of one round: for each entry of `order` one, from the workers in turn, `prefetchFactor` of each ahead. A worker
   * whose iterable dataset has ended is passed over from then on. The round before, if it still goes on, ends with an error.
   */
  async *round(order: Iterator<readonly number[]>): AsyncIterableIterator<unknown> {
    const { numWorkers, prefetchFactor } = this.#terms;
    const round = ++this.#round;
    for (const worker of this.#workers) worker.begin(round);
    const errands: Errand[] = [];
    let turn = 0;
    const ask = (): void => {
      const { value, done } = order.next();
      if (done) return;
      for (let tried = 0; tried < numWorkers; tried++) {
        const worker = this.#workers[turn++ % numWorkers]!;
        if (!worker.ended) return void errands.push({ worker, answer: worker.fetch(round, value) });
      }
    };
    for (let ahead = 0; ahead < prefetchFactor * numWorkers; ahead++) ask();
    while (errands.length > 0) {
      const [errand, answer] = await this.#next(errands);
      if (round !== this.#round) throw new TypeError("DataLoader: the workers have begun another round");
      errands.splice(errands.indexOf(errand), 1);
      const { worker } = errand;
      if (answer.kind === "lost") {
        this.close();
        throw new Error(`DataLoader: worker ${worker.id} ${answer.why}`);
      }
      worker.ended ||= answer.kind === "end";
      ask();
      if (answer.kind === "failure") throw errorOf(answer, worker);
      if (answer.kind !== "batch") continue;
      await relieveIfHigh();
      yield await unpack(answer.batch);
    }
  }

  /** The first of the errands, or the first that is done; meanwhile the process waits. */
  async #next(errands: readonly Errand[]): Promise<[Errand, Answer]> {
    const { timeout, inOrder } = this.#terms;
    const due = inOrder ? errands.slice(0, 1) : errands;
    for (const { worker } of due) worker.hold(true);
    let timer: ReturnType<typeof setTimeout> | undefined;
    try {
      const answers = due.map(async (errand): Promise<[Errand, Answer]> => [errand, await errand.answer]);
      if (timeout > 0) {
        const late = { kind: "lost", why: `gave nothing: timed out after ${timeout} seconds` } as const;
        answers.push(
          new Promise((resolve) => {
            timer = setTimeout(() => resolve([due[0]!, late]), timeout * 1000);
          }),
        );
      }
      return await Promise.race(answers);
    } finally {
      clearTimeout(timer);
      for (const { worker } of due) worker.hold(false);
    }
  }

  /** Ends the workers. */
  close(): void {
    this.closed = true;
    for (const worker of this.#workers) worker.close();
  }
}

class Worker {
  readonly id: number;
  /** Whether it has no more to give in this round. */
  ended = false;
  readonly #peer: Peer;
  /** What waits for its answers, in the order of asking. */
  readonly #waiting: ((answer: Answer) => void)[] = [];
  /** Set once it answers no more. */
  #gone: Answer | null = null;

  constructor(id: number) {
    const host = hostHere();
    if (host === null) throw new TypeError("DataLoader: numWorkers must be 0 here: the host is not known");
    this.id = id;
    try {
      this.#peer = host.peer("data/worker.js");
    } catch (error) {
      throw new TypeError(`DataLoader: numWorkers must be 0 here: ${(error as Error).message}`, { cause: error });
    }
    this.#peer.onmessage = (reply) => this.#waiting.shift()?.(reply as Reply);
    this.#peer.onexit = (why) => this.#leave({ kind: "lost", why: `exited unexpectedly: ${why}` });
  }

  post(order: Order): void {
    this.#peer.post(order);
  }

  begin(round: number): void {
    this.ended = false;
    this.post({ kind: "round", round });
  }

  fetch(round: number, indices: readonly number[]): Promise<Answer> {
    if (this.#gone !== null) return Promise.resolve(this.#gone);
    this.post({ kind: "fetch", round, indices });
    return new Promise((resolve) => void this.#waiting.push(resolve));
  }

  hold(on: boolean): void {
    this.#peer.hold(on);
  }

  close(): void {
    this.#peer.onmessage = null;
    this.#peer.onexit = null;
    this.#peer.terminate();
    this.#leave({ kind: "lost", why: "was ended" });
  }

  #leave(answer: Answer): void {
    this.#gone = answer;
    for (const resolve of this.#waiting.splice(0)) resolve(answer);
  }
}

/** What a worker's code threw: an error of the same class, with the worker's own as its cause. */
function errorOf({ name, message, stack }: Reply & { kind: "failure" }, { id }: Worker): Error {
  const cause = Object.assign(new Error(message), { name, stack });
  return new (errorClass(name))(`DataLoader: worker ${id}: ${message}`, { cause });
}
