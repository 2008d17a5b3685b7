import { readFileSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";

const FLAVOURS = ["simd-single", "simd-threads", "relaxed-single", "relaxed-threads"] as const;
const DOORS = ["enter", "heapBase", "launch", "memory", "settle", "table", "work"];

/** Node 20 cannot compile relaxed SIMD: what it refuses is skipped here and seen by the run on a newer Node. */
function compile(flavour: string): WebAssembly.Module | null {
  const bytes = readFileSync(new URL(`../../../dist/wasm/${flavour}.wasm`, import.meta.url));
  return WebAssembly.validate(bytes) ? new WebAssembly.Module(bytes) : null;
}

for (const flavour of FLAVOURS) {
  test(`${flavour}: the exports are the doors, the only imports are the memory and abort`, () => {
    const module = compile(flavour);
    if (module === null) return;
    assert.equal(
      WebAssembly.Module.exports(module)
        .map((e) => e.name)
        .sort(),
      DOORS,
    );
    for (const { module: from, name } of WebAssembly.Module.imports(module)) {
      assert.ok(from === "env" && (name === "memory" || name === "abort"), `${from}.${name}`);
    }
  });
}

test("the wide kernels are namesakes of the others, and what starts them", () => {
  const module = compile("wide-threads");
  const others = compile("relaxed-threads");
  if (module === null || others === null) return;
  const [, ...names] = new TextDecoder().decode(WebAssembly.Module.customSections(others, "kernels")[0]).split("\n");
  const exported = WebAssembly.Module.exports(module).map((e) => e.name);
  assert.ok(exported.includes("matmul_f32"));
  assert.equal(exported.filter((name) => !names.includes(name) && !/^\.\d+$/.test(name)).sort(), [
    "enter",
    "memory",
    "probe",
    "table",
  ]);
});

test("every flavour lists the same kernels", () => {
  const lists = FLAVOURS.map(compile)
    .filter((m) => m !== null)
    .map((m) => new TextDecoder().decode(WebAssembly.Module.customSections(m, "kernels")[0]));
  for (const list of lists) assert.is(list, lists[0]);
});

test.run();
