// The house has floors, and imports point down: docs/architecture.md says why.
import path from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { importsOf, sourcesOf } from "./sources.ts";

const FLOORS: Readonly<Record<string, number>> = {
  core: 0,
  device: 1,
  cpu: 1.5,
  tensor: 2,
  op: 3,
  ops: 4,
  func: 5,
  compile: 5,
  distributions: 6,
  nn: 6,
  optim: 6,
  data: 6,
  io: 6,
  remote: 6,
  // The entries, which stand in src itself: they attach the methods and pick the host's loader.
  "": 7,
};
// The method table is a type of all operators, and so the one thing of the tensor's floor that names those above it.
const METHOD_TABLE = "src/tensor/methods.ts";

const imports = suite("imports");
const library = sourcesOf("src");
const links = library.flatMap((source) =>
  importsOf(source)
    .filter(({ specifier }) => specifier.startsWith("."))
    .map(({ specifier, typeOnly }) => {
      const target = path.posix.join(path.posix.dirname(source.file), specifier);
      return { from: source.file, to: target, typeOnly };
    }),
);

/** `src/ops/pointwise/unary.ts` lives in the room `ops`. */
function room(file: string): string {
  return file.split("/").slice(1, -1)[0] ?? "";
}

imports("every room stands on a floor", () => {
  for (const { file } of library) assert.ok(room(file) in FLOORS, `${file}: no floor is known for its folder`);
});

imports("they point down", () => {
  const up = links.filter(({ from, to, typeOnly }) => {
    if (from === METHOD_TABLE && typeOnly && room(to) === "ops") return false;
    return FLOORS[room(to)]! > FLOORS[room(from)]!;
  });
  assert.equal(
    up.map(({ from, to }) => `${from} → ${to}`),
    [],
  );
});

imports("rooms of one floor do not need each other in a circle", () => {
  const needs = new Map<string, Set<string>>();
  for (const { from, to } of links) {
    if (from === METHOD_TABLE || room(from) === room(to)) continue;
    needs.set(room(from), (needs.get(room(from)) ?? new Set()).add(room(to)));
  }
  const finished = new Set<string>();
  const visit = (at: string, trail: readonly string[]): void => {
    assert.not(trail.includes(at), `${[...trail, at].join(" → ")}`);
    if (finished.has(at)) return;
    for (const next of needs.get(at) ?? []) visit(next, [...trail, at]);
    finished.add(at);
  };
  for (const start of needs.keys()) visit(start, []);
});

imports("nothing but the library itself and the host is imported", () => {
  const foreign = library.flatMap((source) =>
    importsOf(source)
      .filter(({ specifier }) => !/^(\.{1,2}\/.*\.ts$|node:|\.\/(wasm|worker\.packed)[/.]|#host$)/.test(specifier))
      .map(({ specifier }) => `${source.file}: ${specifier}`),
  );
  assert.equal(foreign, []);
});

imports("kernels know no JavaScript: assembly imports only itself", () => {
  const foreign = sourcesOf("assembly").flatMap((source) =>
    importsOf(source)
      .filter(({ specifier }) => !specifier.startsWith("."))
      .map(({ specifier }) => `${source.file}: ${specifier}`),
  );
  assert.equal(foreign, []);
});

imports.run();
