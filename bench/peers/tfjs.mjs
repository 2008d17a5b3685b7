// TensorFlow.js: its WASM backend (SIMD; in Node it has one thread), eager, with its own optimizers.
import { createRequire } from "node:module";
import path from "node:path";
import * as tf from "@tensorflow/tfjs";
import { setThreadsCount, setWasmPaths } from "@tensorflow/tfjs-backend-wasm";

const require = createRequire(import.meta.url);

export default async function open({ threads, noise }) {
  if (threads !== 1) throw new Error("its WASM backend has one thread in Node");
  setWasmPaths(path.join(path.dirname(require.resolve("@tensorflow/tfjs-backend-wasm")), "/"));
  setThreadsCount(1);
  await tf.setBackend("wasm");
  await tf.ready();

  const input = (shape, seed, scale) => tf.tensor(noise(tf.util.sizeFromShape(shape), seed, scale), shape);
  /** A function of constant tensors; its result is disposed. */
  const eager = (f, ...tensors) => ({
    run: () => f(...tensors).dispose(),
    probe: () => f(...tensors).dataSync(),
    done: () => tf.dispose(tensors),
  });
  const gelu = (x) => tf.tidy(() => tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1)));
  const layerNorm = (x, w, b) =>
    tf.tidy(() => {
      const { mean, variance } = tf.moments(x, 1, true);
      return tf.add(tf.mul(tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, 1e-5))), w), b);
    });
  // tfjs's layout is NHWC with HWIO kernels: the inputs are turned once, outside the time.
  const conv = (x, w, padding) => {
    const turnedX = tf.tidy(() => tf.transpose(x, [0, 2, 3, 1]));
    const turnedW = tf.tidy(() => tf.transpose(w, [2, 3, 1, 0]));
    tf.dispose([x, w]);
    const f = () => tf.conv2d(turnedX, turnedW, 1, padding);
    return {
      run: () => f().dispose(),
      probe: () => tf.tidy(() => tf.transpose(f(), [0, 3, 1, 2])).dataSync(),
      done: () => tf.dispose([turnedX, turnedW]),
    };
  };
  const training = (model, makeOptimizer) => {
    const { parameters, forward, x, labels } = model();
    const optimizer = makeOptimizer();
    const targets = tf.tidy(() => tf.oneHot(tf.tensor1d(labels, "int32"), 10).cast("float32"));
    const step = () =>
      optimizer.minimize(() => tf.losses.softmaxCrossEntropy(targets, forward(x)), true, Object.values(parameters));
    const loss = () => {
      const value = step();
      const [number] = value.dataSync();
      value.dispose();
      return number;
    };
    return {
      run: () => step().dispose(),
      probe: () => [loss(), loss(), loss()],
      done: () => {
        optimizer.dispose();
        tf.dispose([parameters, x, targets]);
      },
    };
  };
  const labels = Array.from({ length: 64 }, (_, i) => i % 10);
  const mlp = () => {
    const parameters = [];
    [784, 256, 128, 10].forEach((n, i, sizes) => {
      if (i === 0) return;
      const k = sizes[i - 1];
      // The weights are [out, in] in the other libraries.
      parameters.push(tf.tidy(() => tf.variable(tf.transpose(input([n, k], i, 1 / Math.sqrt(k))))));
      parameters.push(tf.tidy(() => tf.variable(tf.zeros([n]))));
    });
    const [w1, b1, w2, b2, w3, b3] = parameters;
    const forward = (x) => {
      const h1 = tf.relu(tf.add(tf.matMul(x, w1), b1));
      const h2 = tf.relu(tf.add(tf.matMul(h1, w2), b2));
      return tf.add(tf.matMul(h2, w3), b3);
    };
    return { parameters, forward, x: input([64, 784], 9), labels };
  };

  const positive = (n, seed) => tf.tidy(() => tf.add(input([n], seed, 0.5), 1));
  const indices = (n, below) =>
    tf.tensor1d(
      Array.from(noise(n, 2), (v) => Math.min(below - 1, Math.floor(((v + 1) / 2) * below))),
      "int32",
    );
  const matrix = () => input([4096, 1024], 1);
  // Pools are of NHWC, as convolutions are.
  const image = () => tf.tidy(() => tf.transpose(input([8, 64, 56, 56], 1), [0, 2, 3, 1]));
  const pooled = (f) => {
    const x = image();
    return { ...eager(f, x), probe: () => tf.tidy(() => tf.transpose(f(x), [0, 3, 1, 2])).dataSync() };
  };
  const attention = (q, k, v) =>
    tf.tidy(() => {
      const t = q.shape[1];
      const scores = tf.mul(tf.matMul(q, k, false, true), 1 / Math.sqrt(q.shape[2]));
      return tf.matMul(tf.softmax(tf.where(tf.linalg.bandPart(tf.ones([t, t]), -1, 0).cast("bool"), scores, -1e9)), v);
    });
  const heads = (t) => [1, 2, 3].map((seed) => input([12, t, 64], seed));

  const rows = {
    matmul_512_bt: () => eager((a, b) => tf.matMul(a, b, false, true), input([512, 512], 1), input([512, 512], 2)),
    linear_32_768_3072: () =>
      eager(
        (x, w, b) => tf.tidy(() => tf.add(tf.matMul(x, w, false, true), b)),
        ...[input([32, 768], 1), input([3072, 768], 2), input([3072], 3)],
      ),
    gemv_4096: () => eager((a, x) => tf.matMul(a, x), input([4096, 4096], 1), input([4096, 1], 2)),
    bmm_12_128_64: () => eager((a, b) => tf.matMul(a, b), input([12, 128, 64], 1), input([12, 64, 128], 2)),
    conv_64_64_3x3_56: () => conv(input([1, 64, 56, 56], 1), input([64, 64, 3, 3], 2, 0.1), 1),
    conv_128_128_1x1_56: () => conv(input([1, 128, 56, 56], 1), input([128, 128, 1, 1], 2, 0.1), 0),
    conv_lenet_1: () => conv(input([64, 1, 28, 28], 1), input([6, 1, 5, 5], 2, 0.1), 2),
    conv_lenet_2: () => conv(input([64, 6, 14, 14], 1), input([16, 6, 5, 5], 2, 0.1), "valid"),
    maxpool_2: () => pooled((x) => tf.maxPool(x, 2, 2, "valid")),
    avgpool_2: () => pooled((x) => tf.avgPool(x, 2, 2, "valid")),
    add_broadcast_row: () => eager(tf.add, input([1024, 1024], 1), input([1024], 2)),
    add_broadcast_col: () => eager(tf.add, input([1024, 1024], 1), input([1024, 1], 2)),
    chain6_1e6: () =>
      eager((x) => tf.tidy(() => tf.sub(tf.sigmoid(tf.mul(tf.sin(tf.add(tf.mul(x, 2), 1)), x)), x)), positive(1e6, 1)),
    sum_1e7: () => eager((x) => tf.sum(x), input([1e7], 1)),
    sum_rows: () => eager((x) => tf.sum(x, 1), matrix()),
    sum_cols: () => eager((x) => tf.sum(x, 0), matrix()),
    argmax_rows: () => eager((x) => tf.argMax(x, 1), matrix()),
    softmax_4096_1024: () => eager((x) => tf.softmax(x), matrix()),
    log_softmax_4096_1024: () => eager((x) => tf.logSoftmax(x), matrix()),
    layer_norm_4096_1024: () => eager(layerNorm, matrix(), input([1024], 2), input([1024], 3)),
    cumsum_1e6: () => eager((x) => tf.cumsum(x), input([1e6], 1)),
    topk100_1e6: () =>
      eager(
        (x) => {
          const { values, indices } = tf.topk(x, 100);
          indices.dispose();
          return values;
        },
        input([1e6], 1),
      ),
    transpose_2048: () => eager((x) => tf.transpose(x), input([2048, 2048], 1)),
    permute_nhwc: () => eager((x) => tf.transpose(x, [0, 2, 3, 1]), input([8, 64, 56, 56], 1)),
    cat_1: () => eager((a, b) => tf.concat([a, b], 1), input([1000, 1000], 1), input([1000, 1000], 2)),
    gather_1e6: () => eager((x, i) => tf.gather(x, i), input([1e6], 1), indices(1e6, 1e6)),
    embedding: () => eager((w, i) => tf.gather(w, i), input([50000, 128], 1), indices(4096, 50000)),
    sdpa_causal_12x128x64: () => eager(attention, ...heads(128)),
    sdpa_causal_12x1024x64: () => eager(attention, ...heads(1024)),
    add4: () => eager(tf.add, input([4], 1), input([4], 2)),
    view4: () => eager((x) => tf.reshape(x, [2, 2]), input([4], 1)),
    train_mlp: () => training(mlp, () => tf.train.adam(1e-3, 0.9, 0.999, 1e-8)),
    train_mlp_sgd: () => training(mlp, () => tf.train.sgd(0.01)),
    // No LeNet: the WASM backend has no gradient of conv2d's filter.
  };
  for (const n of [64, 128, 256, 512, 1024, 2048])
    rows[`matmul_${n}`] = () => eager((a, b) => tf.matMul(a, b), input([n, n], 1), input([n, n], 2));
  for (const n of ["1e3", "1e5", "1e7"]) {
    const { exp, tanh, sigmoid, erf, log, add, mul, pow } = tf;
    for (const [name, f] of Object.entries({ exp, tanh, sigmoid, gelu, erf, log }))
      rows[`${name}_${n}`] = () => eager((x) => f(x), positive(Number(n), 1));
    for (const [name, f] of Object.entries({ add, mul, pow }))
      rows[`${name}_${n}`] = () => eager((x, y) => f(x, y), positive(Number(n), 1), positive(Number(n), 2));
  }
  return { name: `tfjs-wasm ${tf.version_core}`, rows };
}
