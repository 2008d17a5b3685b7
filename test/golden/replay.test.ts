// The harness itself: that it passes what is right, and fails what is wrong, missing or only stumbled over.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Library } from "./library.ts";
import { camel } from "./library.ts";
import type { Recorded, RecordedTensor } from "./recorded.ts";
import type { Result } from "./replay.ts";
import { recordedFiles, unitsOf } from "./replay.ts";
import { namedReport, reasons, totals } from "./report.ts";

/** As little of a tensor as the harness reads. */
class Plain {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data: Float32Array<ArrayBuffer>;
  constructor(data: Float32Array<ArrayBuffer>, shape: readonly number[] = [data.length], dtype = "float32") {
    this.data = data;
    this.shape = shape;
    this.dtype = dtype;
  }
  reshape(shape: readonly number[]): Plain {
    return new Plain(this.data, shape, this.dtype);
  }
  map(f: (v: number) => number): Plain {
    return new Plain(this.data.map(f), this.shape);
  }
  requiresGrad_(): this {
    return this;
  }
  detach(): this {
    return this;
  }
  dataSync(): Float32Array {
    return this.data;
  }
  neg(): Plain {
    return this.map((v) => -v);
  }
}

const library = {
  Tensor: Plain,
  nn: {},
  optim: {},
  scope: (body: () => unknown) => body(),
  manualSeed() {},
  frombuffer: (bytes: Uint8Array<ArrayBuffer>) => new Plain(new Float32Array(bytes.buffer)),
  autograd: {
    grad: (_outputs: unknown, inputs: readonly unknown[], { gradOutputs }: { gradOutputs: unknown[] }) =>
      [...gradOutputs, null].slice(0, inputs.length),
  },
  special: { addOne: (x: Plain) => x.map((v) => v + 1) },
  wrongValue: (x: Plain) => x.map((v) => v + 1e-3),
  wrongDtype: (x: Plain) => new Plain(x.data, x.shape, "float64"),
  wrongShape: (x: Plain) => x.reshape([1, ...x.shape]),
  stumbles: (x: Plain) => (x as unknown as Record<string, () => Plain>).nothing!(),
  checks: () => {
    throw new TypeError("checks: expected a float32 tensor");
  },
} as unknown as Library;

const tensor = (...values: number[]): RecordedTensor => ({
  $tensor: "float32",
  shape: [values.length],
  data: Buffer.from(new Float32Array(values).buffer).toString("base64"),
});

function replay(op: string, output: Recorded, more: object = {}, errors: readonly object[] = []): Result[] {
  const folder = mkdtempSync(path.join(tmpdir(), "goldens-"));
  try {
    const input = { ...tensor(1, 2), grad: true };
    const recorded = { input, args: [], kwargs: {}, output, error: 0, ...more };
    mkdirSync(path.join(folder, "ops"));
    const file = { op, variant: "", aliases: [], seed: 0, dtypes: { float32: [recorded] }, errors };
    writeFileSync(path.join(folder, "ops/case.json"), JSON.stringify(file));
    return recordedFiles(folder).flatMap((f) => unitsOf(library, f, /(?:)/).flatMap((unit) => unit.run()));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const outcomes = (results: readonly Result[]) => results.map((r) => r.outcome + (r.reason ? `: ${r.reason}` : ""));

const harness = suite("golden harness");

harness("names follow the rule of the API", () => {
  const names = "log_softmax conv2d max_pool2d normal_ T_max UPLO atleast_1d i0e std_mean kaiming_uniform_ bessel_j0";
  const ours = "logSoftmax conv2d maxPool2d normal_ TMax UPLO atleast1d i0e stdMean kaimingUniform_ besselJ0";
  assert.equal(names.split(" ").map(camel), ours.split(" "));
});

harness("a function in a namespace, or a method, that answers as recorded passes", () => {
  assert.equal(outcomes(replay("special.add_one", tensor(2, 3))), ["pass"]);
  assert.equal(outcomes(replay("neg", tensor(-1, -2))), ["pass"]);
});

harness("values, dtype, shape and number of outputs must be those recorded", () => {
  assert.match(outcomes(replay("wrong_value", tensor(1, 2)))[0]!, /fail: 2 of 2 values, off by up to .*first at \[0\]/);
  assert.equal(outcomes(replay("wrong_dtype", tensor(1, 2))), ["fail: dtype float64 instead of float32"]);
  assert.equal(outcomes(replay("wrong_shape", tensor(1, 2))), ["fail: shape [1, 2] instead of [2]"]);
  assert.equal(outcomes(replay("neg", [tensor(1), tensor(2)])), ["fail: 1 outputs instead of 2"]);
});

harness("the recorded error widens the tolerance, tenfold", () => {
  assert.equal(outcomes(replay("wrong_value", tensor(1, 2), { error: 1e-4 })), ["pass"]);
});

harness("NaN is NaN, and infinity no other", () => {
  assert.equal(outcomes(replay("neg", tensor(-1, Number.NaN)))[0]!.slice(0, 4), "fail");
  assert.equal(outcomes(replay("neg", tensor(-1, Number.NEGATIVE_INFINITY)))[0]!.slice(0, 4), "fail");
});

harness("gradients are compared apart, and one too many is wrong", () => {
  const grads = { cotangents: [tensor(3, 4)], cotangent_of: [0] };
  assert.equal(outcomes(replay("neg", tensor(-1, -2), { ...grads, grads: [tensor(3, 4)] })), ["pass", "pass"]);
  const wrong = outcomes(replay("neg", tensor(-1, -2), { ...grads, grads: [null] }));
  assert.equal(wrong, ["pass", "fail: gradient 0: one, where none flows"]);
});

harness("what the library lacks is absent", () => {
  assert.equal(outcomes(replay("nothing_of_the_kind", tensor(1, 2))), ["absent"]);
});

harness("a bad input must be refused by a check", () => {
  const bad = [{ input: tensor(1), args: [], kwargs: {}, raises: "TypeError", message: "no" }];
  const refusal = (op: string) => outcomes(replay(op, tensor(-1, -2), {}, bad)).at(-1)!;
  assert.is(refusal("checks"), "pass");
  assert.is(refusal("neg"), "fail: accepted, where PyTorch says: no");
  assert.match(refusal("stumbles"), /^fail: crashed: TypeError/);
});

harness("the report groups failures by reason and counts what is absent apart", () => {
  const failing = [...replay("wrong_value", tensor(1, 2)), ...replay("wrong_value", tensor(3, 4))];
  assert.is(reasons(failing).length, 1);
  assert.match(namedReport("wrong_value", failing), /^FAIL wrong_value +forward 0\/2\n +2 × 2 of 2 values/);
  const table = totals([...failing, ...replay("neg", tensor(-1, -2)), ...replay("missing", tensor(1))]);
  assert.match(table, /operators, forward +1 +3 +1 +2 +1/);
  assert.match(table, /absent: missing/);
});

harness.run();
