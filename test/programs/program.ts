import type * as flambeau from "flambeau";

/** The library, or another behind the same names: the programs import none, so that PyTorch too can run them. */
export type Flambeau = typeof flambeau;

export type Value = flambeau.Tensor | number | bigint | string | boolean | readonly Value[];

/** What a program says: values, and all parameters of a module. */
export interface Log {
  (name: string, value: Value): void;
  params(prefix: string, module: InstanceType<Flambeau["nn"]["Module"]>): void;
}
