// What a worker of a DataLoader does: it makes the dataset, then batches as they are asked for, and sends them back.

import type { Serve } from "../device/index.ts";
import { manualSeed } from "../ops/index.ts";
import { Tensor } from "../tensor/index.ts";
import type { Dataset, Streamed } from "./dataset.ts";
import { gather, groupsAwaited, isDefault, isNumbered, type Recipe, relieveIfHigh } from "./fetch.ts";
import { type Parcel, pack, unpack } from "./parcel.ts";

/** What a worker is told. */
export type Order =
  | ({ readonly kind: "start" } & Start)
  /** What was asked for before is no longer wanted; an iterable dataset begins anew. */
  | { readonly kind: "round"; readonly round: number }
  /** The batch of some numbers, or the next one of an iterable dataset. */
  | { readonly kind: "fetch"; readonly round: number; readonly indices: readonly number[] };

export interface Start extends Omit<Recipe<unknown, unknown>, "dataset" | "collateFn"> {
  readonly id: number;
  readonly numWorkers: number;
  readonly seed: bigint;
  readonly dataset: Parcel;
  readonly collateFn: Parcel;
  readonly workerInitFn: Parcel;
}

/** What it answers to each fetch, in the order of asking. */
export type Reply =
  | { readonly kind: "batch"; readonly batch: Parcel }
  /** The iterable dataset has no more; or the round is over. */
  | { readonly kind: "end" }
  | { readonly kind: "failure"; readonly name: string; readonly message: string; readonly stack: string };

/** What a dataset may ask about the worker that it is in. */
export interface WorkerInfo {
  readonly id: number;
  readonly numWorkers: number;
  /** What `manualSeed` was given here: the round's seed + id. A bigint beyond the safe integers. */
  readonly seed: number | bigint;
  /** This worker's own. */
  readonly dataset: unknown;
}

let info: WorkerInfo | null = null;

/**
 * In a DataLoader's worker: which of how many it is; elsewhere null. An iterable dataset gives only its share there, or its
 * samples come once a worker.
 *
 * @example
 * *[Symbol.iterator]() {
 *   const { id, numWorkers } = getWorkerInfo() ?? { id: 0, numWorkers: 1 };
 *   for (let i = id; i < this.n; i += numWorkers) yield i;
 * }
 */
export const getWorkerInfo = (): WorkerInfo | null => info;

/** Runs the worker; see `Serve`. @internal */
export const serve: Serve = (post) => {
  const worker = new Loading();
  let done: Promise<unknown> = Promise.resolve();
  return (message) => {
    const order = message as Order;
    if (order.kind === "round") worker.round = order.round; // at once, so that what waits is passed over
    done = done
      .then(async () => {
        const freight: ArrayBuffer[] = [];
        const reply = await worker.follow(order, freight);
        if (reply !== null) post(reply, freight);
      })
      .catch((error) => post(failure(error), []));
  };
};

class Loading {
  round = 0;
  /** What is made here; or why nothing is, which every fetch answers. */
  #recipe: Recipe<unknown, unknown> | Reply | null = null;
  #stream: AsyncIterator<unknown> | null = null;

  async follow(order: Order, freight: ArrayBuffer[]): Promise<Reply | null> {
    switch (order.kind) {
      case "start":
        this.#recipe = await start(order).catch(failure);
        return null;
      case "round":
        this.#stream = null;
        return null;
      case "fetch":
        return order.round === this.round ? this.#fetch(order.indices, freight) : { kind: "end" };
      default:
        throw order satisfies never;
    }
  }

  async #fetch(indices: readonly number[], freight: ArrayBuffer[]): Promise<Reply> {
    const recipe = this.#recipe!;
    if ("kind" in recipe) return recipe;
    await relieveIfHigh();
    const { dataset } = recipe;
    let batch: unknown;
    if (isNumbered(dataset)) batch = await gather(recipe, dataset, indices);
    else {
      this.#stream ??= groupsAwaited(recipe, dataset);
      const { value, done } = await this.#stream.next();
      if (done) return { kind: "end" };
      batch = value;
    }
    const packed = pack(batch, freight, "batch");
    if (isDefault(recipe)) dispose(batch);
    return { kind: "batch", batch: packed };
  }
}

async function start(order: Start): Promise<Recipe<unknown, unknown>> {
  const { id, numWorkers, seed, batchSize, batched, dropLast } = order;
  const dataset = (await unpack(order.dataset)) as Dataset<unknown> | Streamed<unknown>;
  const collateFn = (await unpack(order.collateFn)) as ((samples: unknown[]) => unknown) | null;
  const prepare = (await unpack(order.workerInitFn)) as ((id: number) => unknown) | null;
  info = { id, numWorkers, seed: manualSeed(seed).initialSeed(), dataset };
  await prepare?.(id);
  return { dataset, batchSize, batched, dropLast, collateFn };
}

function failure(error: unknown): Reply {
  const { name, message, stack } = error instanceof Error ? error : { name: "Error", message: String(error) };
  return { kind: "failure", name, message, stack: stack ?? message };
}

/** Gives back the tensors of a batch that nobody else has. */
function dispose(batch: unknown): void {
  if (batch instanceof Tensor) batch.dispose();
  else if (typeof batch === "object" && batch !== null) Object.values(batch).forEach(dispose);
}
