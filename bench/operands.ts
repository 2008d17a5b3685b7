// What the rows of Flambeau's own side are made of (ours.ts, operators.ts).

import type { Tensor } from "flambeau";
import * as fl from "flambeau";
import { noise, type Timed } from "./rows.ts";

type Module = InstanceType<typeof fl.nn.Module>;

export function input(shape: readonly number[], seed: number, scale?: number): Tensor {
  const numel = shape.reduce((a, b) => a * b, 1);
  return fl.tensor(noise(numel, seed, scale)).view([...shape]);
}

/** `n` numbers of 0 … below - 1. */
export function indices(n: number, below: number, seed: number): Tensor {
  return fl.tensor(Array.from(noise(n, seed), (v) => Math.min(below - 1, Math.floor(((v + 1) / 2) * below))));
}

/** Weights of the same numbers in every library, biases of zero; a norm keeps its ones. */
export function fill<M extends Module>(net: M): M {
  fl.noGrad(() => {
    [...net.namedParameters()].forEach(([name, p], i) => {
      if (p.ndim > 1) p.copy_(input([...p.shape], i / 2 + 1, 1 / Math.sqrt(p.numel() / p.size(0))));
      else if (name.includes("bias")) p.zero_();
    });
  });
  return net;
}

export function numbers(x: Tensor): ArrayLike<number> {
  return x.detach().flatten().double().dataSync() as Float64Array;
}

/** A function of constant tensors, without a tape; a scope takes back what it makes. */
export function eager(f: (...x: Tensor[]) => Tensor, ...tensors: Tensor[]): Timed {
  return {
    run: () => fl.scope(() => void fl.noGrad(() => f(...tensors))),
    probe: () => numbers(fl.noGrad(() => f(...tensors))),
    done: () => tensors.forEach(dispose),
  };
}

/** The same forward, and backward to every operand. */
export function both(f: (...x: Tensor[]) => Tensor, ...tensors: Tensor[]): Timed {
  const gradient = fl.noGrad(() => {
    const y = f(...tensors);
    return input([...y.shape], 7);
  });
  const leaves = tensors.map((x) => (x.isFloatingPoint() ? x.requiresGrad_() : x));
  const step = (): void => {
    for (const x of leaves) x.grad = null;
    f(...leaves).backward(gradient);
  };
  return {
    run: () => fl.scope(step),
    probe: () => {
      step();
      return numbers(leaves.find((x) => x.grad !== null)!.grad!);
    },
    done: () => [...leaves, gradient].forEach(dispose),
  };
}

export function dispose(x: Tensor): void {
  x.dispose();
}
