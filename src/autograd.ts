// fl.autograd: differentiation beyond `backward`.
export { enableGrad, inferenceMode, isGradEnabled, noGrad, setGradEnabled } from "./op/index.ts";
export {
  Function,
  FunctionContext,
  type GradcheckOptions,
  type GradOptions,
  grad,
  gradcheck,
  gradgradcheck,
} from "./ops/autograd.ts";
export * as functional from "./ops/derivatives.ts";
