// The loops of assembly/pointwise and assembly/cast: every length of a tail, every kind of step, every cut; then the meaning
// of each operator on special values.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { noise, put, read, reset, room, run, type Slot, takeFault } from "./harness.ts";

/** A block of iterate.ts. */
function block(operands: readonly number[], dims: readonly (readonly number[])[], p: readonly Slot[] = [0, 0]): Slot[] {
  return [dims.length, ...p, ...operands, ...dims.flat()];
}

test("lengths, steps and cuts change nothing", () => {
  const random = noise(1);
  const xs = Float32Array.from({ length: 200 }, () => random() * 4);
  xs.set([0, -0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1]);
  const ys = Float32Array.from({ length: 200 }, () => random() * 4);
  for (const name of ["add", "pow", "atan2", "geluGrad"]) {
    const whole = all(name, xs, ys);
    for (let n = 1; n <= 9; n++) {
      for (const [sy, sa, sb] of [
        [1, 1, 1],
        [1, 0, 1],
        [1, 1, 0],
        [2, 1, 1],
        [1, 3, 2],
        [1, 0, 0],
      ] as const) {
        reset();
        const y = room(4 * 32);
        run(`${name}_f32`, block([y, put(xs), put(ys)], [[n, sy, sa, sb]]), n, 2);
        const got = read(Float32Array, y, 32);
        for (let i = 0; i < n; i++)
          assert.ok(Object.is(got[i * sy], whole(i * sa, i * sb)), `${name} ${n} ${sy} ${sa} ${sb} ${i}`);
        assert.is(new Uint32Array(got.buffer)[n * sy], 0xa5a5a5a5, `${name}: nothing beyond ${n}`);
      }
    }
  }

  /** One pair at a time. */
  function all(name: string, a: Float32Array, b: Float32Array): (i: number, j: number) => number {
    return (i, j) => {
      const y = room(4);
      run(`${name}_f32`, block([y, put(a.slice(i, i + 1)), put(b.slice(j, j + 1))], [[1, 1, 1, 1]]), 1);
      return read(Float32Array, y, 1)[0]!;
    };
  }
});

test("rows of several dims, broadcast and permuted, in any cut", () => {
  // y [3, 4, 5] = a [3, 1, 5] - b, where b is [5, 4, 3] seen from the other end
  const a = Float32Array.from({ length: 15 }, (_, i) => 100 * i);
  const b = Float32Array.from({ length: 60 }, (_, i) => i);
  for (const pieces of [1, 2, 7, 60]) {
    reset();
    const y = room(240);
    run(
      "sub_f32",
      block(
        [y, put(a), put(b)],
        [
          [3, 20, 5, 1],
          [4, 5, 0, 3],
          [5, 1, 1, 12],
        ],
      ),
      60,
      pieces,
    );
    const got = read(Float32Array, y, 60);
    for (let i = 0; i < 60; i++) {
      const [p, q, r] = [Math.floor(i / 20), Math.floor(i / 5) % 4, i % 5];
      assert.is(got[i], a[p * 5 + r]! - b[p + 3 * q + 12 * r]!, `${pieces} pieces, element ${i}`);
    }
  }
});

const NUMBERS = [0, -0, 1, -1, 2.5, -2.5, 7, -7, 3e9, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN];

/** The kernel over all pairs of `NUMBERS`, against a function of two numbers; NaN equals NaN, and zeros their signs. */
function pairs(
  name: string,
  of: (a: number, b: number) => number,
  skip: (a: number, b: number) => boolean = () => false,
): void {
  for (const [suffix, type, bytes] of [
    ["f32", Float32Array, 4],
    ["f64", Float64Array, 8],
  ] as const) {
    reset();
    const grid = NUMBERS.flatMap((a) => NUMBERS.map((b) => [a, b] as const));
    const y = room(bytes * grid.length);
    const a = put(new type(grid.map((p) => p[0])));
    const b = put(new type(grid.map((p) => p[1])));
    run(`${name}_${suffix}`, block([y, a, b], [[grid.length, 1, 1, 1]]), grid.length);
    const got = read(type as typeof Float64Array, y, grid.length);
    for (const [i, [p, q]] of grid.entries()) {
      if (skip(p, q)) continue;
      const want = new type([of(p, q)])[0]!;
      // The host's own `**` is good to an ulp, no better, nor is the kernel's in float32.
      const isNear = name === "pow" || (name === "atan2" && bytes === 4); // which is good to 1.5 ulp
      const near = isNear && Math.abs(got[i]! - want) <= (bytes === 4 ? 2 ** -23 : 2 ** -52) * Math.abs(want);
      if (!near && !Object.is(got[i], want))
        assert.unreachable(`${name}_${suffix}(${p}, ${q}) = ${got[i]}, not ${want}`);
    }
  }
}

test("remainders and rounded quotients of floats are Python's and C's", () => {
  const remainder = (a: number, b: number): number => {
    const rest = a % b;
    return rest !== 0 && rest < 0 !== b < 0 ? rest + b : rest;
  };
  pairs("fmod", (a, b) => a % b);
  pairs("remainder", remainder);
  pairs("floorDivide", (a, b) => {
    if (b === 0) return a / b;
    const rest = a % b;
    const q = (a - rest) / b - (rest !== 0 && rest < 0 !== b < 0 ? 1 : 0);
    return q === 0 ? (a / b < 0 || Object.is(a / b, -0) ? -0 : 0) : Math.floor(q + 0.5);
  });
});

test("remainders are exact, whatever the quotient", () => {
  const random = noise(3);
  const size = (): number => random() * 2 ** Math.round(random() * 60);
  for (const [suffix, type] of [
    ["f32", Float32Array],
    ["f64", Float64Array],
  ] as const) {
    reset();
    const n = 4096;
    const floats = type as typeof Float64Array;
    const [a, b] = [floats.from({ length: n }, size), floats.from({ length: n }, size)];
    for (let i = 0; i < n; i += 3) a[i] = b[i]! * Math.round(random() * 1000); // quotients that are nearly integers
    const y = room(8 * n);
    for (const name of ["fmod", "remainder"]) {
      run(`${name}_${suffix}`, block([y, put(a), put(b)], [[n, 1, 1, 1]]), n, 2);
      const got = read(floats, y, n);
      for (let i = 0; i < n; i++) {
        const rest = a[i]! % b[i]!;
        const turned = name === "remainder" && rest !== 0 && rest < 0 !== b[i]! < 0;
        const want = new floats([turned ? rest + b[i]! : rest])[0]!;
        if (!Object.is(got[i], want))
          assert.unreachable(`${name}_${suffix}(${a[i]}, ${b[i]}) = ${got[i]}, not ${want}`);
      }
    }
  }
});

test("int32 division rounds as int64 division does", () => {
  const random = noise(5);
  const n = 1000;
  reset();
  const a = Int32Array.from({ length: n }, () => random() * 2 ** 31);
  const b = Int32Array.from({ length: n }, (_, i) => Math.trunc(random() * 2 ** (1 + (i % 31))) || 3);
  a.set([-(2 ** 31), -(2 ** 31), 7]);
  b.set([-1, 1, -1]);
  const [narrow, wide] = [room(4 * n), room(8 * n)];
  for (const name of ["fmod", "remainder", "floorDivide", "truncDivide"]) {
    run(`${name}_i32`, block([narrow, put(a), put(b)], [[n, 1, 1, 1]]), n, 2);
    const [wideA, wideB] = [a, b].map((x) => put(BigInt64Array.from(x, BigInt)));
    run(`${name}_i64`, block([wide, wideA!, wideB!], [[n, 1, 1, 1]]), n, 2);
    const want = Int32Array.from(read(BigInt64Array, wide, n), (x) => Number(BigInt.asIntN(32, x)));
    assert.equal(read(Int32Array, narrow, n), want, name);
  }
  assert.is(takeFault(), 0);
});

test("powers are C's: 1 to any power and any power 0 are 1", () => {
  pairs(
    "pow",
    (a, b) => (a === 1 || (a === -1 && Math.abs(b) === Number.POSITIVE_INFINITY) ? 1 : a ** b),
    (a, b) => Math.abs(a ** b) > 3e38 && a ** b !== Number.POSITIVE_INFINITY,
  );
});

test("the larger and the smaller keep NaN", () => {
  pairs("maximum", Math.max);
  pairs("minimum", Math.min);
  pairs("atan2", Math.atan2);
});

test("integers: division rounds as it says, by 0 is a fault, the least by -1 wraps", () => {
  const of = (name: string, a: bigint, b: bigint): bigint => {
    reset();
    const y = room(8);
    run(`${name}_i64`, block([y, put(BigInt64Array.of(a)), put(BigInt64Array.of(b))], [[1, 1, 1, 1]]), 1);
    return read(BigInt64Array, y, 1)[0]!;
  };
  for (const a of [7n, -7n, 6n, 0n]) {
    for (const b of [2n, -2n, 7n]) {
      const down = a / b - (a % b !== 0n && a < 0n !== b < 0n ? 1n : 0n);
      assert.is(of("floorDivide", a, b), down);
      assert.is(of("remainder", a, b), a - b * down);
      assert.is(of("truncDivide", a, b), a / b);
      assert.is(of("fmod", a, b), a % b);
    }
  }
  const least = -(1n << 63n);
  assert.is(of("floorDivide", least, -1n), least);
  assert.is(of("remainder", least, -1n), 0n);
  assert.is(takeFault(), 0);
  of("truncDivide", 1n, 0n);
  assert.is.not(takeFault(), 0);
  assert.is(of("pow", -3n, 3n), -27n);
  assert.is(of("pow", 2n, -1n), 0n);
  assert.is(of("pow", -1n, -3n), -1n);
  assert.is(of("bitwiseLeftShift", 1n, 64n), 0n);
  assert.is(of("bitwiseRightShift", -8n, 99n), -1n);
});

test("a choice goes by any byte that is not 0, at every width", () => {
  const condition = Uint8Array.from({ length: 21 }, (_, i) => (i % 3 === 0 ? 0 : i));
  for (const width of [1, 2, 4, 8, 16]) {
    reset();
    const a = Uint8Array.from({ length: 21 * width }, (_, i) => i);
    const b = a.map((x) => 255 - x);
    const y = room(a.length);
    run(`where_w${width}`, block([y, put(condition), put(a), put(b)], [[21, 1, 1, 1, 1]]), 21, 3);
    const want = a.map((x, i) => (condition[Math.floor(i / width)] === 0 ? b[i]! : x));
    assert.equal(read(Uint8Array, y, a.length), want, `width ${width}`);
  }
});

test("casts of floats to integers drop the fraction, and keep what x86 keeps out of range", () => {
  reset();
  const a = put(Float64Array.of(2.9, -2.9, -1, 300, 3e9, Number.NaN, 1e19));
  const y = room(64);
  const cast = <T extends Uint8Array | Int8Array | Int32Array | BigInt64Array>(
    to: string,
    type: { new (b: ArrayBuffer, o: number, n: number): T; readonly BYTES_PER_ELEMENT: number },
  ): T => {
    run(`cast_f64_${to}`, block([y, a], [[7, 1, 1]]), 7);
    return read(type as never, y, 7) as unknown as T;
  };
  assert.equal([...cast("u8", Uint8Array)], [2, 254, 255, 44, 0, 0, 0]);
  assert.equal([...cast("i8", Int8Array)], [2, -2, -1, 44, 0, 0, 0]);
  const least = -(2 ** 31);
  assert.equal([...cast("i32", Int32Array)], [2, -2, -1, 300, least, least, least]);
  const lowest = -(1n << 63n);
  assert.equal([...cast("i64", BigInt64Array)], [2n, -2n, -1n, 300n, 3000000000n, lowest, lowest]);
  assert.equal([...cast("b8", Uint8Array)], [1, 1, 1, 1, 1, 1, 1]);
});

test("casts four at a time give what one gives, among numbers that are beyond its means too", () => {
  const odd = [Number.NaN, Infinity, 2 ** 31, -(2 ** 31), 2 ** 51, 1e30, -0, 0.5];
  const next = noise(3);
  const floats = Array.from({ length: 61 }, (_, i) => (i % 7 === 3 ? odd[i % 8]! : Math.fround(next() * 300)));
  const longs = BigInt64Array.from(floats, (_, i) => BigInt(i % 7 === 3 ? 2 ** 40 + i : Math.trunc(next() * 3e5)));
  for (const [from, data, targets] of [
    ["f32", Float32Array.from(floats), ["i64", "i32", "i16", "i8", "u8", "b8", "f16", "bf16"]],
    ["f64", Float64Array.from(floats), ["i64"]],
    ["i64", longs, ["f32", "f64", "b8"]],
    ["u8", Uint8Array.from(floats), ["i64"]],
  ] as const) {
    for (const to of targets) {
      reset();
      const bytes = { i64: 8, f64: 8, i32: 4, f32: 4, i16: 2, f16: 2, bf16: 2, i8: 1, u8: 1, b8: 1 }[to];
      const a = put(data);
      const together = room(61 * bytes);
      const singly = room(61 * bytes);
      run(`cast_${from}_${to}`, block([together, a], [[61, 1, 1]]), 61, 2);
      // Rows of one element each, which are not side by side.
      const apart: [number, number, number][] = [
        [61, 1, 1],
        [1, 7, 7],
      ];
      run(`cast_${from}_${to}`, block([singly, a], apart), 61);
      assert.equal(read(Uint8Array, together, 61 * bytes), read(Uint8Array, singly, 61 * bytes), `${from} → ${to}`);
    }
  }
});

test("16-bit floats: every pattern survives f32, and f32 rounds to nearest even", () => {
  for (const name of ["f16", "bf16"] as const) {
    reset();
    const patterns = Uint16Array.from({ length: 65536 }, (_, i) => i);
    const wide = room(4 * 65536);
    const back = room(2 * 65536);
    run(`cast_${name}_f32`, block([wide, put(patterns)], [[65536, 1, 1]]), 65536, 2);
    run(`cast_f32_${name}`, block([back, wide], [[65536, 1, 1]]), 65536, 2);
    const xs = read(Float32Array, wide, 65536);
    const again = read(Uint16Array, back, 65536);
    // The same in the order of unzip.
    const apart = room(4 * 65536);
    const joined = room(2 * 65536);
    run(`unzip_${name}`, block([apart, put(patterns)], [[65536, 1, 1]]), 65536);
    run(`zip_${name}`, block([joined, apart], [[65536, 1, 1]]), 65536);
    const mixed = read(Float32Array, apart, 65536);
    const rejoined = read(Uint16Array, joined, 65536);
    for (let i = 0; i < 65536; i++) {
      const place = (i & ~15) + ((i & 1) << 3) + ((i & 15) >> 1);
      assert.ok(Object.is(mixed[place], xs[i]), `${name} ${i.toString(16)} unzipped`);
      assert.is(rejoined[i], again[i], `${name} ${i.toString(16)} zipped`);
      if (!Number.isNaN(xs[i]) && again[i] !== i)
        assert.unreachable(`${name} ${i.toString(16)} came back as ${again[i]!.toString(16)}`);
    }
    // Halfway between neighbours the even one wins.
    const [exponent, step] = name === "f16" ? [0x3c00, 2 ** -10] : [0x3f80, 2 ** -7];
    const halves = Float32Array.of(1 + step / 2, 1 + 1.5 * step, 1 + 0.51 * step, 65519.99, 65520, 1e39, Number.NaN);
    const y = room(16);
    run(`cast_f32_${name}`, block([y, put(halves)], [[7, 1, 1]]), 7);
    const got = read(Uint16Array, y, 7);
    assert.equal([...got.slice(0, 3)], [exponent, exponent + 2, exponent + 1]);
    if (name === "f16") assert.equal([...got.slice(3, 6)], [0x7bff, 0x7c00, 0x7c00]);
    assert.ok((got[6]! & 0x7fff) > (name === "f16" ? 0x7c00 : 0x7f80), "NaN stays");
  }
});

/** y = a in another dtype, n ≤ 5 of them; a 16-bit float has casts to and from f32 alone. */
function castBy(from: string, to: string, y: number, a: number, n: number, threads = 1): void {
  const isShort = from.endsWith("f16") || to.endsWith("f16");
  if (from === to) run("copy_w1", block([y, a], [[n, 1, 1]]), n);
  else if (!isShort || from === "f32" || to === "f32")
    run(`cast_${from}_${to}`, block([y, a], [[n, 1, 1]]), n, threads);
  else {
    const wide = room(4 * 5);
    castBy(from, "f32", wide, a, n, threads);
    castBy("f32", to, y, wide, n, threads);
  }
}

test("every pair of dtypes has a cast, and zeros and ones are themselves in all", () => {
  const sizes = { f32: 4, f64: 8, i64: 8, i32: 4, i16: 2, i8: 1, u8: 1, b8: 1, f16: 2, bf16: 2, c64: 8, c128: 16 };
  for (const [from, fromSize] of Object.entries(sizes)) {
    for (const [to, toSize] of Object.entries(sizes)) {
      if (from === to) continue;
      reset();
      const bits = put(Uint8Array.of(1, 0, 1, 1, 0));
      const a = room(16 * 5);
      const y = room(16 * 5);
      const back = room(8 * 5);
      castBy("b8", from, a, bits, 5);
      castBy(from, to, y, a, 5, 2);
      castBy(to, "b8", back, y, 5);
      assert.equal([...read(Uint8Array, back, 5)], [1, 0, 1, 1, 0], `${from} → ${to} (${fromSize} → ${toSize} bytes)`);
    }
  }
});

test.run();
