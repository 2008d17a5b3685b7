// fl.signal.windows: the weights by which a piece of a signal is faded in and out. Computed in double precision.

import { DTYPES, type DType, DTypeError, defaultFloat, ValueError } from "../core/index.ts";
import { type Arguments, keywords } from "../op/index.ts";
import { type Tensor, tensor } from "../tensor/index.ts";
import { whole } from "./arguments.ts";
import { within } from "./composed.ts";

/** What all windows take. */
export interface WindowOptions {
  /** The number of weights. */
  M: number;
  /** Whether the window is symmetric, as filters need it, or one period, as spectra do; true. */
  sym?: boolean;
  /** float32 or float64; by default the current float type. */
  dtype?: DType | null;
  device?: string | null;
  requiresGrad?: boolean;
}
export interface ExponentialOptions extends WindowOptions {
  /** Where it is 1: by default in the middle, as it must be if symmetric. */
  center?: number | null;
  /** After how many weights it has fallen to 1/e; 1. */
  tau?: number;
}
export interface GaussianOptions extends WindowOptions {
  /** The standard deviation; 1. */
  std?: number;
}
export interface GeneralCosineOptions extends WindowOptions {
  /** The coefficients of the cosines. */
  a: readonly number[];
}
export interface GeneralHammingOptions extends WindowOptions {
  /** The first coefficient; 0.54. */
  alpha?: number;
}
export interface KaiserOptions extends WindowOptions {
  /** How narrow it is; 12. */
  beta?: number;
}

type Window<K> = (...args: Arguments<K, [M: number]>) => Tensor;

/** How many steps of the formula there are from one end to the other. */
const stepsOf = (M: number, sym: boolean): number => (sym ? M - 1 : M);

/**
 * Declares a window: `weights` checks its own arguments and gives the weight of place i. A window of one weight is 1.
 */
function window<K extends WindowOptions>(
  name: string,
  own: string,
  defaults: { readonly [P in keyof K]?: K[P] },
  weights: (args: K & { readonly M: number; readonly sym: boolean }) => (i: number) => number,
): Window<K> {
  const bind = keywords<K>(name, `M, *, ${own}sym?, dtype?, device?, requiresGrad?`, {
    sym: true,
    dtype: null,
    device: null,
    requiresGrad: false,
    ...defaults,
  });
  return (...args) =>
    within(name, () => {
      const bound = bind(args);
      const M = whole(bound.M, name, "M");
      if (M < 0) throw new ValueError(`M is ${M}, expected none below 0`);
      const dtype = bound.dtype ?? DTYPES[defaultFloat()]!;
      if (dtype !== "float32" && dtype !== "float64") {
        throw new DTypeError(`dtype is ${dtype}, expected float32 or float64`);
      }
      const weight = weights(bound);
      const values = new Float64Array(M);
      for (let i = 0; i < M; i++) values[i] = M === 1 ? 1 : weight(i);
      return tensor(values, { dtype, device: bound.device, requiresGrad: bound.requiresGrad });
    });
}

/** `Σ (-1)^k · a[k] · cos(k · t)`, t going once round. */
function cosines(a: readonly number[], steps: number): (i: number) => number {
  return (i) => {
    let sum = a[0]!;
    for (let k = 1; k < a.length; k++) sum += (k % 2 === 0 ? a[k]! : -a[k]!) * Math.cos((2 * Math.PI * k * i) / steps);
    return sum;
  };
}

/** A sum of cosines with coefficients that have a name. */
const named = (name: string, a: readonly number[]): Window<WindowOptions> =>
  window<WindowOptions>(name, "", {}, ({ M, sym }) => cosines(a, stepsOf(M, sym)));

/** Cosines with the coefficients `a`, their signs alternating. */
export const generalCosine: Window<GeneralCosineOptions> = /* @__PURE__ */ window<GeneralCosineOptions>(
  "generalCosine",
  "a, ",
  {},
  ({ M, sym, a }) => {
    if (!Array.isArray(a) || a.length === 0) throw new ValueError("a is no list of coefficients, or an empty one");
    return cosines(a.map(Number), stepsOf(M, sym));
  },
);

/** `alpha - (1 - alpha) · cos(t)`. */
export const generalHamming: Window<GeneralHammingOptions> = /* @__PURE__ */ window<GeneralHammingOptions>(
  "generalHamming",
  "alpha?, ",
  { alpha: 0.54 },
  ({ M, sym, alpha }) => cosines([Number(alpha), 1 - Number(alpha)], stepsOf(M, sym)),
);

/** `0.54 - 0.46 · cos(t)`. */
export const hamming: Window<WindowOptions> = /* @__PURE__ */ named("hamming", [0.54, 0.46]);
/** `0.5 - 0.5 · cos(t)`. */
export const hann: Window<WindowOptions> = /* @__PURE__ */ named("hann", [0.5, 0.5]);
/** `0.42 - 0.5 · cos(t) + 0.08 · cos(2t)`. */
export const blackman: Window<WindowOptions> = /* @__PURE__ */ named("blackman", [0.42, 0.5, 0.08]);
/** Four cosines, whose side lobes are least. */
export const nuttall: Window<WindowOptions> = /* @__PURE__ */ named(
  "nuttall",
  [0.3635819, 0.4891775, 0.1365995, 0.0106411],
);

/** Half a sine. */
export const cosine: Window<WindowOptions> = /* @__PURE__ */ window<WindowOptions>(
  "cosine",
  "",
  {},
  ({ M, sym }) =>
    (i) =>
      Math.sin((Math.PI * (i + 0.5)) / (sym ? M : M + 1)),
);

/** A triangle from 0 to 1 to 0. */
export const bartlett: Window<WindowOptions> = /* @__PURE__ */ window<WindowOptions>(
  "bartlett",
  "",
  {},
  ({ M, sym }) => {
    const steps = stepsOf(M, sym);
    return (i) => 1 - Math.abs((2 * i) / steps - 1);
  },
);

/** `exp(-|i - center| / tau)`. */
export const exponential: Window<ExponentialOptions> = /* @__PURE__ */ window<ExponentialOptions>(
  "exponential",
  "center?, tau?, ",
  { center: null, tau: 1 },
  ({ M, sym, center, tau }) => {
    const slope = Number(tau);
    if (!(slope > 0)) throw new ValueError(`tau is ${slope}, expected one above 0`);
    if (sym && center != null) throw new ValueError("center is given: a symmetric window has it in the middle");
    const middle = center ?? stepsOf(M, sym) / 2;
    return (i) => Math.exp(-Math.abs(i - middle) / slope);
  },
);

/** `exp(-((i - center) / std)² / 2)`. */
export const gaussian: Window<GaussianOptions> = /* @__PURE__ */ window<GaussianOptions>(
  "gaussian",
  "std?, ",
  { std: 1 },
  ({ M, sym, std }) => {
    const width = Number(std);
    if (!(width > 0)) throw new ValueError(`std is ${width}, expected one above 0`);
    const middle = stepsOf(M, sym) / 2;
    return (i) => Math.exp(-0.5 * ((i - middle) / width) ** 2);
  },
);

/** `I₀(√(beta² - k²)) / I₀(beta)`, k going from -beta to beta. */
export const kaiser: Window<KaiserOptions> = /* @__PURE__ */ window<KaiserOptions>(
  "kaiser",
  "beta?, ",
  { beta: 12 },
  ({ M, sym, beta }) => {
    const narrowness = Number(beta);
    if (!(narrowness >= 0)) throw new ValueError(`beta is ${narrowness}, expected none below 0`);
    const steps = stepsOf(M, sym);
    const whole = bessel(narrowness);
    return (i) => bessel(narrowness * Math.sqrt(Math.max(0, 1 - ((2 * i) / steps - 1) ** 2))) / whole;
  },
);

/** The modified Bessel function I₀ by its series `Σ ((x / 2)^k / k!)²`, whose terms are all positive. */
function bessel(x: number): number {
  let term = 1;
  let sum = 1;
  for (let k = 1; term > sum * Number.EPSILON; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}
