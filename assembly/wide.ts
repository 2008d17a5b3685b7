// The kernels that are compiled a second time for an engine that pairs vectors of 128 bits to 256 (src/cpu/wide.ts): those
// bound by arithmetic. Each takes the place of its namesake in the table, over the same memory, and gives the same bits.
//
// Such an engine pairs two vectors where the same is done to both and their stores (or the loads of a sum's two halves)
// are 16 bytes apart, with nothing stored between. So a loop that is to gain does two vectors at a time.
import { scratch } from "./abi";
import { madd } from "./math";

export { enter } from "./abi";
export { unzip_bf16, unzip_f16, zip_bf16, zip_f16 } from "./cast/half";
export * from "./conv/conv";
export * from "./conv/channels";
export * from "./conv/depthwise";
export * from "./conv/direct";
export * from "./conv/many";
export * from "./conv/manyweight";
export * from "./conv/narrow";
export * from "./conv/weight";
export * from "./conv/winograd";
export * from "./conv/winogradweight";
export * from "./gemm/integers";
export * from "./gemm/matmul";
export * from "./gemm/pairs";
export * from "./linalg/bidiagonal";
export * from "./linalg/cholesky";
export * from "./linalg/lu";
export * from "./linalg/qr";
export { singular_f32, singular_f64 } from "./linalg/singular";
export { spectrum_f32, spectrum_f64 } from "./linalg/spectrum";
export * from "./linalg/triangular";
export { tridiagonal_f32, tridiagonal_f64 } from "./linalg/tridiagonal";
export {
  elu_f32, eluGrad_f32, gelu_f32, geluGrad_f32, geluTanh_f32, geluTanhGrad_f32, logsigmoid_f32, silu_f32, siluGrad_f32, softplus_f32,
} from "./pointwise/activation";
export { atan2_f32, logaddexp_f32, pow_f32 } from "./pointwise/binary";
export {
  acos_f32, asin_f32, atan_f32, cos_f32, cos_f64, cosh_f32, erf_f32, exp_f32, exp_f64, expm1_f64, log_f32, log_f64, log10_f32, log10_f64, log1p_f32,
  log1p_f64, log2_f32, log2_f64, sigmoid_f32, sigmoid_f64, sin_f32, sin_f64, sinh_f32, tan_f32, tanh_f32,
} from "./pointwise/unary";
export * from "./recurrent/recurrent";
export * from "./rows/attention";
export * from "./rows/attentiongrad";
export { batchNormApply_f32, batchNormBackward_f32, batchNormMoments_f32, batchNormSums_f32, groupNormBackward_f32 } from "./rows/batchnorm";
export { crossEntropy_f32, crossEntropyBackward_f32 } from "./rows/crossentropy";
export { layerNorm_f32, layerNormBackward_f32 } from "./rows/layernorm";
export { logSoftmax_f32, logSoftmaxBackward_f32, softmax_f32, softmaxBackward_f32 } from "./rows/softmax";

/** Some multiply-adds whose results lie side by side, to be paired, or apart: for `doesPair` of src/cpu/wide.ts. */
export function probe(turns: i32, pairs: i32): void {
  if (pairs != 0) chains(turns, scratch, 16);
  else chains(turns, scratch, 48);
}

// @ts-ignore: decorator
@inline
function chains(turns: i32, to: usize, step: usize): void {
  const factor = f32x4.splat(0.5);
  let s0 = factor, s1 = factor, s2 = factor, s3 = factor, s4 = factor, s5 = factor;
  let s6 = factor, s7 = factor, s8 = factor, s9 = factor, s10 = factor, s11 = factor;
  let s12 = factor, s13 = factor;
  for (; turns > 0; turns--) {
    s0 = madd<f32>(s0, factor, factor);
    s1 = madd<f32>(s1, factor, factor);
    s2 = madd<f32>(s2, factor, factor);
    s3 = madd<f32>(s3, factor, factor);
    s4 = madd<f32>(s4, factor, factor);
    s5 = madd<f32>(s5, factor, factor);
    s6 = madd<f32>(s6, factor, factor);
    s7 = madd<f32>(s7, factor, factor);
    s8 = madd<f32>(s8, factor, factor);
    s9 = madd<f32>(s9, factor, factor);
    s10 = madd<f32>(s10, factor, factor);
    s11 = madd<f32>(s11, factor, factor);
    s12 = madd<f32>(s12, factor, factor);
    s13 = madd<f32>(s13, factor, factor);
  }
  v128.store(to, s0);
  v128.store(to + step, s1);
  v128.store(to + 2 * step, s2);
  v128.store(to + 3 * step, s3);
  v128.store(to + 4 * step, s4);
  v128.store(to + 5 * step, s5);
  v128.store(to + 6 * step, s6);
  v128.store(to + 7 * step, s7);
  v128.store(to + 8 * step, s8);
  v128.store(to + 9 * step, s9);
  v128.store(to + 10 * step, s10);
  v128.store(to + 11 * step, s11);
  v128.store(to + 12 * step, s12);
  v128.store(to + 13 * step, s13);
}
