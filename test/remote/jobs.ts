// A worker of a user's: a module that runs the library and exposes functions.
import * as fl from "flambeau";
import { expose } from "flambeau/worker";

export const jobs = {
  /** Sums by steps, and tells of each. */
  async sum(numbers: readonly number[], told: (soFar: number) => unknown): Promise<number> {
    let total = fl.zeros(1);
    for (const n of numbers) {
      total = total.add(n);
      await told(total.item());
    }
    return total.item();
  },
  pixels: (): Uint8Array => Uint8Array.of(1, 2, 3),
  /** Nothing of it can be cloned. */
  model: (): fl.nn.Linear => new fl.nn.Linear(2, 1),
  late: (): Promise<never> => Promise.reject(new fl.ValueError("late: it was so")),
};

expose(jobs);
