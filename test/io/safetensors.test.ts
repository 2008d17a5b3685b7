import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { FormatError, safetensors, type Tensor, tensor } from "flambeau";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { parseHeader } from "#src/io/header";

const { load, loadFile, safeOpen, save, saveFile } = safetensors;

const DTYPES = {
  bool: [1, 0, 1],
  uint8: [0, 255],
  int8: [-128, 127],
  int16: [-32768, 5],
  int32: [-5, 2 ** 31 - 1],
  int64: [-(2 ** 40), 7],
  float16: [1.5, -0.25],
  bfloat16: [1.5, -0.25],
  float32: [0.1, Number.NaN, -0],
  float64: [0.1, Number.POSITIVE_INFINITY],
  complex64: [1, 2],
} as const;

/** A file with this header and so many bytes of data. */
function file(header: string | Uint8Array, data = 0, length?: bigint): Uint8Array {
  const json = typeof header === "string" ? new TextEncoder().encode(header) : header;
  const bytes = new Uint8Array(8 + json.length + data);
  new DataView(bytes.buffer).setBigUint64(0, length ?? BigInt(json.length), true);
  bytes.set(json, 8);
  return bytes;
}
const one = (dtype: string, shape: string, begin: number, end: number): string =>
  `{"dtype":"${dtype}","shape":[${shape}],"data_offsets":[${begin},${end}]}`;

function refused(bytes: Uint8Array, why: RegExp): void {
  assert.throws(
    () => load(bytes),
    (error: unknown) => error instanceof FormatError && error instanceof RangeError && why.test(error.message),
    `${new TextDecoder().decode(bytes.subarray(8, 100))} should be refused by ${why}`,
  );
}

const format = suite("the format");

format("every dtype comes back to the bit, in the reference's order of bytes", () => {
  const tensors = Object.fromEntries(
    Object.entries(DTYPES).map(([dtype, values]) => [dtype, tensor(values, { dtype: dtype as keyof typeof DTYPES })]),
  );
  const bytes = save(tensors);
  const back = load(bytes);
  assert.equal(Object.keys(back), [
    "int64",
    "float64",
    "complex64",
    "float32",
    "int32",
    "bfloat16",
    "float16",
    "int16",
    "int8",
    "uint8",
    "bool",
  ]);
  for (const [name, x] of Object.entries(tensors)) {
    const y = back[name]!;
    assert.is(y.dtype, x.dtype);
    assert.equal(y.shape, x.shape);
    assert.equal(bits(y), bits(x), name);
  }
  assert.is(new DataView(bytes.buffer).getUint32(0, true) % 8, 0, "the data is aligned");
});

format("the bytes are those of the format's own description", () => {
  const bytes = save({ b: tensor([1, 2], { dtype: "uint8" }), a: tensor([[0.5]]) }, { format: "pt" });
  const header =
    '{"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[1,1],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[2],"data_offsets":[4,6]}}';
  assert.is(new TextDecoder().decode(bytes.subarray(8, -6)), header.padEnd(Math.ceil(header.length / 8) * 8));
  assert.equal([...bytes.subarray(-6)], [0, 0, 0, 63, 1, 2]);
});

format("0-dim, empty and strided tensors, and names of every kind", () => {
  const names = {
    "": tensor(3),
    "a.b": tensor([]),
    日本: tensor([
      [1, 2],
      [3, 4],
    ]).permute(1, 0),
    'q"\\\n': tensor(2),
  };
  const back = load(save(names));
  assert.equal(back.日本!.tolist(), [
    [1, 3],
    [2, 4],
  ]);
  assert.equal(back["a.b"]!.shape, [0]);
  assert.is(back[""]!.item(), 3);
  assert.is(back['q"\\\n']!.item(), 2);
  assert.is(Object.getPrototypeOf(back), null);
  assert.equal(Object.keys(load(save({}))), []);
});

format("a name without a meaning of its own: __proto__", () => {
  const bytes = file(`{"__proto__":${one("U8", "1", 0, 1)}}`, 1);
  const back = load(bytes);
  assert.equal(Object.keys(back), ["__proto__"]);
  assert.is(Object.values(back)[0]!.item(), 0);
});

format("what cannot be saved is refused before anything is written", () => {
  assert.throws(() => save({ z: tensor([1], { dtype: "complex128" }) }), /complex128, which the format does not have/);
  assert.throws(() => save({ a: tensor(1) }, { n: 1 } as never), /metadata "n" is not text/);
  assert.throws(() => save({ __metadata__: tensor(1) }), /cannot be the name of a tensor/);
});

const hostile = suite("hostile files");

hostile("lengths that lie", () => {
  refused(new Uint8Array(0), /0 bytes are too few/);
  refused(new Uint8Array(7), /7 bytes are too few/);
  refused(file("{}", 0, 3n), /claims 3 bytes, the file has 2 more/);
  refused(file("{}", 0, 2n ** 63n), /claims 9223372036854775808 bytes, more than/);
  refused(file("{}", 0, 100_000_001n), /more than 100000000 are not read/);
  refused(file("{}", 1), /the tensors take 0 bytes, the file has 1/);
});

hostile("headers that are no header", () => {
  for (const text of [
    "",
    " {}",
    "[]",
    "{",
    "{}x",
    '{"a"}',
    '{"a":}',
    "{,}",
    '{"a":1,}',
    "{'a':1}",
    '{"a":[1,]}',
    "{[[[[[[",
  ]) {
    refused(file(text), /header/);
  }
  refused(file("[".repeat(1e5)), /does not begin with/);
  refused(file(`{"a":${"[".repeat(1e5)}`), /not JSON/);
  refused(file(`{"a":"${"\\".repeat(1e5)}`), /not JSON/);
  refused(file(new Uint8Array([0x7b, 0xff, 0x7d])), /not UTF-8/);
  refused(file('{"a":3}'), /"a" is not an object/);
  refused(file('{"__metadata__":{"a":1}}'), /metadata "a" is not text/);
  refused(file('{"__metadata__":[]}'), /__metadata__ is not an object/);
});

hostile("tensors that lie", () => {
  refused(file(`{"a":${one("F32", "2", 0, 4)}}`, 4), /claims 4 bytes for F32\[2\], which takes 8/);
  refused(file(`{"a":${one("F32", "2", 0, 8)}}`, 4), /take 8 bytes, the file has 4/);
  refused(file(`{"a":${one("F32", "-1", 0, -4)}}`), /must have a dtype/);
  refused(file(`{"a":${one("F32", "1.5", 0, 6)}}`, 6), /must have a dtype/);
  refused(file(`{"a":${one("F32", "9007199254740991,9007199254740991", 0, 8)}}`, 8), /which takes/);
  refused(file(`{"a":${one("F32", "4294967296,4294967296,0", 0, 8)}}`, 8), /which takes 0/);
  refused(file(`{"a":${one("F8_E4M3", "1", 0, 1)}}`, 1), /"F8_E4M3", which has no counterpart/);
  refused(file(`{"a":${one("toString", "1", 0, 1)}}`, 1), /no counterpart/);
  refused(file(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"x":1}}`, 1), /must have a dtype/);
  refused(file(`{"a":${one("U8", "1", 1, 2)}}`, 2), /there is a hole/);
  refused(file(`{"a":${one("U8", "2", 0, 2)},"b":${one("U8", "2", 1, 3)}}`, 3), /it overlaps another/);
  refused(file(`{"a":${one("U8", "2", 0, 2)},"b":${one("U8", "2", 0, 2)}}`, 2), /it overlaps another/);
});

hostile("anything that stands twice", () => {
  refused(file(`{"a":${one("U8", "1", 0, 1)},"a":${one("U8", "1", 1, 2)}}`, 2), /the header has the key "a" twice/);
  refused(file(`{"a":${one("U8", "1", 0, 1)},"\\u0061":${one("U8", "1", 1, 2)}}`, 2), /"a" twice/);
  refused(file(`{"a":{"dtype":"U8","dtype":"U8","shape":[1],"data_offsets":[0,1]}}`, 1), /"dtype" twice/);
  refused(file('{"__metadata__":{"a":"1","a":"2"}}'), /__metadata__ has the key "a" twice/);
});

hostile("a file cut anywhere, or with any byte of its header changed, is refused or still whole", () => {
  const bytes = save({ a: tensor([1, 2, 3]), b: tensor([0.5, 1.5]) }, { k: "v" });
  for (let n = 0; n < bytes.length; n++)
    assert.throws(() => load(bytes.subarray(0, n)), /FormatError|bytes|header/, `cut at ${n}`);
  const header = 8 + Number(new DataView(bytes.buffer).getBigUint64(0, true));
  for (let at = 0; at < header; at++) {
    for (const flip of [1, 32, 128]) {
      const changed = bytes.slice();
      changed[at]! ^= flip;
      try {
        load(changed);
      } catch (error) {
        assert.instance(error, FormatError, `byte ${at} ^ ${flip}: ${error}`);
      }
    }
  }
});

const files = suite("files and other sources");
const folder = mkdtempSync(path.join(tmpdir(), "flambeau-"));
files.after(() => rmSync(folder, { recursive: true }));

files("saveFile and loadFile; a path, a file URL, a Blob, a buffer", async () => {
  const target = path.join(folder, "model.safetensors");
  await saveFile(
    {
      w: tensor([
        [1, 2],
        [3, 4],
      ]),
      b: tensor(0.5),
    },
    target,
    { epoch: "3" },
  );
  assert.equal(readdirSync(folder), ["model.safetensors"]);
  const bytes = readFileSync(target);
  for (const source of [
    target,
    pathToFileURL(target),
    pathToFileURL(target).href,
    new Blob([bytes]),
    bytes,
    bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length),
  ]) {
    const { w, b } = await loadFile(source as string);
    assert.equal(w!.tolist(), [
      [1, 2],
      [3, 4],
    ]);
    assert.is(b!.item(), 0.5);
  }
});

files("a file is replaced whole", async () => {
  const target = path.join(folder, "again.safetensors");
  await saveFile({ a: tensor([1, 2, 3]) }, target);
  await saveFile({ a: tensor([4]) }, pathToFileURL(target));
  assert.equal((await loadFile(target)).a!.tolist(), [4]);
});

files("safeOpen reads what is asked for", async () => {
  const target = path.join(folder, "open.safetensors");
  await saveFile({ a: tensor([1, 2, 3]), b: tensor([[0.5]]) }, target, { who: "me" });
  const file = await safeOpen(target);
  assert.equal(file.keys(), ["a", "b"]);
  assert.equal({ ...file.metadata() }, { who: "me" });
  assert.equal(file.getSpec("b"), { dtype: "float32", shape: [1, 1] });
  assert.equal((await file.getTensor("a")).tolist(), [1, 2, 3]);
  await rejects(file.getTensor("c"), /there is no tensor "c"/);
  await file.close();
  assert.is((await safeOpen(save({}))).metadata(), null);
});

files("a model in shards: written, opened lazily, loaded, and refused where its index lies", async () => {
  const target = path.join(folder, "large.safetensors");
  const parts = { a: tensor([1, 2, 3]), b: tensor([[0.5]]), c: tensor([7]), d: tensor(new Float32Array(10)) };
  await saveFile(parts, target, { format: "pt" }, { maxShardSize: 30 });
  const shard = (n: number): string => `large-0000${n}-of-00003.safetensors`;
  const index = `${target}.index.json`;
  assert.equal(JSON.parse(readFileSync(index, "utf8")), {
    metadata: { total_size: 76 },
    weight_map: { a: shard(1), b: shard(1), c: shard(2), d: shard(3) },
  });
  for (const source of [index, pathToFileURL(index), pathToFileURL(index).href]) {
    const read = await loadFile(source);
    for (const [name, x] of Object.entries(parts)) assert.equal(read[name]!.tolist(), x.tolist());
    const file = await safeOpen(source);
    assert.equal(file.keys(), ["a", "b", "c", "d"]);
    assert.equal(file.getSpec("d"), { dtype: "float32", shape: [10] });
    assert.equal((await file.getTensor("c")).tolist(), [7]);
    assert.equal({ ...file.metadata() }, { total_size: "76" });
    await rejects(file.getTensor("e"), /names no tensor "e"/);
    await file.close();
  }
  // All in one file where it fits.
  await saveFile(parts, path.join(folder, "small.safetensors"), null, { maxShardSize: 76 });
  assert.not(readdirSync(folder).some((name) => name.startsWith("small-")));

  const lie = async (map: unknown, why: RegExp): Promise<void> => {
    writeFileSync(index, typeof map === "string" ? map : JSON.stringify({ weight_map: map }));
    await rejects(loadFile(index), why);
    await rejects(safeOpen(index), why);
  };
  await lie({ a: shard(2) }, /there is no tensor "a", though the index says so/);
  await lie({ a: `../${shard(1)}` }, /no name of a safetensors file/);
  await lie({ a: "C:x.safetensors" }, /no name of a safetensors file/);
  await lie({ a: 5 }, /no name of a safetensors file/);
  await lie({ a: "missing.safetensors" }, /cannot open .*missing/);
  await lie(null, /weight_map is not an object/);
  await lie('{"weight_map":{"a":"x.safetensors","a":"y.safetensors"}}', /"a" twice/);
  await lie("[]", /does not begin with {/);
  await rejects(loadFile(new File(["{}"], "m.safetensors.index.json")), /beside a File/);
  await rejects(saveFile(parts, target, null, { maxShardSize: 0 }), /maxShardSize is 0/);
});

files("a URL is read by ranges where the server knows them, else whole", async () => {
  const bytes = save({ a: tensor([1, 2, 3]), big: tensor(new Float32Array(10_000)) });
  let sent = 0;
  let requests = 0;
  const server = createServer((request, response) => {
    requests++;
    const range = /bytes=(\d+)-(\d+)/.exec(request.headers.range ?? "");
    if (request.url === "/none") response.writeHead(404).end();
    else if (range === null || request.url === "/whole") response.end(bytes);
    else {
      const part = bytes.subarray(Number(range[1]), Number(range[2]) + 1);
      sent += part.length;
      response.writeHead(206, { "content-range": `bytes ${range[1]}-${range[2]}/${bytes.length}` }).end(part);
    }
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    const file = await safeOpen(`${address}/ranges`);
    assert.equal((await file.getTensor("a")).tolist(), [1, 2, 3]);
    assert.ok(sent < 1000, `${sent} bytes for a small tensor`);
    requests = 0;
    assert.equal(Object.keys(await loadFile(`${address}/ranges`)).length, 2);
    assert.is(requests, 4, "what it is, its length, its header, its tensors");
    assert.equal((await loadFile(new URL(`${address}/whole`))).a!.tolist(), [1, 2, 3]);
    await rejects(loadFile(`${address}/none`), /cannot fetch .* 404/);
  } finally {
    server.close();
  }
});

files("what is written is what the tensors held when it was called", async () => {
  const target = path.join(folder, "now.safetensors");
  const x = tensor([1, 2, 3]);
  const saving = saveFile({ x }, target);
  x.add_(10);
  x.dispose();
  await saving;
  assert.equal((await loadFile(target)).x!.tolist(), [1, 2, 3]);
  await rejects(saveFile({ x }, target), /disposed/);
  assert.equal((await loadFile(target)).x!.tolist(), [1, 2, 3]);
});

files("a host's own error is the cause of ours", async () => {
  await rejects(loadFile(path.join(folder, "absent")), /cannot open .*absent/);
  await rejects(saveFile({}, path.join(folder, "no", "such", "folder")), /cannot write/);
  await rejects(loadFile(3 as never), /a source is a path/);
  const cut = path.join(folder, "cut");
  writeFileSync(cut, save({ a: tensor([1, 2, 3]) }).subarray(0, -1));
  await rejects(loadFile(cut), /the tensors take 24 bytes, the file has 23/);
});

const header = suite("a large header");
header("takes time and memory in proportion", () => {
  const entries = Array.from({ length: 20_000 }, (_, i) => `"layer.${i}.weight":${one("U8", "1", i, i + 1)}`);
  const text = new TextEncoder().encode(`{${entries.join(",")}}`);
  const started = performance.now();
  assert.is(parseHeader(text, 20_000, "x").entries.size, 20_000);
  assert.ok(performance.now() - started < 2000);
});

function bits(x: Tensor): string {
  return Buffer.from(x.dataSync().buffer as ArrayBuffer).toString("hex");
}

async function rejects(promise: Promise<unknown>, why: RegExp): Promise<void> {
  try {
    await promise;
  } catch (error) {
    assert.match((error as Error).message, why);
    return;
  }
  assert.unreachable(`expected ${why}`);
}

format.run();
hostile.run();
files.run();
header.run();
