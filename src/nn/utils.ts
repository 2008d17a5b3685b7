// What is done to all parameters at once: limits for gradients, and a model as one vector.

import { ShapeError, showShape, ValueError } from "../core/index.ts";
import { type Arguments, keywords, noGrad } from "../op/index.ts";
import { add, cat, clamp, clamp_, copy_, mul, mul_, narrow, reciprocal, reshape, stack } from "../ops/index.ts";
import { vectorNorm } from "../ops/vectornorm.ts";
import { gradOf, Tensor, tensor } from "../tensor/index.ts";
import { real } from "./repr.ts";

export * as rnn from "./rnn.ts";
export { removeWeightNorm, weightNorm } from "./weightnorm.ts";

interface ClipNorm {
  parameters: Tensor | Iterable<Tensor>;
  maxNorm: number;
  /** The p of the norm, or infinity ("inf" too); 2. */
  normType?: number | "inf";
  /** Whether a norm that is no finite number is an error; false. */
  errorIfNonfinite?: boolean;
  /** Accepted for PyTorch's sake: it changes nothing here. */
  foreach?: boolean | null;
}
interface ClipValue {
  parameters: Tensor | Iterable<Tensor>;
  clipValue: number;
  /** Accepted for PyTorch's sake: it changes nothing here. */
  foreach?: boolean | null;
}

const bindNorm = /* @__PURE__ */ keywords<ClipNorm>(
  "clipGradNorm_",
  "parameters, maxNorm, normType?, errorIfNonfinite?, foreach?",
  { normType: 2, errorIfNonfinite: false, foreach: null },
);
const bindValue = /* @__PURE__ */ keywords<ClipValue>("clipGradValue_", "parameters, clipValue, foreach?", {
  foreach: null,
});

/**
 * Scales all gradients so that their norm, as if they were one vector, is at most `maxNorm`; gives the norm before.
 *
 * @example
 * loss.backward();
 * nn.utils.clipGradNorm_(model.parameters(), 1);
 * optimizer.step();
 */
export function clipGradNorm_(
  ...args: Arguments<
    ClipNorm,
    [parameters: Tensor | Iterable<Tensor>, maxNorm: number],
    [normType?: number | "inf", errorIfNonfinite?: boolean, foreach?: boolean | null]
  >
): Tensor {
  const { parameters, maxNorm, errorIfNonfinite, ...given } = bindNorm(args);
  const normType = given.normType === "inf" ? Infinity : given.normType;
  const grads = gradsOf(parameters);
  return noGrad(() => {
    if (grads.length === 0) return tensor(0, { dtype: "float32" });
    const total = vectorNorm(stack(grads.map((grad) => vectorNorm(grad, normType))), normType);
    if (errorIfNonfinite && !Number.isFinite(total.item())) {
      throw new ValueError(
        `The total norm of order ${real(normType)} for gradients from \`parameters\` is non-finite, so it cannot be clipped. To disable this error and scale the gradients by the non-finite norm anyway, set \`errorIfNonfinite: false\``,
      );
    }
    // A factor of at most 1 and no question of a value: no device has to be waited for.
    const factor = clamp(mul(reciprocal(add(total, 1e-6)), maxNorm), { max: 1 });
    for (const grad of grads) mul_(grad, factor);
    return total;
  });
}

/** Cuts every element of all gradients to [-clipValue, clipValue]. */
export function clipGradValue_(
  ...args: Arguments<ClipValue, [parameters: Tensor | Iterable<Tensor>, clipValue: number], [foreach?: boolean | null]>
): void {
  const { parameters, clipValue } = bindValue(args);
  noGrad(() => {
    for (const grad of gradsOf(parameters)) clamp_(grad, { min: -clipValue, max: clipValue });
  });
}

/** All parameters as one vector, in order. */
export function parametersToVector(parameters: Iterable<Tensor>): Tensor {
  return cat([...parameters].map((parameter) => reshape(parameter, [-1])));
}

/** Writes the parts of a vector into the parameters, in order: the way back of `parametersToVector`. */
export function vectorToParameters(vector: Tensor, parameters: Iterable<Tensor>): void {
  const list = [...parameters];
  const wanted = list.reduce((sum, parameter) => sum + parameter.numel(), 0);
  if (vector.ndim !== 1 || vector.numel() < wanted) {
    throw new ShapeError(`vectorToParameters: the parameters have ${wanted} elements, got ${showShape(vector.shape)}`);
  }
  noGrad(() => {
    let at = 0;
    for (const parameter of list) {
      copy_(parameter, reshape(narrow(vector, 0, at, parameter.numel()), parameter.shape));
      at += parameter.numel();
    }
  });
}

function gradsOf(parameters: Tensor | Iterable<Tensor>): Tensor[] {
  const list = parameters instanceof Tensor ? [parameters] : [...parameters];
  return list.map(gradOf).filter((grad) => grad !== null);
}
