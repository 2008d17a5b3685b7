// How samples become batches, here or in a worker.

import { deviceOf, relieve, underPressure } from "../tensor/index.ts";
import { defaultCollate } from "./collate.ts";
import type { Dataset, Streamed } from "./dataset.ts";

/** What batches are made of. */
export interface Recipe<T, B> {
  readonly dataset: Dataset<T> | Streamed<T>;
  /** Samples a batch of an iterable dataset; null gives them one by one. */
  readonly batchSize: number | null;
  readonly dropLast: boolean;
  /** Whether samples are put together, or come one by one. */
  readonly batched: boolean;
  readonly collateFn: ((samples: T[]) => B) | null;
}

/** The batch of some numbers; a promise where a sample is one. */
export function gather<T, B>(recipe: Recipe<T, B>, dataset: Dataset<T>, indices: readonly number[]): B | Promise<B> {
  // The dataset's own way to a batch gives what `defaultCollate` would, so it stands in only for that.
  if (dataset.batch !== undefined && isDefault(recipe)) return dataset.batch(indices) as B;
  const samples = indices.map((index) => dataset.at(index) as T | Promise<T>);
  if (samples.some(isPromise)) return Promise.all(samples).then((ready) => collate(recipe, ready));
  return collate(recipe, samples as T[]);
}

/** The batches of an iterable dataset, at once. */
export function* groups<T, B>(recipe: Recipe<T, B>, dataset: Iterable<T>): IterableIterator<B> {
  let group: T[] = [];
  for (const sample of dataset) {
    group.push(sample);
    if (recipe.batchSize !== null && group.length < recipe.batchSize) continue;
    yield collate(recipe, group);
    group = [];
  }
  if (group.length > 0 && !recipe.dropLast) yield collate(recipe, group);
}

/** The batches of an iterable dataset, waited for. */
export async function* groupsAwaited<T, B>(recipe: Recipe<T, B>, dataset: Streamed<T>): AsyncIterableIterator<B> {
  let group: T[] = [];
  for await (const sample of dataset) {
    group.push(sample);
    if (recipe.batchSize !== null && group.length < recipe.batchSize) continue;
    await relieveIfHigh();
    yield collate(recipe, group);
    group = [];
  }
  if (group.length > 0 && !recipe.dropLast) yield collate(recipe, group);
}

/** Whether batches are what `defaultCollate` makes: tensors that nobody else has. */
export const isDefault = <T, B>({ batched, collateFn }: Recipe<T, B>): boolean => batched && collateFn === null;

function collate<T, B>({ batched, collateFn }: Recipe<T, B>, samples: T[]): B {
  if (!batched) return (collateFn === null ? samples[0] : collateFn(samples)) as B;
  return (collateFn ?? defaultCollate)(samples) as B;
}

/** Asks for the memory of forgotten tensors when much is in use. */
export async function relieveIfHigh(): Promise<void> {
  const backend = deviceOf(null, "DataLoader");
  if (underPressure(backend)) await relieve(backend);
}

export const isPromise = <T>(x: T | Promise<T>): x is Promise<T> =>
  typeof (x as { then?: unknown } | null | undefined)?.then === "function";

/** Whether samples are asked for by number; else the dataset gives them in its own order. */
export function isNumbered<T>(dataset: Dataset<T> | Streamed<T>): dataset is Dataset<T> {
  const { at, length } = dataset as Partial<Dataset<T>>;
  return typeof at === "function" && typeof length === "number";
}
