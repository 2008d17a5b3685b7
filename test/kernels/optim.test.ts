import { test } from "uvu";
import * as assert from "uvu/assert";
import { noise, put, read, real, reset, run } from "./harness.ts";

const N = 4133; // no multiple of a cache line
const LEFT = 6; // another parameter in front, of so many elements
/** A list of two parameters, the one tested last, whose addresses are given; `other` stands for those of the first. */
const list = (other: number, addresses: readonly number[]): number[] => [
  ...[2, UNITS],
  ...[LEFT, ...addresses.map((at) => (at === 0 ? 0 : other))],
  ...[N, ...addresses],
];
const UNITS = 3;

for (const [suffix, type] of [
  ["f32", Float32Array],
  ["f64", Float64Array],
] as const) {
  const epsilon = suffix === "f32" ? 2 ** -23 : 2 ** -52;
  const Type = type as typeof Float64Array;
  const near = (at: number, want: ArrayLike<number>, what: string): void => {
    read(Type, at, N).forEach((v, i) => {
      assert.ok(
        Math.abs(v - want[i]!) <= 8 * epsilon * (1 + Math.abs(want[i]!)),
        `${what} [${i}]: ${v} for ${want[i]}`,
      );
    });
  };

  test(`sgd_${suffix}`, () => {
    const next = noise(1);
    const [lr, momentum, dampening, decay] = [0.1, 0.9, 0.3, 0.01];
    for (const nesterov of [false, true])
      for (const sign of [1, -1])
        for (const buffered of [false, true]) {
          reset();
          const p = Float64Array.from(new type(N).map(next));
          const at = put(type.from(p));
          const buffer = buffered ? put(new type(N)) : 0;
          const b = new Float64Array(N);
          for (let t = 0; t < 3; t++) {
            const g = new type(N).map(next);
            const flags = [Number(t === 0), Number(nesterov)];
            const factors = [sign, decay, momentum, 1 - dampening, lr].map(real);
            const other = put(new type(LEFT));
            run(`sgd_${suffix}`, [...factors, ...flags, ...list(other, [at, put(g), buffer])], UNITS, 1 + t);
            for (let i = 0; i < N; i++) {
              let slope = sign * g[i]! + decay * p[i]!;
              if (buffered) {
                b[i] = t === 0 ? slope : momentum * b[i]! + (1 - dampening) * slope;
                slope = nesterov ? slope + momentum * b[i]! : b[i]!;
              }
              p[i] = p[i]! - lr * slope;
            }
          }
          near(at, p, "p");
        }
  });

  test(`adam_${suffix}`, () => {
    const next = noise(2);
    const [lr, beta2, eps, decay] = [0.01, 0.99, 1e-8, 0.1];
    for (const beta1 of [0.9, 0.3])
      for (const amsgrad of [false, true])
        for (const decoupled of [false, true]) {
          reset();
          const p = Float64Array.from(new type(N).map(next));
          const at = put(type.from(p));
          const [pm, pv, pg] = [put(new type(N)), put(new type(N)), amsgrad ? put(new type(N)) : 0];
          const [m, v, greatest] = [new Float64Array(N), new Float64Array(N), new Float64Array(N)];
          for (let t = 1; t < 4; t++) {
            const g = new type(N).map(next);
            const [step, root] = [lr / (1 - beta1 ** t), Math.sqrt(1 - beta2 ** t)];
            const shrink = decoupled ? 1 - lr * decay : 1;
            const coupled = decoupled ? 0 : decay;
            const factors = [1, coupled, shrink, beta1, beta2, step, root, eps].map(real);
            const other = put(new type(LEFT));
            run(`adam_${suffix}`, [...factors, ...list(other, [at, put(g), pm, pv, pg])], UNITS, t);
            for (let i = 0; i < N; i++) {
              p[i] = p[i]! * shrink;
              const slope = g[i]! + coupled * p[i]!;
              m[i] = beta1 * m[i]! + (1 - beta1) * slope;
              v[i] = beta2 * v[i]! + (1 - beta2) * slope ** 2;
              greatest[i] = Math.max(greatest[i]!, v[i]!);
              p[i] = p[i]! - (step * m[i]!) / (Math.sqrt(amsgrad ? greatest[i]! : v[i]!) / root + eps);
            }
          }
          near(at, p, "p");
          near(pm, m, "m");
          near(pv, v, "v");
        }
  });
}

test.run();
