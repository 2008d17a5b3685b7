// Scopes: what they free, what they keep, and that no other code's tensors are ever theirs.

import * as fl from "flambeau";
import { suite } from "uvu";
import * as assert from "uvu/assert";

type Tensor = fl.Tensor;
const inUse = (): number => fl.memoryStats().storages;
const made = (n = 4): Tensor => fl.tensor(Array.from({ length: n }, (_, i) => i + 0.5));
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Runs `body` with console.warn written down. */
async function warnings(body: () => unknown): Promise<string[]> {
  const { warn } = console;
  const said: string[] = [];
  console.warn = (text: string) => void said.push(text);
  try {
    await body();
  } finally {
    console.warn = warn;
  }
  return said;
}

// The library keeps the tensors of recent numbers: not a leak, but counted.
fl.scope(() => {
  for (const n of [1, 2, 3]) made().mul(n);
});

const test = suite("scope");

test("what is made inside goes back, what is returned stays", () => {
  const before = inUse();
  const y = fl.scope(() => made().mul(2).add(made()));
  assert.is(inUse() - before, 1);
  assert.equal(y.tolist(), [1.5, 4.5, 7.5, 10.5]);
  y.dispose();
  assert.is(inUse(), before);
});

test("tensors in arrays, plain objects, Maps and Sets stay, at any depth and in circles", () => {
  const before = inUse();
  type Nest = { a: unknown; self?: Nest };
  const kept = fl.scope(() => {
    made();
    const nest: Nest = { a: [[[[[[[[[[made()]]]]]]]]]] };
    nest.self = nest;
    return { list: [made(), "text", null], map: new Map([["k", made()]]), set: new Set([made()]), nest, n: 7 };
  });
  assert.is(inUse() - before, 4);
  assert.not(kept.list[0] === null || (kept.list[0] as Tensor).isDisposed);
  for (const x of [kept.list[0] as Tensor, kept.map.get("k")!, ...kept.set]) x.dispose();
  let inner: unknown = kept.nest.a;
  while (Array.isArray(inner)) inner = inner[0];
  (inner as Tensor).dispose();
  assert.is(inUse(), before);
});

test("several results with names stay", () => {
  const { values, indices } = fl.scope(() =>
    fl
      .tensor([
        [1.5, 3],
        [2, 0],
      ])
      .max(1),
  );
  assert.equal(values.tolist(), [3, 2]);
  assert.equal(indices.tolist(), [1, 0]);
});

test("scopes nest: what one returns belongs to the one around it", () => {
  const before = inUse();
  let inner: Tensor | null = null;
  const outer = fl.scope(() => {
    inner = fl.scope(() => made().mul(2));
    assert.not(inner.isDisposed);
    return inner.add(1);
  });
  assert.ok(inner!.isDisposed);
  assert.is(inUse() - before, 1);
  outer.dispose();
});

test("a returned view keeps its base's memory and no more", () => {
  const before = inUse();
  const row = fl.scope(() =>
    fl
      .tensor([
        [1.5, 2],
        [3, 4],
      ])
      .at(1),
  );
  assert.equal(row.tolist(), [3, 4]);
  assert.is(inUse() - before, 1);
  row.dispose();
  assert.is(inUse(), before);
});

test("what was made before the scope is not its", () => {
  const x = made();
  const before = inUse();
  fl.scope(() => {
    x.mul(x);
    x.add_(1);
  });
  assert.is(inUse(), before);
  assert.equal(x.tolist(), [1.5, 2.5, 3.5, 4.5]);
});

test("an error inside frees all and passes unchanged", () => {
  const before = inUse();
  const mine = new Error("mine");
  assert.throws(
    () =>
      fl.scope(() => {
        made();
        fl.scope(() => {
          made();
          throw mine;
        });
      }),
    (e: unknown) => e === mine,
  );
  assert.is(inUse(), before);
  // The scope around is current again.
  const x = made();
  assert.is(inUse() - before, 1);
  x.dispose();
});

test("a callback that goes on after its return is refused", () => {
  assert.throws(() => fl.scope(async () => {}), /scope cannot span an await: wrap each synchronous part/);
  assert.throws(
    () =>
      fl.scope(function* () {
        yield 1;
      }),
    /scope cannot span a yield/,
  );
  const s = fl.scope();
  assert.throws(() => s.run(async () => {}), /scope cannot span an await/);
  s.dispose();
});

test("disposing by hand inside is fine, twice too", () => {
  const before = inUse();
  fl.scope(() => {
    const x = made();
    x.dispose();
    x.dispose();
  });
  assert.is(inUse(), before);
});

test("a block scope frees at its end, but for what it keeps", () => {
  const before = inUse();
  const s = fl.scope();
  const lost = made();
  const kept = s.keep(made().mul(3));
  assert.is(kept, s.keep(kept));
  s.dispose();
  s.dispose();
  assert.ok(lost.isDisposed);
  assert.equal(kept.tolist(), [1.5, 4.5, 7.5, 10.5]);
  assert.is(inUse() - before, 1);
  kept.dispose();
  assert.throws(() => s.run(() => {}), /run after dispose/);
});

test("block scopes closed in the wrong order each free their own, and nothing after them", () => {
  const before = inUse();
  const a = fl.scope();
  const inA = made();
  const b = fl.scope();
  const inB = made();
  a.dispose();
  assert.ok(inA.isDisposed);
  assert.not(inB.isDisposed);
  const alsoInB = made();
  b.dispose();
  assert.ok(inB.isDisposed && alsoInB.isDisposed);
  const after = made();
  assert.is(inUse() - before, 1);
  after.dispose();
});

test("a block scope left open ends with the callback around it", () => {
  const before = inUse();
  let s: fl.Scope | null = null;
  fl.scope(() => {
    s = fl.scope();
    made();
  });
  const after = made();
  s!.dispose();
  assert.not(after.isDisposed);
  after.dispose();
  assert.is(inUse(), before);
});

test("Symbol.dispose ends a scope and a tensor where the host has it", () => {
  const symbol = (Symbol as { dispose?: symbol }).dispose;
  if (symbol === undefined) return; // Node 20 without the syntax has the symbol; older hosts have neither
  const before = inUse();
  const s = fl.scope() as unknown as Record<symbol, () => void>;
  const x = fl.scope(() => made()) as unknown as Record<symbol, () => void>;
  x[symbol]!();
  made();
  s[symbol]!();
  assert.is(inUse(), before);
});

test("a scope is current to the end of its turn, whoever runs then", async () => {
  const before = inUse();
  const s = fl.scope();
  await turn();
  const foreign = made(); // other code, later
  const said = await warnings(() => s.dispose());
  assert.not(foreign.isDisposed);
  assert.equal(said, [], "nothing was lost, so nothing is said");
  foreign.dispose();
  assert.is(inUse(), before);
});

test("closed in a later turn it leaves its tensors to the collector and says so once", async () => {
  const said = await warnings(async () => {
    for (let i = 0; i < 2; i++) {
      const s = fl.scope();
      const x = made();
      await turn();
      s.dispose();
      assert.not(x.isDisposed, "it may be anybody's");
      x.dispose();
    }
  });
  assert.is(said.length, 1);
  assert.match(said[0]!, /s\.run\(\(\) => …\)/);
});

test("after an await, run makes tensors that the scope frees", async () => {
  const before = inUse();
  const s = fl.scope();
  await turn();
  const x = s.run(() => made());
  const kept = s.keep(s.run(() => x.mul(2)));
  await turn();
  const outside = made();
  assert.not(x.isDisposed);
  s.dispose();
  assert.ok(x.isDisposed);
  assert.not(kept.isDisposed || outside.isDisposed);
  kept.dispose();
  outside.dispose();
  assert.is(inUse(), before);
});

test("concurrent handlers with scopes and awaits never touch each other's tensors", async () => {
  const before = inUse();
  const handler = async (n: number): Promise<number> => {
    const s = fl.scope();
    try {
      await turn();
      const x = s.run(() => made(n).mul(2));
      for (let i = 0; i < n % 5; i++) await turn();
      return s.run(() => x.sum().item());
    } finally {
      s.dispose();
    }
  };
  const sums = await Promise.all(Array.from({ length: 50 }, (_, n) => handler(n + 1)));
  assert.equal(
    sums,
    Array.from({ length: 50 }, (_, n) => (n + 1) ** 2),
  );
  assert.is(inUse(), before);
});

test("what the tape keeps for a result that stays, stays", () => {
  const w = fl.tensor([1.5, 2.5], { requiresGrad: true });
  const loss = fl.scope(() => {
    const h = w.mul(w); // saves w twice
    return h.mul(h.detach()).sum(); // saves h
  });
  loss.backward();
  assert.equal(w.grad!.tolist(), [2 * 1.5 ** 3, 2 * 2.5 ** 3]);
});

test("a graph that no result leads to frees what it saved", () => {
  const w = fl.tensor([1.5, 2.5], { requiresGrad: true });
  const before = inUse();
  fl.scope(() => {
    const h = w.mul(w);
    h.mul(h).sum();
  });
  assert.is(inUse(), before);
  // One of two: only what leads to it is kept.
  const kept = fl.scope(() => {
    const h = w.exp();
    h.mul(h).sum();
    return w.neg();
  });
  assert.is(inUse() - before, 1);
  kept.backward(fl.tensor([1.0001, 1]));
  kept.dispose();
});

test("gradients made inside outlive the scope", () => {
  const w = fl.tensor([1.5, 2.5], { requiresGrad: true });
  const before = inUse();
  fl.scope(() => w.mul(w).sum().backward());
  assert.equal(w.grad!.tolist(), [3, 5]);
  assert.is(inUse() - before, 1);
  fl.scope(() => w.mul(2).sum().backward());
  assert.equal(w.grad!.tolist(), [5, 7], "and are added to");
  assert.is(inUse() - before, 1);
});

test.run();
