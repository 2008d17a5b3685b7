// Rules of the house that a compiler does not know.
import { readFileSync } from "node:fs";
import path from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { root, sourcesOf, withoutComments } from "./sources.ts";

const rules = suite("rules");
const bodies = ["src/ops", "src/nn", "src/optim"].flatMap((folder) => sourcesOf(folder));

// A body through a method works only where the root entry has attached the methods, and breaks every bundle without it.
rules("bodies of operators, modules and optimizers call operators as functions", () => {
  const operators = new Set(
    sourcesOf("src/ops").flatMap(({ text }) =>
      [...withoutComments(text).matchAll(/^export (?:const|function) (\w+)/gm)].map((m) => m[1]!),
    ),
  );
  // `xs.map`, `text.split`: names that values of the language have too say nothing.
  const ofTheLanguage = new Set(
    [Array, String, Number, Map, Set, Int32Array, Object, RegExp, Function].flatMap((c) => [
      ...Object.getOwnPropertyNames(c.prototype),
      ...Object.getOwnPropertyNames(Object.getPrototypeOf(c.prototype) ?? {}),
    ]),
  );
  // Names that a launch and a Generator have too: `call.int(n).real(p)`, `generator.seed()`.
  for (const name of ["int", "long", "real", "bool", "seed", "manualSeed", "initialSeed"]) operators.delete(name);
  // Receivers that are no tensors: classes, namespaces, the tape's table of functions, and an object's own methods.
  const noTensor = /^([A-Z]\w*|this|super|self|algebra)$/;
  const calls = bodies.flatMap(({ file, text }) => {
    const code = withoutComments(text);
    const namespaces = new Set([...code.matchAll(/import \* as (\w+)/g)].map((m) => m[1]!));
    return code.split("\n").flatMap((line, i) =>
      [...line.matchAll(/(\w+|\)|\])\??\.(\w+)\(/g)]
        .filter(([, receiver]) => !noTensor.test(receiver!) && !namespaces.has(receiver!))
        .filter(([, , name]) => operators.has(name!) && !ofTheLanguage.has(name!))
        .map(([call]) => `${file}:${i + 1}: ${call}`),
    );
  });
  assert.equal(calls, []);
});

rules("a folder of the library has a door: index.ts, or the file of its own name", () => {
  const files = sourcesOf("src").map(({ file }) => file);
  const folders = new Set(files.map((f) => path.posix.dirname(f)).filter((f) => f !== "src"));
  const closed = [...folders].filter((folder) => {
    const doors = [`${folder}/index.ts`, `${folder}/${path.posix.basename(folder)}.ts`];
    return !doors.some((door) => files.includes(door));
  });
  assert.equal(closed, []);
});

rules("no source names a machine or a registry", () => {
  const forbidden = /(?<![\w.])\/(home|work|tmp|root|Users)\/|registry\.(npmjs|yarnpkg)|localhost:\d|[A-Z]:\\\\/;
  const endings = [".ts", ".mjs", ".js", ".json", ".md", ".html", ".py"];
  const named = ["src", "assembly", "bench", "examples", "docs", "test", "tools"]
    .flatMap((folder) => sourcesOf(folder, endings))
    .filter(({ file }) => !file.endsWith("rules.test.ts") && !file.endsWith("package-lock.json"))
    .flatMap(({ file, text }) =>
      text.split("\n").flatMap((line, i) => (forbidden.test(line) ? [`${file}:${i + 1}: ${line.trim()}`] : [])),
    );
  assert.equal(named, []);
});

rules("the package needs nothing at run time and runs nothing when it is installed", () => {
  const manifest = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));
  for (const kind of ["dependencies", "peerDependencies", "optionalDependencies", "bundleDependencies"]) {
    assert.equal(Object.keys(manifest[kind] ?? {}), [], kind);
  }
  for (const script of ["preinstall", "install", "postinstall", "prepare"]) {
    assert.is(manifest.scripts[script], undefined, script);
  }
});

rules("what waits to be done stands on the issue list, not in the sources", () => {
  const waiting = ["src", "assembly", "gpu"]
    .flatMap((folder) => sourcesOf(folder))
    .flatMap(({ file, text }) =>
      text.split("\n").flatMap((line, i) => (/\b(TODO|FIXME|XXX|HACK)\b/.test(line) ? [`${file}:${i + 1}`] : [])),
    );
  assert.equal(waiting, []);
});

rules.run();
