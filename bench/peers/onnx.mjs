// ONNX Runtime has no operators to call, only models to run: this file writes one-operator models (protobuf, by hand)
// and has the rows that onnx-web.mjs and onnx-node.mjs share.
import { readFileSync } from "node:fs";

// The fields of onnx.proto3 used here: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3
const MODEL = { irVersion: 1, graph: 7, opsetImport: 8 };
const OPSET = { version: 2 };
const GRAPH = { node: 1, name: 2, input: 11, output: 12 };
const NODE = { input: 1, output: 2, opType: 4, attribute: 5 };
const ATTRIBUTE = { name: 1, int: 3, ints: 8, type: 20 };
const TYPE_INT = 2;
const TYPE_INTS = 7;
const FLOAT = 1;

const varint = (n) => (n < 128 ? [n] : [(n & 127) | 128, ...varint(Math.floor(n / 128))]);
const number = (field, n) => [...varint(field << 3), ...varint(n)];
const bytes = (field, content) => [...varint((field << 3) | 2), ...varint(content.length), ...content];
const text = (field, s) => bytes(field, new TextEncoder().encode(s));

/** A float32 tensor's name and shape: ValueInfoProto { name 1, type 2 { tensor_type 1 { elem_type 1, shape 2 { dim 1 { dim_value 1 } } } } }. */
const valueInfo = (field, name, shape) => {
  const dims = shape.flatMap((n) => bytes(1, number(1, n)));
  return bytes(field, [...text(1, name), ...bytes(2, bytes(1, [...number(1, FLOAT), ...bytes(2, dims)]))]);
};
const attribute = ([name, value]) => [
  ...text(ATTRIBUTE.name, name),
  ...(Array.isArray(value) ? value.flatMap((n) => number(ATTRIBUTE.ints, n)) : number(ATTRIBUTE.int, value)),
  ...number(ATTRIBUTE.type, Array.isArray(value) ? TYPE_INTS : TYPE_INT),
];

/** A model of one node: `inputs` maps names to shapes, `output` is the shape of `y`. */
export function oneNode(opType, inputs, output, attributes = {}) {
  const node = [
    ...Object.keys(inputs).flatMap((name) => text(NODE.input, name)),
    ...text(NODE.output, "y"),
    ...text(NODE.opType, opType),
    ...Object.entries(attributes).flatMap((a) => bytes(NODE.attribute, attribute(a))),
  ];
  const graph = [
    ...bytes(GRAPH.node, node),
    ...text(GRAPH.name, opType),
    ...Object.entries(inputs).flatMap(([name, shape]) => valueInfo(GRAPH.input, name, shape)),
    ...valueInfo(GRAPH.output, "y", output),
  ];
  return Uint8Array.from([
    ...number(MODEL.irVersion, 9),
    ...bytes(MODEL.graph, graph),
    ...bytes(MODEL.opsetImport, number(OPSET.version, 20)), // 20 is the first with Gelu
  ]);
}

/** The rows, over either package's `InferenceSession` and `Tensor`. */
export function onnxRows({ InferenceSession, Tensor }, options, noise) {
  const row =
    (opType, inputs, output, attributes, scales = {}) =>
    async () => {
      const session = await InferenceSession.create(oneNode(opType, inputs, output, attributes), options);
      const feeds = {};
      for (const [i, [name, shape]] of Object.entries(inputs).entries()) {
        const length = shape.reduce((a, b) => a * b, 1);
        feeds[name] = new Tensor("float32", noise(length, i + 1, scales[name]), shape);
      }
      return {
        run: () => session.run(feeds),
        probe: async () => (await session.run(feeds)).y.data,
        done: () => void session.release(),
      };
    };
  const rows = {
    conv_64_64_3x3_56: row(
      "Conv",
      { x: [1, 64, 56, 56], w: [64, 64, 3, 3] },
      [1, 64, 56, 56],
      { pads: [1, 1, 1, 1] },
      { w: 0.1 },
    ),
    conv_lenet_1: row("Conv", { x: [64, 1, 28, 28], w: [6, 1, 5, 5] }, [64, 6, 28, 28], { pads: [2, 2, 2, 2] }),
    conv_lenet_2: row("Conv", { x: [64, 6, 14, 14], w: [16, 6, 5, 5] }, [64, 16, 10, 10]),
    softmax_4096_1024: row("Softmax", { x: [4096, 1024] }, [4096, 1024]),
    layer_norm_4096_1024: row("LayerNormalization", { x: [4096, 1024], w: [1024], b: [1024] }, [4096, 1024]),
    add4: row("Add", { a: [4], b: [4] }, [4]),
  };
  for (const n of [64, 128, 256, 512, 1024]) rows[`matmul_${n}`] = row("MatMul", { a: [n, n], b: [n, n] }, [n, n]);
  for (const n of ["1e3", "1e6"]) {
    const shape = [Number(n)];
    rows[`add_${n}`] = row("Add", { a: shape, b: shape }, shape);
    rows[`exp_${n}`] = row("Exp", { x: shape }, shape);
    rows[`gelu_${n}`] = row("Gelu", { x: shape }, shape);
  }
  return rows;
}

/** The version in a package's own package.json. */
export const versionOf = (name) =>
  JSON.parse(readFileSync(new URL(`./node_modules/${name}/package.json`, import.meta.url), "utf8")).version;
