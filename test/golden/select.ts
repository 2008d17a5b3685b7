// Chooses the recorded cases that are committed and run by every `npm test`: a few of each dtype for what the library
// has, every bad input, and all that is small.
//
//   node build/test/golden/select.js FOLDER      writes test/fixtures/goldens anew
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { operatorOf } from "./call.ts";
import { loadLibrary, lookUp } from "./library.ts";
import type { ModuleFile, OperatorFile, OptimizerFile, RandomCase } from "./recorded.ts";
import { readRecorded } from "./recorded.ts";
import { recordedFiles } from "./replay.ts";

const PER_DTYPE = 3; // cases of one dtype; the float32 ones, which have gradients, twice as many
const PER_MODULE = 6;
const LARGE = 10_000; // characters of JSON: a case beyond it is taken only where a file has no smaller one

// What docs/coverage.md lists as failing: the sign of a singular or an eigenvector is LAPACK's own; bfloat16 ties in Muon.
const LEFT_OUT = /^(ops\/(linalg\.)?svd|ops\/linalg\.eigh|optimizers\/Muon)\.json/;

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error("usage: node build/test/golden/select.js FOLDER");
const target = fileURLToPath(new URL("../../../test/fixtures/goldens/", import.meta.url));
const library = await loadLibrary(null);

rmSync(target, { recursive: true, force: true });
let bytes = 0;
for (const file of recordedFiles(folder)) {
  if (LEFT_OUT.test(path.relative(folder, file))) continue;
  const chosen = choose(readRecorded(file));
  if (chosen === null) continue;
  const to = path.join(target, path.relative(folder, file));
  const packed = gzipSync(JSON.stringify(chosen), { level: 9 });
  mkdirSync(path.dirname(to), { recursive: true });
  writeFileSync(to, packed);
  bytes += packed.length;
}
console.log(`${(bytes / 1e6).toFixed(2)} MB`);

/** The part of a file that is kept; null where the library has nothing of it. */
function choose(content: unknown): unknown {
  const file = content as Partial<OperatorFile & ModuleFile & OptimizerFile> & { cases?: readonly unknown[] };
  if (file.op !== undefined) {
    if (library.scope(() => operatorOf(library, file.op!)) === null) return null;
    const dtypes = spreadOver(file.dtypes!);
    const aliases = file.aliases!.filter((alias) => library.scope(() => operatorOf(library, alias)) !== null);
    return { ...file, aliases, dtypes };
  }
  if (file.module !== undefined) {
    if (lookUp(library, `nn.${file.module}`) === undefined) return null;
    return { ...file, cases: spread(file.cases!.filter(isSmall), PER_MODULE) };
  }
  if (file.optimizer !== undefined) return lookUp(library, `optim.${file.optimizer}`) === undefined ? null : file;
  const random = file.cases as readonly Partial<RandomCase>[];
  return { ...file, cases: random.filter((c) => c.op === undefined || isThere(c.op)) };
}

function isThere(name: string): boolean {
  return lookUp(library, name) !== undefined || library.scope(() => operatorOf(library, name)) !== null;
}

/** A few cases of each dtype; of a file that has large ones alone, the smallest. */
function spreadOver<T>(dtypes: Readonly<Record<string, readonly T[]>>): Record<string, readonly T[]> {
  const chosen = Object.entries(dtypes).map(([dtype, cases]) => {
    return [dtype, spread(cases.filter(isSmall), dtype === "float32" ? 2 * PER_DTYPE : PER_DTYPE)] as const;
  });
  if (chosen.some(([, cases]) => cases.length > 0)) return Object.fromEntries(chosen);
  const all = Object.entries(dtypes).flatMap(([dtype, cases]) => cases.map((c) => [dtype, [c]] as const));
  const smallest = all.toSorted(([, [a]], [, [b]]) => JSON.stringify(a).length - JSON.stringify(b).length)[0];
  return smallest === undefined ? {} : Object.fromEntries([smallest]);
}

function isSmall(recorded: unknown): boolean {
  return JSON.stringify(recorded).length <= LARGE;
}

/** `n` of the cases, evenly from first to last. */
function spread<T>(cases: readonly T[], n: number): readonly T[] {
  if (cases.length <= n) return cases;
  return Array.from({ length: n }, (_, i) => cases[Math.round((i * (cases.length - 1)) / (n - 1))]!);
}
