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
const INT64 = 7;

const varint = (n) => (n < 128 ? [n] : [(n & 127) | 128, ...varint(Math.floor(n / 128))]);
const number = (field, n) => [...varint(field << 3), ...varint(n)];
const bytes = (field, content) => [...varint((field << 3) | 2), ...varint(content.length), ...content];
const text = (field, s) => bytes(field, new TextEncoder().encode(s));

/** A tensor's name, element type and shape: ValueInfoProto { name 1, type 2 { tensor_type 1 { elem_type 1, shape 2 { dim 1 { dim_value 1 } } } } }. */
const valueInfo = (field, name, type, shape) => {
  const dims = shape.flatMap((n) => bytes(1, number(1, n)));
  return bytes(field, [...text(1, name), ...bytes(2, bytes(1, [...number(1, type), ...bytes(2, dims)]))]);
};
const attribute = ([name, value]) => [
  ...text(ATTRIBUTE.name, name),
  ...(Array.isArray(value) ? value.flatMap((n) => number(ATTRIBUTE.ints, n)) : number(ATTRIBUTE.int, value)),
  ...number(ATTRIBUTE.type, Array.isArray(value) ? TYPE_INTS : TYPE_INT),
];

/** A model of one node: `inputs` maps names to tensors, `output` is the shape of `y`. */
export function oneNode(opType, inputs, output, attributes = {}, outputType = FLOAT) {
  const outputs = opType === "TopK" ? ["y", "indices"] : ["y"];
  const node = [
    ...Object.keys(inputs).flatMap((name) => text(NODE.input, name)),
    ...outputs.flatMap((name) => text(NODE.output, name)),
    ...text(NODE.opType, opType),
    ...Object.entries(attributes).flatMap((a) => bytes(NODE.attribute, attribute(a))),
  ];
  const graph = [
    ...bytes(GRAPH.node, node),
    ...text(GRAPH.name, opType),
    ...Object.entries(inputs).flatMap(([name, { type, dims }]) =>
      valueInfo(GRAPH.input, name, type === "int64" ? INT64 : FLOAT, dims),
    ),
    ...valueInfo(GRAPH.output, "y", outputType, output),
  ];
  return Uint8Array.from([
    ...number(MODEL.irVersion, 9),
    ...bytes(MODEL.graph, graph),
    ...bytes(MODEL.opsetImport, number(OPSET.version, 20)), // 20 is the first with Gelu
  ]);
}

/** The rows, over either package's `InferenceSession` and `Tensor`. */
export function onnxRows({ InferenceSession, Tensor }, options, noise) {
  const input = (shape, seed, scale, shift = 0) => {
    const values = noise(
      shape.reduce((a, b) => a * b, 1),
      seed,
      scale,
    );
    return new Tensor("float32", shift === 0 ? values : values.map((v) => v + shift), shape);
  };
  /** `inputs` maps names to tensors or to the shapes of noise. */
  const row =
    (opType, inputs, output, attributes, outputType = FLOAT) =>
    async () => {
      const entries = Object.entries(inputs).map(([name, given], i) => [
        name,
        typeof given === "function" ? given() : input(given, i + 1),
      ]);
      const feeds = Object.fromEntries(entries);
      const session = await InferenceSession.create(oneNode(opType, feeds, output, attributes, outputType), options);
      return {
        run: () => session.run(feeds),
        probe: async () => Array.from((await session.run(feeds)).y.data, Number),
        done: () => void session.release(),
      };
    };
  const weight = (shape) => () => input(shape, 2, 0.1);
  const positive = (n, seed) => () => input([n], seed, 0.5, 1);
  const ints = (values) => () => new Tensor("int64", BigInt64Array.from(values, BigInt), [values.length]);
  const indices = (n, below) =>
    ints(Array.from(noise(n, 2), (v) => Math.min(below - 1, Math.floor(((v + 1) / 2) * below))));
  const conv = (x, w, output, attributes) => row("Conv", { x, w: weight(w) }, output, attributes);
  const pads = (n) => ({ pads: [n, n, n, n] });
  const window = { kernel_shape: [2, 2], strides: [2, 2] };
  const matrix = [4096, 1024];
  const rows = {
    gemv_4096: row("MatMul", { a: [4096, 4096], x: [4096] }, [4096]),
    linear_32_768_3072: row("Gemm", { x: [32, 768], w: [3072, 768], b: [3072] }, [32, 3072], { transB: 1 }),
    bmm_12_128_64: row("MatMul", { a: [12, 128, 64], b: [12, 64, 128] }, [12, 128, 128]),
    conv_64_64_3x3_56: conv([1, 64, 56, 56], [64, 64, 3, 3], [1, 64, 56, 56], pads(1)),
    conv_3_64_7x7s2_224: conv([1, 3, 224, 224], [64, 3, 7, 7], [1, 64, 112, 112], { ...pads(3), strides: [2, 2] }),
    conv_dw_128_3x3_56: conv([1, 128, 56, 56], [128, 1, 3, 3], [1, 128, 56, 56], { ...pads(1), group: 128 }),
    conv_128_128_1x1_56: conv([1, 128, 56, 56], [128, 128, 1, 1], [1, 128, 56, 56]),
    conv_lenet_1: conv([64, 1, 28, 28], [6, 1, 5, 5], [64, 6, 28, 28], pads(2)),
    conv_lenet_2: conv([64, 6, 14, 14], [16, 6, 5, 5], [64, 16, 10, 10]),
    maxpool_2: row("MaxPool", { x: [8, 64, 56, 56] }, [8, 64, 28, 28], window),
    avgpool_2: row("AveragePool", { x: [8, 64, 56, 56] }, [8, 64, 28, 28], window),
    add_broadcast_row: row("Add", { a: [1024, 1024], b: [1024] }, [1024, 1024]),
    add_broadcast_col: row("Add", { a: [1024, 1024], b: [1024, 1] }, [1024, 1024]),
    sum_1e7: row("ReduceSum", { x: [1e7] }, [], { keepdims: 0 }),
    sum_rows: row("ReduceSum", { x: matrix, dims: ints([1]) }, [4096], { keepdims: 0 }),
    sum_cols: row("ReduceSum", { x: matrix, dims: ints([0]) }, [1024], { keepdims: 0 }),
    argmax_rows: row("ArgMax", { x: matrix }, [4096], { axis: 1, keepdims: 0 }, INT64),
    softmax_4096_1024: row("Softmax", { x: matrix }, matrix),
    log_softmax_4096_1024: row("LogSoftmax", { x: matrix }, matrix),
    layer_norm_4096_1024: row("LayerNormalization", { x: matrix, w: [1024], b: [1024] }, matrix),
    cumsum_1e6: row("CumSum", { x: [1e6], dim: ints([0]) }, [1e6]),
    topk100_1e6: row("TopK", { x: [1e6], k: ints([100]) }, [100]),
    transpose_2048: row("Transpose", { x: [2048, 2048] }, [2048, 2048], { perm: [1, 0] }),
    permute_nhwc: row("Transpose", { x: [8, 64, 56, 56] }, [8, 56, 56, 64], { perm: [0, 2, 3, 1] }),
    cat_1: row("Concat", { a: [1000, 1000], b: [1000, 1000] }, [1000, 2000], { axis: 1 }),
    gather_1e6: row("GatherElements", { x: [1e6], i: indices(1e6, 1e6) }, [1e6], { axis: 0 }),
    embedding: row("Gather", { w: [50000, 128], i: indices(4096, 50000) }, [4096, 128], { axis: 0 }),
    add4: row("Add", { a: [4], b: [4] }, [4]),
  };
  for (const n of [64, 128, 256, 512, 1024, 2048])
    rows[`matmul_${n}`] = row("MatMul", { a: [n, n], b: [n, n] }, [n, n]);
  for (const n of ["1e3", "1e5", "1e7"]) {
    const [x, y, shape] = [positive(Number(n), 1), positive(Number(n), 2), [Number(n)]];
    for (const op of ["Exp", "Tanh", "Sigmoid", "Gelu", "Erf", "Log"])
      rows[`${op.toLowerCase()}_${n}`] = row(op, { x }, shape);
    for (const op of ["Add", "Mul", "Pow"]) rows[`${op.toLowerCase()}_${n}`] = row(op, { a: x, b: y }, shape);
  }
  return rows;
}

/** The version in a package's own package.json. */
export const versionOf = (name) =>
  JSON.parse(readFileSync(new URL(`./node_modules/${name}/package.json`, import.meta.url), "utf8")).version;
