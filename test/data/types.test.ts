// What the compiler knows of loaders and modules: these lines are the test, running them is not.
import type { nn, Tensor, utils } from "flambeau";
import { test } from "uvu";

type Loaded<L> = L extends AsyncIterable<infer B> ? B : never;
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : never;

export type Pairs = Same<Loaded<utils.data.DataLoader<[Tensor, number]>>, [Tensor, Tensor]>;
export type Records = Same<Loaded<utils.data.DataLoader<{ x: Tensor; name: string }>>, { x: Tensor; name: string[] }>;
export type Digits = Same<
  Loaded<utils.data.DataLoader<[image: Tensor, label: number]>>,
  [image: Tensor, label: Tensor]
>;
export type Called = Same<ReturnType<nn.Linear>, Tensor>;

const known: readonly true[] = [
  true satisfies Pairs,
  true satisfies Records,
  true satisfies Digits,
  true satisfies Called,
];

test("the types of batches and of calls", () => void known);

test.run();
