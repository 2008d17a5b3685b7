import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { complex, Float, FormatError, load, nn, noGrad, ones, optim, save, type Tensor, tensor } from "flambeau";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { zipDirectory, zipParts, zipRead } from "#src/io/zip";
import { fixture, open, refused, saved } from "./files.js";

interface Checkpoint {
  model: Record<string, Tensor>;
  optimizer: optim.OptimizerState;
  epoch: number;
}

const read = suite("files of PyTorch's (files.py)");

read("plain values in containers", async () => {
  const v = await load<Record<string, unknown>>(fixture("values.pt"));
  assert.is(Object.getPrototypeOf(v), null);
  assert.equal(
    [v.none, v.true, v.int, v.big, v.huge, v.float, v.inf, v.text],
    [null, true, -7, 2 ** 40, 2n ** 70n, 0.1, Number.POSITIVE_INFINITY, "Größe ≠ 日本"],
  );
  assert.equal(
    [v.list, v.tuple, v.size],
    [
      [1, [2, "x"]],
      [1, [2.5]],
      [2, 3],
    ],
  );
  assert.equal([v.bytes, v.set], [new Uint8Array([0, 255]), new Set([3])]);
  assert.is(String(v.complex), "(1-2j)");
  assert.equal([v.dtype, v.device, v[5]], ["bfloat16", "cpu", "five"]);
  assert.equal(Object.entries(v.ordered as object), [
    ["b", 1],
    ["a", 2],
  ]);
  assert.equal(
    [...(v.pairs as Map<unknown, unknown>)],
    [
      [[1, 2], "tuple"],
      [0.5, "half"],
    ],
  );
  assert.equal({ ...(v.counter as object) }, { 3: 2 });
});

read("tensors, parameters, leaves; what stands twice is one", async () => {
  const v = await load(fixture("values.pt"));
  assert.instance(v.parameter, nn.Parameter);
  assert.equal([v.parameter!.requiresGrad, v.frozen!.requiresGrad, v.leaf!.requiresGrad], [true, false, true]);
  const [a, b] = v.same as unknown as Tensor[];
  assert.is(a, b);
});

read("views share their storage, with strides, offsets and sizes", async () => {
  const { shared, scalar, empty, wide } = (await load(fixture("tensors.pt"))) as Record<string, Tensor>;
  const [rows, columns, part, whole] = shared as unknown as [Tensor, Tensor, Tensor, Tensor];
  whole.fill_(7);
  for (const x of [rows, columns, part]) assert.is(x.eq(7).all().item(), true);
  assert.equal([columns.stride(), part.storageOffset()], [[1, 4], 4]);
  assert.equal([scalar!.item(), empty!.shape, wide!.stride()], [3.5, [0, 3], [0, 0]]);
});

read("every dtype", async () => {
  for (const [dtype, x] of Object.entries(await load(fixture("dtypes.pt")))) {
    assert.is(x.dtype, dtype);
    assert.equal(x.to("float32").tolist(), dtype === "bool" ? [0, 1, 1] : [0, 1, 2]);
  }
});

read("a checkpoint goes into a model and its optimizer, which step on", async () => {
  const { model: state, optimizer: moments, epoch } = await load<Checkpoint>(fixture("checkpoint.pt"));
  assert.is(epoch, 2);
  const model = new nn.Sequential(new nn.Linear(2, 3), new nn.BatchNorm1d(3));
  model.loadStateDict(state);
  const optimizer = new optim.Adam(model.parameters());
  optimizer.loadStateDict(moments);
  assert.is(optimizer.paramGroups[0]!.lr, 0.1);
  const { step, expAvg } = optimizer.state.get(optimizer.paramGroups[0]!.params[0]!)!;
  assert.is(step, 2);
  assert.equal((expAvg as Tensor).shape, [3, 2]);
  model(ones(4, 2)).sum().backward();
  optimizer.step();
});

read("what is no data is refused by its name, the legacy format by its", async () => {
  await refused(load(fixture("module.pt")), /names torch\.nn\.modules\.linear\.Linear, which is no data/);
  await refused(load(fixture("legacy.pt")), /legacy format \(before 1\.6\)/);
  await refused(load(fixture("plain.npy")), /no zip archive/);
  await refused(load(fixture("stored.npz")), /there is no data\.pkl/);
});

const written = suite("files of ours");

written("a state dict is PyTorch's: an OrderedDict with the versions of the layouts, its keys text", async () => {
  const { model } = await load<Checkpoint>(fixture("checkpoint.pt"));
  const versions = (state: object): unknown =>
    Object.entries((state as { _metadata: Record<string, { version: number }> })._metadata).map(
      ([path, { version }]) => [path, version],
    );
  const expected = [
    ["0", 1],
    ["1", 2],
    ["", 1],
  ];
  assert.equal(versions(model), expected);
  const bytes = await saved((target) => save({ model }, target));
  assert.ok(Buffer.from(bytes).includes("ccollections\nOrderedDict\n)R"));
  const again = (await load<Checkpoint>(bytes)).model;
  assert.equal([Object.keys(again), versions(again)], [Object.keys(model), expected]);
  const list = new nn.ParameterList([new nn.Parameter(ones(2))]).stateDict();
  const text = await saved((target) => save(list, target));
  assert.ok(Buffer.from(text).includes("X\u0001\0\0\u00000")); // "0" as text, not as the number
});

const folder = mkdtempSync(path.join(tmpdir(), "flambeau-"));
written.after(() => rmSync(folder, { recursive: true }));

written("come back as they were", async () => {
  const list: unknown[] = [1];
  list.push(list);
  const value = {
    a: [null, true, -1, 2 ** 40, -(2n ** 70n), 0.5, -0, Number.NaN, "日本"],
    bytes: new Uint8Array([1, 255]),
    set: new Set(["x"]),
    complex: complex(1, -2),
    map: new Map<unknown, unknown>([[0.5, [Float(1)]]]),
    state: { 0: "zero", name: "n" },
    list,
  };
  const back = (await load(await saved((target) => save(value, target)))) as unknown as typeof value;
  assert.equal(back.a, value.a);
  assert.equal([back.bytes, back.set, String(back.complex)], [value.bytes, value.set, "(1-2j)"]);
  assert.equal([...back.map], [[0.5, [1]]]);
  assert.equal({ ...back.state }, value.state);
  assert.is(back.list[1], back.list);
});

written("tensors share what they shared; a path is written whole", async () => {
  const base = tensor([1, 2, 3, 4], { dtype: "float64" });
  const target = path.join(folder, "model.pt");
  const saving = save({ base, view: base.view(2, 2).t(), p: new nn.Parameter(ones(1)) }, target);
  noGrad(() => base.add_(10)); // after the call: what is written is what was there
  await saving;
  const { base: x, view: y, p } = (await load(target)) as Record<string, Tensor>;
  assert.equal(y!.tolist(), [
    [1, 3],
    [2, 4],
  ]);
  x!.mul_(2);
  assert.is(y!.at(1, 1).item(), 8);
  assert.instance(p, nn.Parameter);
});

written("an optimizer's state has whole numbers for keys", async () => {
  const p = new nn.Parameter(ones(2));
  p.grad = ones(2);
  const one = new optim.RMSprop([p], { momentum: 0.9 });
  one.step();
  const bytes = await saved((target) => save(one.stateDict(), target));
  const other = new optim.RMSprop([new nn.Parameter(ones(2))]);
  other.loadStateDict((await load(bytes)) as unknown as optim.OptimizerState);
  assert.is(other.paramGroups[0]!.momentum, 0.9);
});

written("what is no data is refused before anything is written", async () => {
  const target = path.join(folder, "never.pt");
  for (const value of [new nn.Linear(1, 1), () => 1, Symbol("x"), new Date()]) {
    await refused(
      save({ deep: [value] }, target),
      /is no data: of a module or an optimizer, save its stateDict/,
      TypeError,
    );
  }
  assert.throws(() => readFileSync(target));
});

const hostile = suite("hostile files");

/** Loads, and lets only a FormatError through as a refusal. */
async function survives(bytes: Uint8Array, what: string): Promise<void> {
  try {
    await load(bytes);
  } catch (error) {
    assert.instance(error, FormatError, `${what}: ${error}`);
  }
}

hostile("cut at every byte", async () => {
  for (const name of ["values.pt", "tensors.pt"]) {
    const bytes = readFileSync(fixture(name));
    for (let n = 0; n < bytes.length; n++) await refused(load(bytes.subarray(0, n)), /./);
  }
});

hostile("the checksum is CRC-32, of any length and wherever the bytes lie in memory", () => {
  const all = Uint8Array.from({ length: 100 }, (_, i) => (i * i * 37) >> 3);
  for (const begin of [0, 1, 2, 3, 4, 7]) {
    for (let length = 0; length <= 70; length++) {
      const bytes = all.subarray(begin, begin + length);
      // By the definition: a division of polynomials, bit by bit.
      let rest = 0xffffffff;
      for (const byte of bytes) {
        rest ^= byte;
        for (let bit = 0; bit < 8; bit++) rest = (rest >>> 1) ^ ((rest & 1) === 1 ? 0xedb88320 : 0);
      }
      const [header] = zipParts([["a", bytes]]);
      assert.is(Buffer.from(header!).readUInt32LE(14), ~rest >>> 0, `${length} bytes from ${begin}`);
    }
  }
});

hostile("any byte changed", async () => {
  const bytes = new Uint8Array(readFileSync(fixture("tensors.pt")));
  for (let at = 0; at < bytes.length; at++) {
    const changed = bytes.slice();
    changed[at]! ^= 1 << (at % 8);
    await survives(changed, `byte ${at}`);
  }
});

hostile("any byte of the pickle changed, with a checksum that agrees", async () => {
  for (const name of ["values.pt", "tensors.pt"]) {
    const files = await open(fixture(name), async (source) => {
      const found: [string, Uint8Array][] = [];
      for (const [file, entry] of await zipDirectory(source)) found.push([file, await zipRead(source, entry)]);
      return found;
    });
    const main = files.find(([file]) => file.endsWith("data.pkl"))![1];
    const own = main.slice();
    for (let at = 0; at < main.length; at++) {
      for (const flip of [1, 16, 128, 255]) {
        main.set(own);
        main[at]! ^= flip;
        await survives(new Uint8Array(Buffer.concat(zipParts(files))), `${name} byte ${at} ^ ${flip}`);
      }
    }
  }
});

/** A file whose pickle is these bytes. */
const file = (pickle: string, ...more: [string, Uint8Array][]): Uint8Array =>
  new Uint8Array(Buffer.concat(zipParts([["a/data.pkl", Buffer.from(pickle, "latin1")], ...more])));

hostile("programs", async () => {
  await refused(load(file("\x80\x02cos\nsystem\n(X\x02\0\0\0lsq\0tR.")), /names os\.system, which is no data/);
  await refused(load(file("\x80\x02c__builtin__\neval\n.")), /names builtins\.eval/);
  await refused(load(file("\x80\x02cconstructor\nprototype\n.")), /names constructor\.prototype/);
  await refused(load(file("\x80\x02ctorch\nfloat32\n)R.")), /calls what is no name/);
  await refused(load(file("\x80\x02ctorch\nFloatStorage\n.")), /has torch\.FloatStorage where a value should be/);
  await refused(load(file("\x80\x02ccollections\nOrderedDict\nK\x01\x85R.")), /in a way that is not known/);
  await refused(load(file("\x80\x02i\n.")), /instruction 0x69/);
  await refused(load(file("\x80\x06N.")), /protocol 6/);
  await refused(load(file("\x80\x02]q\0}b.")), /attributes of an object/);
});

hostile("stacks, lengths and depths that lie", async () => {
  for (const [text, why] of [
    [".", /empty stack/],
    ["(.", /empty stack/],
    ["t.", /no mark/],
    ["Na.", /no list|empty stack/],
    ["}(Nu.", /key without a value/],
    ["}(X\x01\0\0\0aNX\x01\0\0\0aNu.", /the key "a" twice/],
    ["h\x05.", /recalls 5/],
    ["X\xff\xff\xff\xff", /is cut/],
    ["\x8b\xff\xff\xff\x7f", /integer of 2147483647 bytes/],
    ["NN.", /more than one value/],
    ["N.N", /ends at byte/],
    ["X\x01\0\0\0\xff.", /not UTF-8/],
    [`${"]".repeat(1000)}${"a".repeat(999)}.`, /nested deeper than 500/],
  ] as const) {
    await refused(load(file(`\x80\x02${text}`)), why);
  }
});

hostile("a list in itself ten times over takes no more room than it should", async () => {
  // Each level holds the last one ten times: 10^40 leaves, were they copied.
  let text = "\x80\x02]r\0\0\0\0";
  for (let level = 1; level <= 40; level++) {
    text += `](${`j${String.fromCharCode(level - 1)}\0\0\0`.repeat(10)}er${String.fromCharCode(level)}\0\0\0`;
  }
  text += `\x86`.repeat(40);
  let value = (await load(file(`${text}.`))) as unknown;
  while (Array.isArray(value) && value.length > 0) value = value.at(-1);
  assert.equal(value, []);
});

hostile("tensors that reach beyond their storage", async () => {
  const small = (n: number): string =>
    `J${String.fromCharCode(n & 255, (n >> 8) & 255, (n >> 16) & 255, (n >> 24) & 255)}`;
  const pickle = (count: number, offset: number, size: string, stride: string): string =>
    `\x80\x02ctorch._utils\n_rebuild_tensor_v2\n((X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\x000X\x03\0\0\0cpu${small(count)}tQ${small(offset)}(${size}t(${stride}t\x89ccollections\nOrderedDict\n)RtR.`;
  const data: [string, Uint8Array] = ["a/data/0", new Uint8Array(16)];
  const tried = (...args: Parameters<typeof pickle>): Promise<unknown> => load(file(pickle(...args), data));
  assert.equal(((await tried(4, 0, small(4), small(1))) as Tensor).shape, [4]);
  await refused(tried(4, 1, small(4), small(1)), /float32\[4\] reaches beyond the 4 elements/);
  await refused(tried(4, 0, small(2), small(4)), /reaches beyond/);
  await refused(tried(4, -1, small(1), small(1)), /in a way that is not known/);
  await refused(tried(4, 0, small(-1), small(1)), /in a way that is not known/);
  await refused(tried(4, 0, small(2), small(-1)), /in a way that is not known/);
  await refused(tried(4, 0, small(2), ""), /in a way that is not known/);
  await refused(tried(4, 0, small(2 ** 30).repeat(3), small(0).repeat(3)), /reaches beyond/);
  await refused(tried(5, 0, small(1), small(1)), /should have 5 elements of float32, and has 16 bytes/);
  await refused(load(file(pickle(4, 0, small(1), small(1)))), /should have 4 elements of float32, and is not there/);
});

for (const one of [read, written, hostile]) one.run();
