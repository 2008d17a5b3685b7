// What the workers of test/data/workers.test.ts import.
import { rand, type Tensor, tensor, utils } from "flambeau";

const { getWorkerInfo } = utils.data;

/** i² as a tensor, with the number of the worker that made it. */
export class Squares {
  readonly length: number;
  readonly #from: Tensor;

  constructor(length: number, from: Tensor) {
    this.length = length;
    this.#from = from;
  }

  at(i: number): [Tensor, number] {
    return [this.#from.add(i * i), getWorkerInfo()?.id ?? -1];
  }
}

/** Random numbers, one a sample. */
export const noise = { length: 6, at: (): Tensor => rand(1) };

/** Counts to n; each worker its share. */
export class Count {
  readonly n: number;
  constructor(n: number) {
    this.n = n;
  }
  *[Symbol.iterator](): IterableIterator<number> {
    const { id, numWorkers } = getWorkerInfo() ?? { id: 0, numWorkers: 1 };
    for (let i = id; i < this.n; i += numWorkers) yield i;
  }
}

/** What goes wrong, at one number. */
export async function faulty(at: number, how: string): Promise<object> {
  return {
    length: 8,
    async at(i: number): Promise<number> {
      if (i !== at) return i;
      if (how === "ends") process.exit(3);
      if (how === "hangs") await new Promise((resolve) => setTimeout(resolve, 60_000));
      if (how === "blocks") for (;;);
      return tensor([1, 2, 3]).at(i).item();
    },
  };
}

/** Where a worker was prepared. */
const prepared: number[] = [];
export const prepare = (id: number): void => void prepared.push(id);
/** A batch as a list, with what was prepared here and the seed. */
export const told = (samples: readonly number[]): unknown => ({
  samples: [...samples],
  prepared: [...prepared],
  seed: Number(getWorkerInfo()?.seed ?? 0),
  name: "told",
});
