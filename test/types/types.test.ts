// What the compiler knows of the library, asked of its declarations as a user gets them. For every operator, method, function,
// class and module that there is at run time a program is written: right calls that must compile, and wrong ones that must not
// (`// @ts-expect-error` is an error itself where a wrong call compiles).
import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import * as fl from "flambeau";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { entries, isSample } from "../derived/walk.ts";
import { root, sourcesOf } from "../house/sources.ts";

/** They take whatever they are given. */
const TAKE_ANYTHING: ReadonlySet<string> = new Set(["fl.deepcopy", "fl.isTensor", "fl.nn.Identity"]);
/** Names that the declarations leave out, because users need not know them. */
const INTERNAL: ReadonlySet<string> = new Set(
  sourcesOf("src").flatMap(({ text }) =>
    [...text.matchAll(/@internal\s+\*\/\s+(?:export (?:const|function) )?(\w+)/g)].map(([, name]) => name!),
  ),
);

const HEAD = `import * as fl from "flambeau";
declare const x: fl.Tensor;
/** What no argument of any function is. */
declare const wrong: { readonly nonsense: unique symbol };
type IsAny<T> = 0 extends 1 & T ? true : false;
type HasAny<T> = T extends readonly [infer First, ...infer Rest] ? (IsAny<First> extends true ? true : HasAny<Rest>) : false;
/** Whether what is called has a signature: arguments and result that are known. */
type Signed<F> = IsAny<F> extends true
  ? false
  : F extends abstract new (...args: infer A extends readonly unknown[]) => infer R
    ? HasAny<A> | IsAny<R> extends false ? true : false
    : F extends (...args: infer A extends readonly unknown[]) => infer R
      ? HasAny<A> | IsAny<R> extends false ? true : false
      : false;
const signed = <F>(_f: F, _known: Signed<F>): void => {};
`;

const statements: string[] = [];
const right = (call: string): void => void statements.push(`${call};`);
const wrong = (call: string): void => void statements.push(`// @ts-expect-error\n${call};`);

for (const [name, value] of members(fl, "fl")) {
  if (INTERNAL.has(name.split(".").at(-1)!)) continue;
  right(`signed(${name}, true)`);
  if (!TAKE_ANYTHING.has(name)) wrong(isClass(value) ? `new ${name}(wrong)` : `${name}(wrong)`);
}
for (const [name, value] of members(fl.nn, "fl.nn")) {
  const { prototype } = value as typeof fl.nn.Module;
  if (!(prototype instanceof fl.nn.Module) || prototype.forward === fl.nn.Module.prototype.forward) continue;
  right(`signed(${name}.prototype.forward, true)`); // of which the call's type is made
}
right("new fl.nn.Linear(2, 1).weight = new fl.nn.Parameter(x)");
wrong("new fl.nn.Linear(2, 1).weight = x");
for (const [name, value] of Object.entries(fl.optim)) {
  if (!((value as typeof fl.optim.Optimizer).prototype instanceof fl.optim.Optimizer)) continue;
  right(`new fl.optim.${name}([x], { lr: 0.1 })`);
  wrong(`new fl.optim.${name}([x], { lr: 0.1, nonsense: 1 })`);
}
for (const name of methodsOf(fl.Tensor.prototype)) if (!INTERNAL.has(name)) right(`void x.${name}`);
for (const { name, operator, samples, isPublic } of entries()) {
  if (!isPublic) continue;
  for (const sample of samples) {
    const args = sample.map(written);
    if (args.includes(null)) continue; // something that no literal says
    const { method } = operator.rule;
    const calls = [`fl.${name}(`];
    if (method !== false && typeof method !== "function" && method !== "attribute" && args[0] === "x")
      calls.push(`x.${name}(`);
    for (const call of calls) {
      const given = (call.startsWith("x.") ? args.slice(1) : args) as string[];
      right(`${call}${given.join(", ")})`);
      const options = given.at(-1)?.startsWith("{") ? `{ ...${given.at(-1)}, nonsense: 1 }` : "{ nonsense: 1 }";
      wrong(`${call}${[...(options.startsWith("{ ...") ? given.slice(0, -1) : given), options].join(", ")})`);
    }
  }
}

/** Functions and classes of a module and of the modules in it, by their paths. */
function* members(module: object, prefix: string): Generator<readonly [name: string, value: object]> {
  for (const [name, value] of Object.entries(module)) {
    if (typeof value === "function") yield [`${prefix}.${name}`, value];
    else if (Object.prototype.toString.call(value) === "[object Module]") yield* members(value, `${prefix}.${name}`);
  }
}

function methodsOf(prototype: object): string[] {
  return Object.getOwnPropertyNames(prototype).filter((name) => name !== "constructor" && !name.startsWith("_"));
}

function isClass(value: object): boolean {
  return /^class\b/.test(Function.prototype.toString.call(value));
}

/** A sample's argument as it is written; null where no literal says it. */
function written(value: unknown): string | null {
  if (isSample(value)) return "x";
  if (Array.isArray(value)) {
    const parts = value.map(written);
    return parts.includes(null) ? null : `[${parts.join(", ")}]`;
  }
  if (typeof value === "object" && value !== null) {
    if (Object.getPrototypeOf(value) !== Object.prototype) return null;
    const parts = Object.entries(value).map(([key, x]) => [key, written(x)] as const);
    return parts.some(([, x]) => x === null) ? null : `{ ${parts.map(([key, x]) => `${key}: ${x}`).join(", ")} }`;
  }
  if (typeof value === "bigint") return `${value}n`;
  return typeof value === "string" ? JSON.stringify(value) : typeof value === "function" ? null : String(value);
}

const types = suite("types");
const folder = path.join(root, "build/types");

types("right calls compile, wrong ones do not", () => {
  mkdirSync(folder, { recursive: true });
  try {
    const file = path.join(folder, "calls.ts");
    const program = HEAD + statements.join("\n");
    writeFileSync(file, program);
    const tsc = path.join(root, "node_modules/typescript/bin/tsc");
    const flags = [
      "--noEmit",
      "--pretty",
      "false",
      "--strict",
      "--target",
      "es2022",
      "--module",
      "nodenext",
      "--ignoreConfig",
    ];
    const { stdout } = spawnSync(process.execPath, [tsc, ...flags, file], { encoding: "utf8", maxBuffer: 2 ** 28 });
    const lines = program.split("\n");
    const mistakes = [...stdout.matchAll(/calls\.ts\((\d+),\d+\): (.*)/g)].map(([, line, what]) => {
      const at = Number(line) - 1;
      return `${lines[at]!.startsWith("//") ? lines[at + 1] : lines[at]}  ${what}`;
    });
    assert.equal(mistakes, [], `${mistakes.length} of ${statements.length}`);
    assert.ok(statements.length > 2000 && stdout === "", stdout);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

types.run();
