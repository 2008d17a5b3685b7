// Windows of the root: those of fl.signal.windows by older names, one period long unless told, as spectra need them.

import {
  codeOf,
  DTYPES,
  type DType,
  DTypeError,
  defaultFloat,
  isFloating,
  showValue,
  ValueError,
} from "../core/index.ts";
import { type Arguments, keywords } from "../op/index.ts";
import { setRequiresGrad, type Tensor } from "../tensor/index.ts";
import { whole } from "./arguments.ts";
import { within } from "./composed.ts";
import { cast } from "./copy.ts";
import { bartlett, blackman, generalCosine, kaiser, type WindowOptions } from "./windows.ts";

export interface FadeOptions {
  /** The number of weights. */
  windowLength: number;
  /** Whether the window is one period, as spectra need it, or symmetric, as filters do; true. */
  periodic?: boolean;
  /** A floating-point dtype; by default the current one. */
  dtype?: DType | null;
  device?: string | null;
  requiresGrad?: boolean;
}
export interface HammingOptions extends FadeOptions {
  /** The constant part; 0.54. */
  alpha?: number;
  /** The factor of the cosine; 0.46. */
  beta?: number;
}
export interface KaiserFadeOptions extends FadeOptions {
  /** How narrow it is; 12. */
  beta?: number;
}

type Fade<K, O extends readonly unknown[] = []> = (
  ...args: Arguments<K, [windowLength: number], [periodic?: boolean, ...O]>
) => Tensor;

/** Declares a window whose weights are those of `weights`, in double precision, rounded once. */
function fade<K extends FadeOptions, O extends readonly unknown[] = []>(
  name: string,
  own: string,
  defaults: { readonly [P in keyof K]?: K[P] },
  weights: (M: number, options: Omit<WindowOptions, "M">, args: Required<K>) => Tensor,
): Fade<K, O> {
  const bind = keywords<K>(name, `windowLength, periodic?, ${own}*, dtype?, device?, requiresGrad?`, {
    periodic: true,
    dtype: null,
    device: null,
    requiresGrad: false,
    ...defaults,
  } as never);
  return (...args) =>
    within(name, () => {
      const bound = bind(args as never) as Required<K>;
      const { windowLength, periodic, requiresGrad } = bound;
      const M = whole(windowLength, name, "windowLength");
      if (M < 0) throw new ValueError(`windowLength is ${M}, expected none below 0`);
      const code = bound.dtype === null ? defaultFloat() : codeOf(bound.dtype);
      if (code < 0 || !isFloating(code)) {
        throw new DTypeError(`dtype is ${code < 0 ? showValue(bound.dtype) : DTYPES[code]}, expected a floating one`);
      }
      const result = cast(weights(M, { sym: !periodic, dtype: "float64", device: bound.device ?? null }, bound), code);
      if (requiresGrad) setRequiresGrad(result, true);
      return result;
    });
}

/** `alpha - beta · cos(t)`, t going once round. */
export const hammingWindow: Fade<HammingOptions, [alpha?: number, beta?: number]> = /* @__PURE__ */ fade<
  HammingOptions,
  [alpha?: number, beta?: number]
>("hammingWindow", "alpha?, beta?, ", { alpha: 0.54, beta: 0.46 }, (M, options, { alpha, beta }) =>
  generalCosine(M, { ...options, a: [alpha, beta] }),
);
/** `0.5 - 0.5 · cos(t)`, t going once round. */
export const hannWindow: Fade<FadeOptions> = /* @__PURE__ */ fade<FadeOptions>("hannWindow", "", {}, (M, options) =>
  generalCosine(M, { ...options, a: [0.5, 0.5] }),
);
/** `0.42 - 0.5 · cos(t) + 0.08 · cos(2t)`, t going once round. */
export const blackmanWindow: Fade<FadeOptions> = /* @__PURE__ */ fade<FadeOptions>(
  "blackmanWindow",
  "",
  {},
  (M, options) => blackman(M, options),
);
/** A triangle from 0 to 1 to 0. */
export const bartlettWindow: Fade<FadeOptions> = /* @__PURE__ */ fade<FadeOptions>(
  "bartlettWindow",
  "",
  {},
  (M, options) => bartlett(M, options),
);
/** `I₀(√(beta² - k²)) / I₀(beta)`, k going from -beta to beta. */
export const kaiserWindow: Fade<KaiserFadeOptions, [beta?: number]> = /* @__PURE__ */ fade<
  KaiserFadeOptions,
  [beta?: number]
>("kaiserWindow", "beta?, ", { beta: 12 }, (M, options, { beta }) => kaiser(M, { ...options, beta }));
