// A tensor as text, to the letter what PyTorch's repr prints: a pure function of shape, dtype and a reader of elements.
//
//   tensor([[1.0000e-01, 2.0000e+03],      one number format for the whole tensor, chosen from what is shown;
//           [0.0000e+00,        inf]],     every element padded to the widest non-zero finite one;
//          dtype=torch.float64)            suffixes behind, on a line of their own where the line is full

/** What is printed: the values by row-major position, and what stands behind them. */
export interface Printable {
  readonly shape: readonly number[];
  readonly dtype: string;
  /** The element at a row-major position; `part` 1 asks for the imaginary part of a complex one. */
  read(position: number, part: 0 | 1): number | bigint;
  /** Where it is not the default device. */
  readonly device?: string | undefined;
  readonly requiresGrad?: boolean | undefined;
  /** The name of the tape node that made it (`MulBackward0`). */
  readonly gradFn?: string | undefined;
  /** The dtype that goes without saying; float32 unless the program chose another. */
  readonly defaultDtype?: string | undefined;
}

/** How tensors are printed. */
export interface PrintOptions {
  /** Digits after the point. */
  precision: number;
  /** A tensor of more elements is summarised. */
  threshold: number;
  /** How many are shown at either end of a summarised dimension. */
  edgeitems: number;
  /** Characters in a line. */
  linewidth: number;
  /** Scientific notation always or never; `null` leaves it to the values. */
  sciMode: boolean | null;
}

const PROFILES: Readonly<Record<string, Omit<PrintOptions, "sciMode">>> = {
  default: { precision: 4, threshold: 1000, edgeitems: 3, linewidth: 80 },
  short: { precision: 2, threshold: 1000, edgeitems: 2, linewidth: 80 },
  full: { precision: 4, threshold: Number.POSITIVE_INFINITY, edgeitems: 3, linewidth: 80 },
};

const options: PrintOptions = { ...PROFILES.default!, sciMode: null };

/**
 * Sets how tensors are printed. What is not named stays as it was, but `sciMode`, which goes back to `null`.
 * A `profile` (`'default'`, `'short'`, `'full'`) sets the four numbers first.
 *
 * @example
 * setPrintoptions({ precision: 2 });
 * String(tensor([Math.PI])) // tensor([3.14])
 */
export function setPrintoptions(change: Partial<PrintOptions> & { profile?: "default" | "short" | "full" } = {}): void {
  const { profile, sciMode = null, ...numbers } = change;
  for (const key of Object.keys(numbers)) {
    if (!(key in options)) {
      throw new TypeError(
        `setPrintoptions: unknown option ${key}; there are ${Object.keys(options).join(", ")}, profile`,
      );
    }
  }
  if (profile !== undefined) {
    const preset = PROFILES[profile];
    if (preset === undefined) {
      throw new TypeError(`setPrintoptions: unknown profile ${profile}; there are default, short, full`);
    }
    Object.assign(options, preset);
  }
  for (const [key, value] of Object.entries(numbers)) if (value !== undefined) Object.assign(options, { [key]: value });
  options.sciMode = sciMode;
}

/** The options now in force; a copy. */
export function getPrintoptions(): PrintOptions {
  return { ...options };
}

/** PyTorch's repr of a tensor. */
export function print(x: Printable): string {
  const prefix = "tensor(";
  const size = x.shape.reduce((a, b) => a * b, 1);
  const defaultDtype = x.defaultDtype ?? "float32";
  const suffixes: string[] = [];
  if (x.device !== undefined) suffixes.push(`device='${x.device}'`);
  if (size === 0 ? x.shape.length !== 1 : options.edgeitems === 0) suffixes.push(`size=${tuple(x.shape)}`);
  // An empty tensor has no element that could tell int64 or bool.
  if (size === 0 ? x.dtype !== defaultDtype : !goesWithoutSaying(x.dtype, defaultDtype)) {
    suffixes.push(`dtype=torch.${x.dtype}`);
  }
  if (x.gradFn !== undefined) suffixes.push(`grad_fn=<${x.gradFn}>`);
  else if (x.requiresGrad) suffixes.push("requires_grad=True");
  return withSuffixes(prefix + (size === 0 ? "[]" : contents(x, size, prefix.length)), suffixes, prefix.length);
}

function goesWithoutSaying(dtype: string, defaultDtype: string): boolean {
  const defaultComplex = defaultDtype === "float64" ? "complex128" : "complex64";
  return dtype === defaultDtype || dtype === defaultComplex || dtype === "int64" || dtype === "bool";
}

function tuple(shape: readonly number[]): string {
  return shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`;
}

function withSuffixes(text: string, suffixes: readonly string[], indent: number): string {
  // PyTorch counts two characters more than the last line has, for the comma and the space.
  let length = text.length - text.lastIndexOf("\n") + 1;
  for (const suffix of suffixes) {
    if (length + suffix.length + 2 > options.linewidth) {
      text += `,\n${" ".repeat(indent)}${suffix}`;
      length = indent + suffix.length;
    } else {
      text += `, ${suffix}`;
      length += suffix.length + 2;
    }
  }
  return `${text})`;
}

/** The nested brackets. */
function contents(x: Printable, size: number, indent: number): string {
  const { shape } = x;
  const summarise = size > options.threshold;
  const shown = (n: number) => shownOf(n, summarise);
  const positions = shownPositions(shape, shown);
  const real = formatter(x.dtype, positions, (p) => x.read(p, 0));
  const imaginary = x.dtype.startsWith("complex") ? formatter(x.dtype, positions, (p) => x.read(p, 1)) : null;
  const perElement = real.width + 2 + (imaginary === null ? 0 : imaginary.width + 1);

  const element = (position: number): string => {
    const text = real.format(x.read(position, 0));
    if (imaginary === null) return text;
    const part = imaginary.format(x.read(position, 1)).trimStart();
    return `${text}${part.startsWith("-") ? "" : "+"}${part}j`;
  };

  const vector = (start: number, n: number, margin: number): string => {
    // The ellipsis has a space in front, except where it stands alone.
    const items = shown(n).map((i) => (i === null ? (options.edgeitems === 0 ? "..." : " ...") : element(start + i)));
    const perLine = Math.max(1, Math.floor((options.linewidth - margin) / perElement));
    const lines: string[] = [];
    for (let i = 0; i < items.length; i += perLine) lines.push(items.slice(i, i + perLine).join(", "));
    return `[${lines.join(`,\n${" ".repeat(margin + 1)}`)}]`;
  };

  const block = (dim: number, start: number, margin: number): string => {
    if (dim === shape.length) return element(start);
    const n = shape[dim]!;
    if (dim === shape.length - 1) return vector(start, n, margin);
    const stride = shape.slice(dim + 1).reduce((a, b) => a * b, 1);
    const parts = shown(n).map((i) => (i === null ? "..." : block(dim + 1, start + i * stride, margin + 1)));
    return `[${parts.join(`,${"\n".repeat(shape.length - dim - 1)}${" ".repeat(margin + 1)}`)}]`;
  };

  return block(0, 0, indent);
}

/** The indices that are shown of a dimension of n; null stands for those left out. */
function shownOf(n: number, summarise: boolean): (number | null)[] {
  const all = Array.from({ length: n }, (_, i) => i);
  const edge = options.edgeitems;
  if (!summarise || n <= 2 * edge) return all;
  return [...all.slice(0, edge), null, ...all.slice(n - edge)];
}

/** The row-major positions of the elements that are shown: the number format is chosen from these alone. */
function shownPositions(shape: readonly number[], shown: (n: number) => (number | null)[]): number[] {
  let positions = [0];
  for (const n of shape) {
    const indices = shown(n).filter((i) => i !== null);
    positions = positions.flatMap((p) => indices.map((i) => p * n + i));
  }
  return positions;
}

interface Formatter {
  readonly width: number;
  format(value: number | bigint): string;
}

function formatter(dtype: string, positions: readonly number[], read: (p: number) => number | bigint): Formatter {
  if (dtype === "bool") return padded((v) => (v ? "True" : "False"), positions.map(read));
  if (/^u?int/.test(dtype)) return padded(String, positions.map(read));
  const counted = positions.map((p) => Number(read(p))).filter((v) => v !== 0 && Number.isFinite(v));
  const integers = counted.every(Number.isInteger);
  const wide = isWide(counted, integers);
  const scientific = counted.length > 0 && (options.sciMode ?? wide);
  return padded(notation(wide, integers), counted, notation(scientific, integers));
}

/**
 * Pads to the widest of the values that count. The width is that of the notation which the values ask for, even where
 * another one was ordered.
 */
function padded(
  natural: (v: number | bigint) => string,
  counted: readonly (number | bigint)[],
  ordered: (v: number | bigint) => string = natural,
): Formatter {
  const width = counted.reduce<number>((w, v) => Math.max(w, natural(v).length), 1);
  return { width, format: (v) => ordered(v).padStart(width) };
}

/** Whether the non-zero finite values are spread so that only scientific notation shows them all. */
function isWide(values: readonly number[], integers: boolean): boolean {
  const magnitudes = values.map(Math.abs);
  const largest = magnitudes.reduce((a, b) => Math.max(a, b), 0);
  const smallest = magnitudes.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  return largest / smallest > 1000 || largest > 1e8 || (!integers && smallest < 1e-4);
}

/** Scientific, or integers with a bare point, or fixed. */
function notation(scientific: boolean, integers: boolean): (value: number | bigint) => string {
  return (value) => {
    const v = Number(value);
    if (Number.isNaN(v)) return "nan";
    if (!Number.isFinite(v)) return v > 0 ? "inf" : "-inf";
    if (scientific) return exponential(v, options.precision);
    return integers ? `${fixed(v, 0)}.` : fixed(v, options.precision);
  };
}

/** Python's `%.{digits}f`: the exact value rounded half to even, where `toFixed` rounds half away from zero. */
function fixed(v: number, digits: number): string {
  const magnitude = Math.abs(v);
  // toFixed turns to scientific notation from 1e21 on, where every double is an integer.
  const text = magnitude < 1e21 ? magnitude.toFixed(digits) : withPoint(BigInt(magnitude).toString(), digits);
  // An exact tie has a last binary digit at 2^-(digits + 1) or above, so one decimal more holds it entirely.
  const tied = magnitude < 1e21 && Number.isInteger(magnitude * 2 ** (digits + 1));
  return sign(v) + (tied ? evenTie(magnitude.toFixed(digits + 1), text) : text);
}

function withPoint(integer: string, digits: number): string {
  return digits === 0 ? integer : `${integer}.${"0".repeat(digits)}`;
}

/** Python's `%.{digits}e`: rounded half to even, an exponent of at least two digits. */
function exponential(v: number, digits: number): string {
  const magnitude = Math.abs(v);
  const [mantissa, exponent] = magnitude.toExponential(digits).split("e") as [string, string];
  const [exact] = magnitude.toExponential(100).split("e") as [string];
  const longer = exact.slice(0, digits + 3);
  const tied = /^0*$/.test(exact.slice(digits + 3));
  const power = exponent.slice(1).padStart(2, "0");
  return `${sign(v)}${tied ? evenTie(longer, mantissa) : mantissa}e${exponent[0]}${power}`;
}

/** Of an exact decimal that ends in a tie the even neighbour, else what was rounded already. */
function evenTie(exact: string, rounded: string): string {
  const kept = exact.slice(0, -1).replace(/\.$/, "");
  return exact.endsWith("5") && Number(kept.at(-1)) % 2 === 0 ? kept : rounded;
}

function sign(v: number): string {
  return v < 0 || Object.is(v, -0) ? "-" : "";
}
