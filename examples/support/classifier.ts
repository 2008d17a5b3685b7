// The trained network as a function: digits in, probabilities out.
import * as fl from "flambeau";
import { SIDE } from "./ink.ts";
import { LeNet } from "./lenet.ts";

/** What a digit is taken for. */
export interface Reading {
  readonly digit: number;
  /** Of each of the ten, together 1. */
  readonly probabilities: readonly number[];
}

/** The network with the weights of a safetensors file, in any float dtype. Throws where they are not this network's. */
export function lenetFrom(file: Uint8Array | ArrayBuffer): LeNet {
  const model = new LeNet();
  fl.scope(() => model.loadStateDict(fl.safetensors.load(file)));
  return model.eval();
}

/** Reads digits of 28 × 28 together. */
export function readDigits(model: LeNet, digits: readonly Float32Array[]): Reading[] {
  const images = new Float32Array(digits.length * SIDE * SIDE);
  for (const [i, digit] of digits.entries()) images.set(digit, i * SIDE * SIDE);
  const rows = fl.scope(() =>
    fl.inferenceMode(() => {
      const logits = model(fl.frombuffer(images, { dtype: "float32" }).view(-1, 1, SIDE, SIDE));
      return logits.softmax(1).tolist() as number[][];
    }),
  );
  return rows.map((probabilities) => ({
    digit: probabilities.indexOf(Math.max(...probabilities)),
    probabilities,
  }));
}
