// The form that is linear in each of two tensors.

import { ShapeError, sameDims, show } from "../core/index.ts";
import { asTensor, type FnQ } from "../op/index.ts";
import type { Tensor } from "../tensor/index.ts";
import { add } from "./binary.ts";
import { composedFunction } from "./composed.ts";
import { matmul } from "./matmul.ts";
import { permute, reshape } from "./view.ts";

type Bilinear = FnQ<
  [x1: Tensor, x2: Tensor, weight: Tensor],
  [bias?: Tensor | null],
  ["bias"],
  { bias: Tensor | null }
>;

/** `x1ᵀ · W[k] · x2 + bias[k]` over the last dims: [..., i], [..., j], [k, i, j] → [..., k]. */
export const bilinear: Bilinear = /* @__PURE__ */ composedFunction<Bilinear>(
  "bilinear",
  "input1, input2, weight, bias?",
  (x1, x2, weight, bias) => {
    asTensor(x1, "bilinear", "input1");
    asTensor(x2, "bilinear", "input2");
    const [k, i, j] = asTensor(weight, "bilinear", "weight").shape;
    const rows = x1.shape.slice(0, -1);
    if (weight.ndim !== 3 || x1.shape.at(-1) !== i || !sameDims(x2.shape, [...rows, j!])) {
      throw new ShapeError(
        `bilinear: inputs are ${show(x1)} and ${show(x2)} for the weight ${show(weight)}: expected [..., i], [..., j] and [k, i, j]`,
      );
    }
    // [n, i] · [i, k · j] → [n, k, j], and that by [n, j, 1]
    const left = matmul(reshape(x1, [-1, i!]), reshape(permute(weight, [1, 0, 2]), [i!, k! * j!]));
    const y = reshape(matmul(reshape(left, [-1, k!, j!]), reshape(x2, [-1, j!, 1])), [...rows, k!]);
    return bias == null ? y : add(y, bias);
  },
);
