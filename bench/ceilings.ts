// What this machine and engine allow at the best, measured by the smallest WebAssembly that can show it. A row's limit
// is the larger of its operations at the first ceiling and its bytes at the second. Measured in a process of its own, which
// is this file: `node [--experimental-wasm-revectorize] ceilings.js` prints them.
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";
import { node } from "./libraries.ts";
import type { Row } from "./rows.ts";

/** Ceilings of one thread. */
export interface Ceilings {
  /** float32 operations in 1e9 a second: multiply and add count as two. */
  readonly gflops: number;
  /** Of each cache and of the memory: bytes in 1e9 a second that a working set of this size can be read or copied at. */
  readonly bandwidths: readonly { readonly bytes: number; readonly gbs: number }[];
}

// Ten chains hide the latency of multiply-add and fit the registers; so do twenty where the engine pairs vectors (their
// results lie side by side for it). Memory is read by 64 bytes a turn.
const CHAINS = [10, 20] as const;
const source = (fma: boolean): string => `
${CHAINS.map(
  (chains) => `
export function flops${chains}(turns: i32, x: f32, y: f32): void {
  const b = f32x4.splat(x), c = f32x4.splat(y);
  ${each(chains, (i) => `let s${i} = b;`)}
  for (let i = 0; i < turns; i++) {
    ${each(chains, (i) => `s${i} = ${fma ? `f32x4.relaxed_madd(s${i}, b, c)` : `f32x4.add(f32x4.mul(s${i}, b), c)`};`)}
  }
  ${each(chains, (i) => `v128.store(65536, s${i}, ${16 * i});`)}
}`,
).join("")}
export function read(bytes: usize, turns: i32): f32 {
  let a = f32x4.splat(0), b = a, c = a, d = a;
  for (let t = 0; t < turns; t++)
    for (let p: usize = 65536; p < 65536 + bytes; p += 64) {
      ${[..."abcd"].map((s, i) => `${s} = f32x4.add(${s}, v128.load(p, ${16 * i}));`).join(" ")}
    }
  return f32x4.extract_lane(f32x4.add(f32x4.add(a, b), f32x4.add(c, d)), 0);
}
export function copy(bytes: usize, turns: i32): void {
  const half = bytes >> 1;
  for (let t = 0; t < turns; t++)
    for (let p: usize = 65536; p < 65536 + half; p += 64) {
      const a = v128.load(p), b = v128.load(p, 16), c = v128.load(p, 32), d = v128.load(p, 48);
      ${[..."abcd"].map((s, i) => `v128.store(p + half, ${s}, ${16 * i});`).join(" ")}
    }
}`;

const SIZES = [24 << 10, 512 << 10, 8 << 20, 24 << 20, 128 << 20];
const BEST_OF = 20;

/** x and y are handed in: an engine loads a constant again in each turn. */
type Flops = Record<`flops${(typeof CHAINS)[number]}`, (turns: number, x: number, y: number) => void>;

interface Kernels extends Flops {
  read(bytes: number, turns: number): number;
  copy(bytes: number, turns: number): void;
  memory: WebAssembly.Memory;
}

/** `pairs`: V8's pass that pairs vectors is on, as it is for the wide kernels. */
export function ceilingsOf(pairs: boolean): Ceilings {
  const flags = pairs ? ["--experimental-wasm-revectorize"] : [];
  const output = execFileSync(node, [...flags, fileURLToPath(import.meta.url)], { encoding: "utf8" });
  return JSON.parse(output) as Ceilings;
}

async function measureCeilings(): Promise<Ceilings> {
  const kernels = (await compiled(true)) ?? (await compiled(false))!;
  const { read, copy, memory } = kernels;
  memory.grow((SIZES.at(-1)! >> 16) + 1);
  new Uint8Array(memory.buffer).fill(1); // pages that nobody wrote are all the same page of zeros
  const turns = 1e6;
  return {
    gflops: Math.max(
      ...CHAINS.map((n) => (n * 8 * turns) / fastest(() => kernels[`flops${n}`](turns, 0.999, 1e-3)) / 1e6),
    ),
    bandwidths: SIZES.map((bytes) => {
      const times = Math.max(1, (64 << 20) / bytes);
      const best = Math.min(
        fastest(() => read(bytes, times)),
        fastest(() => copy(bytes, times)),
      );
      return { bytes, gbs: (bytes * times) / best / 1e6 };
    }),
  };
}

/** The least microseconds that `row` can take on one thread; null where neither its operations nor its bytes say. */
export function limitOf({ flops = 0, bytes = 0, double }: Row, { gflops, bandwidths }: Ceilings): number | null {
  if (flops === 0 && bytes === 0) return null;
  const { gbs } = bandwidths.find((b) => b.bytes >= bytes) ?? bandwidths.at(-1)!;
  return Math.max(flops / (double ? gflops / 2 : gflops), bytes / gbs) / 1e3;
}

async function compiled(fma: boolean): Promise<Kernels | null> {
  const { error, binary, stderr } = await asc.compileString(source(fma), {
    enable: ["simd", ...(fma ? ["relaxed-simd"] : [])],
    runtime: "stub",
    optimizeLevel: 3,
    noAssert: true,
  });
  if (error !== null || binary === null) throw new Error(`the ceilings did not compile: ${stderr}`, { cause: error });
  if (!WebAssembly.validate(binary as BufferSource)) return null;
  const { instance } = await WebAssembly.instantiate(binary as BufferSource, { env: { abort: () => {} } });
  return instance.exports as unknown as Kernels;
}

/** Milliseconds of the fastest of a few runs. */
function fastest(f: () => unknown): number {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < BEST_OF; i++) {
    const started = performance.now();
    f();
    best = Math.min(best, performance.now() - started);
  }
  return best;
}

function each(n: number, f: (i: number) => string): string {
  return Array.from({ length: n }, (_, i) => f(i)).join(" ");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(JSON.stringify(await measureCeilings()));
