// A recorded call in the library's own terms: its values, and the function or method it names.
import type { Library, Namespace, Operator, Tensor } from "./library.ts";
import { camel, lookUp } from "./library.ts";
import type { Recorded, RecordedDict, RecordedTensor } from "./recorded.ts";
import { isRecordedTensor, recordedBytes, recordedNumber } from "./recorded.ts";

/** Turns recorded values into the library's, and remembers the tensors that want gradients, in order of appearance. */
export class Decoder {
  readonly marked: Tensor[] = [];
  readonly #library: Library;

  constructor(library: Library) {
    this.#library = library;
  }

  tensor(recorded: RecordedTensor): Tensor {
    const flat = this.#library.frombuffer(recordedBytes(recorded), { dtype: recorded.$tensor });
    const x = flat.reshape(recorded.shape);
    if (!recorded.grad) return x;
    x.requiresGrad_();
    this.marked.push(x);
    return x;
  }

  value(recorded: Recorded): unknown {
    if (typeof recorded !== "object" || recorded === null) return recorded;
    if (Array.isArray(recorded)) return recorded.map((v) => this.value(v));
    return this.#special(recorded as Exclude<typeof recorded, readonly Recorded[]>);
  }

  #special(recorded: Exclude<Recorded & object, readonly Recorded[]>): unknown {
    if (isRecordedTensor(recorded)) return this.tensor(recorded);
    if ("$tuple" in recorded) return recorded.$tuple.map((v) => this.value(v));
    if ("$float" in recorded) {
      const value = recordedNumber(recorded);
      return Number.isInteger(value) ? this.#library.Float(value) : value;
    }
    if ("$int" in recorded) {
      const value = BigInt(recorded.$int);
      return Number.isSafeInteger(Number(value)) ? Number(value) : value;
    }
    if ("$complex" in recorded) {
      const [re, im] = recorded.$complex.map(recordedNumber) as [number, number];
      return this.#library.complex(re, im);
    }
    if ("$dtype" in recorded) return recorded.$dtype;
    if ("$memory_format" in recorded) return recorded.$memory_format;
    if ("$slice" in recorded) {
      const [start, stop, step] = recorded.$slice.map((v) => this.value(v));
      return this.#library.slice(start, stop, step);
    }
    if ("$ellipsis" in recorded) return "...";
    if ("$shape" in recorded) return this.#library.zeros(recorded.$shape);
    if ("$dict" in recorded) return this.options(recorded.$dict);
    return recorded satisfies never;
  }

  /** Positional arguments, and the keyword ones in one trailing object. */
  args(args: readonly Recorded[], kwargs: RecordedDict): unknown[] {
    const positional = args.map((v) => this.value(v));
    return Object.keys(kwargs).length === 0 ? positional : [...positional, this.options(kwargs)];
  }

  /** As `args`, for a constructor: hyper-parameters are floats anyhow, so they come as plain numbers. */
  constructorArgs(args: readonly Recorded[], kwargs: RecordedDict): unknown[] {
    return this.args(args.map(plainNumbers), mapDict(kwargs, plainNumbers));
  }

  options(kwargs: RecordedDict): Record<string, unknown> {
    return Object.fromEntries(Object.entries(kwargs).map(([key, v]) => [camel(key), this.value(v)]));
  }
}

function plainNumbers(recorded: Recorded): Recorded {
  if (typeof recorded !== "object" || recorded === null) return recorded;
  if (Array.isArray(recorded)) return recorded.map(plainNumbers);
  if ("$float" in recorded) return recordedNumber(recorded);
  if ("$tuple" in recorded) return { $tuple: recorded.$tuple.map(plainNumbers) };
  return recorded;
}

function mapDict(dict: RecordedDict, f: (v: Recorded) => Recorded): RecordedDict {
  return Object.fromEntries(Object.entries(dict).map(([key, v]) => [key, f(v)]));
}

const ATTRIBUTES = new Set(["T", "H", "mT", "mH", "real", "imag"]);
// Python's operators with the tensor on the right, by what they compute.
const REFLECTED: Readonly<Record<string, string>> = {
  __radd__: "add",
  __rsub__: "sub",
  __rmul__: "mul",
  __rdiv__: "div",
  __rmod__: "remainder",
  __rpow__: "pow",
  __rmatmul__: "matmul",
  __rand__: "bitwise_and",
  __ror__: "bitwise_or",
  __rxor__: "bitwise_xor",
};
// `fl.slice` makes an index; the operator of this name is a method only.
const METHODS_ONLY = new Set(["slice"]);

/**
 * What a recorded operator is here: a function where there is one, else a method of its input; null where the library
 * has neither. It takes the input and the arguments as the case has them.
 */
export function operatorOf(library: Library, name: string): Operator | null {
  if (name.startsWith("torch.")) return operatorOf(library, name.slice("torch.".length));
  if (name === "__getitem__") {
    return "at" in library.Tensor.prototype ? (x, index) => (x as Tensor).at(...(index as unknown[])) : null;
  }
  const reflected = REFLECTED[name];
  if (reflected !== undefined) {
    const operator = operatorOf(library, reflected);
    return operator === null ? null : (a, b) => operator(b, a);
  }
  // Other names with leading underscores are PyTorch's internals.
  if (name.startsWith("_")) return null;
  const key = camel(name);
  if (ATTRIBUTES.has(name)) {
    // Complex, because `imag` of a real tensor is an error.
    const probe = library.frombuffer(new Uint8Array(8), { dtype: "complex64" }).reshape([1, 1]) as unknown as Namespace;
    return probe[key] === undefined ? null : (x) => (x as Namespace)[key];
  }
  const named = METHODS_ONLY.has(name) ? undefined : lookUp(library, name);
  if (typeof named === "function") return named as Operator;
  if (name.includes(".") || typeof (library.Tensor.prototype as unknown as Namespace)[key] !== "function") return null;
  return (x, ...args) => {
    if (!(x instanceof library.Tensor)) throw new TypeError(`${key} is a method, and its input is no tensor`);
    return ((x as unknown as Namespace)[key] as Operator).apply(x, args);
  };
}

/** A recorded value in a few characters, as a person would write it. */
export function summary(recorded: Recorded): string {
  if (recorded === null || typeof recorded !== "object") return JSON.stringify(recorded);
  if (Array.isArray(recorded)) return `[${recorded.map(summary).join(", ")}]`;
  const value = recorded as Exclude<typeof recorded, readonly Recorded[]>;
  if (isRecordedTensor(value)) return `${value.$tensor}[${value.shape.join(", ")}]`;
  if ("$tuple" in value) return `[${value.$tuple.map(summary).join(", ")}]`;
  if ("$float" in value)
    return Number.isInteger(Number(value.$float)) ? `Float(${Number(value.$float)})` : value.$float;
  if ("$int" in value) return `${value.$int}n`;
  if ("$complex" in value) return `complex(${value.$complex.map(recordedNumber).join(", ")})`;
  if ("$slice" in value) return `slice(${value.$slice.map(summary).join(", ")})`;
  if ("$ellipsis" in value) return '"..."';
  if ("$dict" in value) return dictSummary(value.$dict);
  return JSON.stringify(Object.values(value)[0]);
}

export function callSummary(name: string, args: readonly Recorded[], kwargs: RecordedDict): string {
  const keyed = Object.keys(kwargs).length === 0 ? [] : [dictSummary(kwargs)];
  return `${name.split(".").map(camel).join(".")}(${[...args.map(summary), ...keyed].join(", ")})`;
}

function dictSummary(dict: RecordedDict): string {
  return `{ ${Object.entries(dict)
    .map(([key, v]) => `${camel(key)}: ${summary(v)}`)
    .join(", ")} }`;
}
