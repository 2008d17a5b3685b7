import { readFileSync } from "node:fs";
import { FormatError, numpy, real, Tensor, tensor } from "flambeau";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { fixture, refused, saved } from "./files.js";

const read = suite("files of NumPy's (files.py)");

read("plain, in Fortran's order, of the other byte order, 0-dim", async () => {
  const rows = [
    [0, 1, 2],
    [3, 4, 5],
  ];
  assert.equal((await numpy.load(fixture("plain.npy"))).tolist(), rows);
  const fortran = await numpy.load(fixture("fortran.npy"));
  assert.equal([fortran.tolist(), fortran.stride()], [rows, [1, 2]]);
  const big = await numpy.load(fixture("big.npy"));
  assert.is(big.dtype, "complex64");
  assert.equal(real(big).tolist(), rows);
  const scalar = await numpy.load(fixture("scalar.npy"));
  assert.equal([scalar.shape, scalar.dtype, scalar.item()], [[], "float64", 2.5]);
});

read("archives, stored and deflated", async () => {
  const { x, n, b } = await numpy.load<Record<string, Tensor>>(fixture("stored.npz"));
  assert.equal(
    [x!.shape, n!.tolist(), b!.tolist()],
    [
      [2, 3],
      [1, 2],
      [true, false],
    ],
  );
  const { x: zeros, h } = await numpy.load<Record<string, Tensor>>(fixture("deflated.npz"));
  assert.equal([zeros!.shape, zeros!.abs().sum().item(), h!.item()], [[50, 50], 0, 1.5]);
});

read("what has no dtype here, by its name", async () => {
  await refused(numpy.load(fixture("objects.npy")), /objects holds pickled code/);
  await refused(numpy.load(fixture("uint32.npy")), /the dtype <u4 has no counterpart/);
  await refused(numpy.load(fixture("records.npy")), /not that of plain elements/);
});

const written = suite("files of ours");

written("the bytes are NumPy's own", async () => {
  const x = tensor([
    [0, 1, 2],
    [3, 4, 5],
  ]).to("float32");
  const bytes = await saved((target) => numpy.save(target, x));
  assert.equal(bytes, new Uint8Array(readFileSync(fixture("plain.npy"))));
  const scalar = await saved((target) => numpy.save(target, tensor(2.5, { dtype: "float64" })));
  assert.equal(scalar, new Uint8Array(readFileSync(fixture("scalar.npy"))));
});

written("savez and load; views are written as their elements", async () => {
  const x = tensor([
    [1, 2],
    [3, 4],
  ]).permute(1, 0);
  const bytes = await saved((target) => numpy.savez(target, { x, flags: tensor([true, false]), none: tensor([]) }));
  const back = await numpy.load<Record<string, Tensor>>(bytes);
  assert.equal(Object.keys(back), ["x", "flags", "none"]);
  assert.equal([back.x!.tolist(), back.flags!.tolist(), back.none!.shape], [x.tolist(), [true, false], [0]]);
});

written("bfloat16 and what is no tensor are refused", async () => {
  const nowhere = new WritableStream<Uint8Array>();
  await refused(numpy.save(nowhere, tensor([1], { dtype: "bfloat16" })), /NumPy does not have bfloat16/, TypeError);
  await refused(numpy.save(nowhere, [1] as never), /expected a tensor/, TypeError);
  await refused(numpy.save(3 as never, tensor([1])), /a target is a path/, TypeError);
});

const hostile = suite("hostile files");

hostile("cut at every byte, or any byte changed", async () => {
  for (const name of ["plain.npy", "fortran.npy", "stored.npz", "deflated.npz"]) {
    const bytes = new Uint8Array(readFileSync(fixture(name)));
    for (let n = 0; n < bytes.length; n++) await refused(numpy.load(bytes.subarray(0, n)), /./);
    for (let at = 0; at < bytes.length; at++) {
      for (const flip of [1, 64, 255]) {
        const changed = bytes.slice();
        changed[at]! ^= flip;
        try {
          await numpy.load(changed);
        } catch (error) {
          assert.instance(error, FormatError, `${name} byte ${at} ^ ${flip}: ${error}`);
        }
      }
    }
  }
});

/** A .npy file with this header. */
function file(header: string, data = 0): Uint8Array {
  const bytes = new Uint8Array(10 + header.length + data);
  bytes.set(Buffer.from(`\x93NUMPY\x01\x00\0\0${header}`, "latin1"));
  new DataView(bytes.buffer).setUint16(8, header.length, true);
  return bytes;
}

hostile("headers that lie", async () => {
  const entry = (descr: string, shape: string): string =>
    `{'descr': '${descr}', 'fortran_order': False, 'shape': ${shape}, }`;
  assert.instance(await numpy.load(file(entry("<f4", "(1,)"), 4)), Tensor);
  for (const [bytes, why] of [
    [file(entry("<f4", "(2,)"), 4), /takes 8 bytes, the file has 4/],
    [file(entry("<f4", "(1,)"), 5), /takes 4 bytes, the file has 5/],
    [file(entry("<f4", "(99999999999, 99999999999)")), /takes 3.*e\+22 bytes/],
    [file(entry("<f4", "(1.5,)")), /not understood/],
    [file(entry("<f4", "(-1,)")), /not understood/],
    [file(entry("<f4", "(1,,2)")), /the shape is/],
    [file("{'descr': '<f4', 'descr': '<f4', 'shape': (1,)}"), /descr twice/],
    [file("{'descr': '<f4', 'shape': (1,)}"), /must have/],
    [file("__import__('os')"), /no dictionary/],
    [file(entry("<f3", "(1,)")), /no counterpart/],
  ] as const) {
    await refused(numpy.load(bytes), why);
  }
});

for (const one of [read, written, hostile]) one.run();
