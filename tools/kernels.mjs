// The kernels: assembly/ → dist/wasm/, four flavours from two compilations, and the wide ones from a third.
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import binaryen from "binaryen";
import { digest, files, root, run } from "./files.mjs";

const SETS = ["simd", "relaxed", "wide"];
// Where a binary's vector constants lie in the memory that they share: from, to.
const CONSTANTS = { main: [10240, 49152], wide: [49152, 65536] };
// A vector constant in binaryen's text.
const CONSTANT = /\(v128\.const i32x4((?: 0x[0-9a-f]{8}){4})\)/g;
// What JavaScript calls by name; every other export is a kernel and moves into the table.
const DOORS = new Set(["enter", "launch", "settle", "work", "memory", "table", "heapBase"]);

/** Compiles them, or takes them from a checkout of the same sources. `only` is one instruction set, null for all. */
export async function buildKernels(only, fast) {
  const sources = files("assembly").filter((f) => f.endsWith(".ts"));
  const stamp = digest(
    [...sources, "asconfig.json", "tools/kernels.mjs"],
    only === null && !fast ? "" : `${only} ${fast}`,
  );
  const stampFile = path.join(root, "dist/wasm/.stamp");
  if (existsSync(stampFile) && readFileSync(stampFile, "utf8") === stamp) return;
  rmSync(path.join(root, "dist/wasm"), { recursive: true, force: true });
  mkdirSync(path.join(root, "dist/wasm"), { recursive: true });
  const kept = path.join(tmpdir(), `flambeau-kernels-${stamp}`);
  if (existsSync(kept)) cpSync(kept, path.join(root, "dist/wasm"), { recursive: true });
  else {
    const started = performance.now();
    await Promise.all((only === null ? SETS : [only]).map((set) => buildSet(set, fast)));
    console.log(`kernels: ${((performance.now() - started) / 1000).toFixed(1)} s`);
    keep(kept);
  }
  writeFileSync(stampFile, stamp);
}

/** Other checkouts of the same sources need not compile them again. */
function keep(folder) {
  const made = mkdtempSync(path.join(tmpdir(), "flambeau-kernels-"));
  cpSync(path.join(root, "dist/wasm"), made, { recursive: true });
  try {
    renameSync(made, folder);
  } catch {
    rmSync(made, { recursive: true }); // another process was first
  }
}

/** Compiles one instruction set with threads; the single build is the same code over a memory that is not shared. */
async function buildSet(set, fast) {
  const out = path.join(root, `dist/wasm/${set}-threads.wasm`);
  const asc = path.join(root, "node_modules/assemblyscript/bin/asc.js");
  const entry = set === "wide" ? "assembly/wide.ts" : "assembly/index.ts";
  await run(asc, [entry, "--config", "asconfig.json", "--target", set, "--outFile", out, ...(fast ? ["-O0"] : [])]);
  if (set === "wide") {
    // These take places in the other's table: they keep their names. The others have one so that each can be compiled.
    const module = constantsInMemory(readFileSync(out), CONSTANTS.wide);
    exportAll(module);
    writeFileSync(out, module.emitBinary());
    module.dispose();
    return;
  }
  const bytes = tableOfKernels(readFileSync(out));
  writeFileSync(out, bytes);
  const single = Uint8Array.from(bytes);
  const limits = limitsOfMemory(bytes);
  single[limits] = 1; // not shared, with a maximum: one bit, and atomics work on either
  writeFileSync(path.join(root, `dist/wasm/${set}-single.wasm`), single);
  // For browsers: every bundler carries a module of text, few carry a file. One text for both builds, which differ in a byte.
  const text = Buffer.from(single).toString("base64");
  writeFileSync(
    path.join(root, `dist/wasm/${set}.js`),
    `export const limits = ${limits};\nexport const base64 = "${text}";\n`,
  );
}

/** Exports every function that is not yet, as a dot and a number. */
function exportAll(module) {
  const exported = new Set();
  for (let i = 0; i < module.getNumExports(); i++)
    exported.add(binaryen.getExportInfo(module.getExportByIndex(i)).value);
  for (let i = 0; i < module.getNumFunctions(); i++) {
    const { name, module: imported } = binaryen.getFunctionInfo(module.getFunctionByIndex(i));
    if (imported === "" && !exported.has(name)) module.addFunctionExport(name, `.${i}`);
  }
}

/** Where the binary has the flags of its imported memory's limits. */
function limitsOfMemory(bytes) {
  const name = new TextEncoder().encode("\u0003env\u0006memory");
  const at = bytes.findIndex((_, i) => name.every((byte, k) => bytes[i + k] === byte)) + name.length;
  const SHARED_WITH_MAXIMUM = 3;
  if (bytes[at] !== 2 || bytes[at + 1] !== SHARED_WITH_MAXIMUM) throw new Error("the kernels import no shared memory");
  return at + 1;
}

/** Moves every kernel from the export list into one element segment; the custom section `kernels` lists their names. */
function tableOfKernels(bytes) {
  const module = constantsInMemory(bytes, CONSTANTS.main);
  // Features are read from the binary's target section where there is one; the kernels use these.
  module.setFeatures(binaryen.Features.All);
  const kernels = [];
  for (let i = 0; i < module.getNumExports(); i++) {
    const e = binaryen.getExportInfo(module.getExportByIndex(i));
    if (e.kind === binaryen.ExternalFunction && !DOORS.has(e.name)) kernels.push([e.name, e.value]);
  }
  kernels.sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [name] of kernels) module.removeExport(name);
  const first = firstFreeSlot(module);
  const table = binaryen.getTableInfo(module.getTableByIndex(0)).name;
  module.removeTable?.(table);
  module.addTable(table, first + kernels.length, first + kernels.length);
  module.addActiveElementSegment(
    table,
    "kernels",
    kernels.map(([, value]) => value),
    module.i32.const(first),
  );
  const text = `${first}\n${kernels.map(([name]) => name).join("\n")}`;
  module.addCustomSection("kernels", new TextEncoder().encode(text));
  const binary = module.emitBinary();
  module.dispose();
  return binary;
}

/**
 * The module with its vector constants in memory, in [from, to), and those of innermost loops in locals that are set before the
 * loop. V8 would build each one anew in every turn, in three or four instructions, where a load is one and a register
 * none (exp of 1e5 numbers: 187 µs, 106 with loads, 79 with locals).
 */
function constantsInMemory(bytes, [from, to]) {
  const module = binaryen.readBinary(bytes);
  module.setFeatures(binaryen.Features.All);
  // A constant that is added to an address becomes the load's own offset: nothing of ours wraps around the end of memory.
  binaryen.setLowMemoryUnused(true);
  module.runPasses(["optimize-added-constants"]);
  const text = module.emitText();
  module.dispose();
  const table = new Map(); // hexadecimal digits → address
  let free = from;
  const place = (digits) => {
    if (!table.has(digits)) {
      table.set(digits, free);
      free += digits.length / 2;
    }
    return table.get(digits);
  };
  const load = (whole, words) => {
    const [a, b, c, d] = words
      .trim()
      .split(" ")
      .map((word) => word.slice(2));
    if (a === b && b === c && c === d) {
      if (a === "00000000" || a === "ffffffff") return whole; // one instruction as it is
      return `(v128.load32_splat (i32.const ${place(a)}))`;
    }
    if (a === c && b === d) return `(v128.load64_splat align=4 (i32.const ${place(b + a)}))`;
    return whole;
  };
  const functions = text.split(/\n(?= \(func )/).map((part) => outOfLoops(part, load).replace(CONSTANT, load));
  const data = [...table.keys()].map((digits) =>
    digits
      .match(/../g)
      .reverse()
      .map((byte) => `\\${byte}`)
      .join(""),
  );
  if (free > to) throw new Error(`${free - from} bytes of vector constants`);
  return binaryen.parseText(functions.join("\n").replace(/\)\s*$/, `(data (i32.const ${from}) "${data.join("")}"))`));
}

/** The text of a function whose innermost loops read their constants from locals. */
function outOfLoops(text, load) {
  const locals = new Map(); // the load → the local
  const body = text.replace(/\(loop /g, "\0$&").split("\0"); // no part but the first begins outside of a loop
  for (let i = 1; i < body.length; i++) {
    const end = endOfExpression(body[i]);
    if (end < 0) continue; // another loop is inside
    const mine = new Set();
    const loop = body[i].slice(0, end).replace(CONSTANT, (whole, words) => {
      const loaded = load(whole, words);
      if (loaded === whole) return whole;
      if (!locals.has(loaded)) locals.set(loaded, `$constant${locals.size}`);
      mine.add(loaded);
      return `(local.get ${locals.get(loaded)})`;
    });
    const sets = [...mine].map((loaded) => `(local.set ${locals.get(loaded)} ${loaded})`);
    const result = /^\(loop \S+ (\(result \S+\))?/.exec(loop)?.[1] ?? "";
    if (mine.size > 0) body[i] = `(block ${result} ${sets.join(" ")} ${loop})${body[i].slice(end)}`;
  }
  const declared = [...locals.values()].map((name) => `  (local ${name} v128)\n`).join("");
  return body.join("").replace(/^( \(func .*\n)/, `$1${declared}`);
}

/** Where the expression ends with which the text begins; -1 if the text ends before. */
function endOfExpression(text) {
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === "(") depth++;
    else if (text[i] === ")" && --depth === 0) return i + 1;
  }
  return -1;
}

/** AssemblyScript's own table entries (function values) come first and keep their places. */
function firstFreeSlot(module) {
  const { initial } = binaryen.getTableInfo(module.getTableByIndex(0));
  return initial;
}
