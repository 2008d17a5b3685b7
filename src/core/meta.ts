// The marker of an operator. It carries the signature of the operator's method as a type, so that a method table can be
// mapped over a module of operators without a condition that mentions Tensor (which TypeScript reports as recursion).

export declare const METHOD: unique symbol;

export interface Meta<M> {
  readonly [METHOD]: M;
  readonly opName: string;
}
