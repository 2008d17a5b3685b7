// fl.distributions: what can be drawn from, and how likely it is.
export { Exponential, Laplace, Uniform } from "./continuous.ts";
export { Bernoulli, Categorical } from "./discrete.ts";
export { Distribution, type Param, type SampleShape } from "./distribution.ts";
export { Independent } from "./independent.ts";
export { klDivergence } from "./kl.ts";
export { MultivariateNormal, Normal } from "./normal.ts";
