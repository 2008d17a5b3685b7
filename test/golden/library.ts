// What the harness needs of a library: its public names, found by the rule of names alone, so that any library behind
// the same names (PyTorch itself through a bridge) can stand in the place of ours.
import path from "node:path";
import { pathToFileURL } from "node:url";

export interface Tensor {
  readonly shape: readonly number[];
  readonly dtype: string;
  dataSync(): ArrayBufferView<ArrayBuffer>;
  reshape(shape: readonly number[]): Tensor;
  requiresGrad_(): Tensor;
  detach(): Tensor;
  to(dtype: string): Tensor;
  clone(): Tensor;
  at(...index: unknown[]): Tensor;
  matmul(y: Tensor): Tensor;
  tanh(): Tensor;
  sub(y: Tensor): Tensor;
  mul(y: unknown): Tensor;
  mean(): Tensor;
  item(): number;
  backward(): void;
}

export interface Module {
  (...args: unknown[]): unknown;
  train(on: boolean): unknown;
  stateDict(): Record<string, Tensor>;
  loadStateDict(state: Record<string, Tensor>): unknown;
  namedParameters(): Iterable<[string, Tensor]>;
}

export interface Optimizer {
  zeroGrad(): void;
  step(closure: () => Tensor): Tensor | number;
}

export type Operator = (...args: unknown[]) => unknown;
export type ModuleClass = new (...args: unknown[]) => Module;
export type OptimizerClass = new (...args: unknown[]) => Optimizer;
export interface Namespace {
  readonly [name: string]: unknown;
}

export interface Library extends Namespace {
  readonly Tensor: { new (...args: never[]): Tensor; readonly prototype: Tensor };
  readonly nn: Namespace;
  readonly optim: Namespace;
  readonly autograd: {
    grad(
      outputs: readonly unknown[],
      inputs: readonly Tensor[],
      options: { gradOutputs: readonly Tensor[]; allowUnused: boolean },
    ): readonly (Tensor | null | undefined)[];
  };
  frombuffer(bytes: Uint8Array, options: { dtype: string }): Tensor;
  manualSeed(seed: number): unknown;
  scope<T>(body: () => T): T;
  Float(value: number): unknown;
  complex(re: number, im: number): unknown;
  slice(start: unknown, stop: unknown, step: unknown): unknown;
  zeros(shape: readonly number[]): Tensor;
  rand(n: number): Tensor;
}

/** The package itself, or the library in a file. */
export async function loadLibrary(file: string | null): Promise<Library> {
  const specifier = file === null ? "flambeau" : pathToFileURL(path.resolve(file)).href;
  const loaded = (await import(specifier)) as { default?: { Tensor?: unknown } };
  // Read by name only, so the harness claims no more of the library than the calls it makes.
  return (loaded.default?.Tensor === undefined ? loaded : loaded.default) as unknown as Library;
}

/** `nn.functional.max_pool2d` → what stands at `nn.functional.maxPool2d`, if anything does. */
export function lookUp(library: Library, name: string): unknown {
  let at: unknown = library;
  for (const part of name.split(".")) {
    if (at === null || at === undefined) return undefined;
    at = (at as Namespace)[camel(part)];
  }
  return at;
}

/** An underscore between a letter or digit and a letter or digit goes, and the latter is raised. */
export function camel(name: string): string {
  return name.replace(/(?<=[A-Za-z0-9])_([A-Za-z0-9])/g, (_, next: string) => next.toUpperCase());
}
