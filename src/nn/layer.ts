import type { Tensor } from "../tensor/index.ts";
import { Module } from "./module.ts";

/** A module of one tensor, named `input` where it is given by name. */
export abstract class Layer extends Module {
  static override readonly forwardSignature: string = "input";

  abstract override forward(input: Tensor): Tensor;
}
