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

  const rows = {
    conv_64_64_3x3_56: () => conv(input([1, 64, 56, 56], 1), input([64, 64, 3, 3], 2, 0.1), 1),
    conv_lenet_1: () => conv(input([64, 1, 28, 28], 1), input([6, 1, 5, 5], 2), 2),
    conv_lenet_2: () => conv(input([64, 6, 14, 14], 1), input([16, 6, 5, 5], 2), "valid"),
    softmax_4096_1024: () => eager((x) => tf.softmax(x), input([4096, 1024], 1)),
    layer_norm_4096_1024: () => eager(layerNorm, input([4096, 1024], 1), input([1024], 2), input([1024], 3)),
    add4: () => eager(tf.add, input([4], 1), input([4], 2)),
    view4: () => eager((x) => tf.reshape(x, [2, 2]), input([4], 1)),
    train_mlp_sgd: () => training(mlp, () => tf.train.sgd(0.01)),
    train_mlp_adam: () => training(mlp, () => tf.train.adam(1e-3, 0.9, 0.999, 1e-8)),
    // No LeNet: the WASM backend has no gradient of conv2d's filter.
  };
  for (const n of [64, 128, 256, 512, 1024])
    rows[`matmul_${n}`] = () => eager((a, b) => tf.matMul(a, b), input([n, n], 1), input([n, n], 2));
  for (const n of ["1e3", "1e6"]) {
    rows[`add_${n}`] = () => eager(tf.add, input([Number(n)], 1), input([Number(n)], 2));
    rows[`exp_${n}`] = () => eager(tf.exp, input([Number(n)], 1));
    rows[`gelu_${n}`] = () => eager(gelu, input([Number(n)], 1));
  }
  return { name: `tfjs-wasm ${tf.version_core}`, rows };
}
