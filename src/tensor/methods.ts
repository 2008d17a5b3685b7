// The operators as methods of Tensor: types only. This is the one file on this floor that knows of src/ops, and only its
// types; the root entry attaches the functions at run time by the same marker.

import type { Meta } from "../core/index.ts";
import type * as activation from "../ops/activation.ts";
import type * as arrange from "../ops/arrange.ts";
import type * as autograd from "../ops/autograd.ts";
import type * as binary from "../ops/binary.ts";
import type * as cast from "../ops/cast.ts";
import type * as compare from "../ops/compare.ts";
import type * as complex from "../ops/complex.ts";
import type * as copy from "../ops/copy.ts";
import type * as create from "../ops/create.ts";
import type * as decompositions from "../ops/decompositions.ts";
import type * as difference from "../ops/difference.ts";
import type * as erfinv from "../ops/erfinv.ts";
import type * as extreme from "../ops/extreme.ts";
import type * as gamma from "../ops/gamma.ts";
import type * as gather from "../ops/gather.ts";
import type * as histogram from "../ops/histogram.ts";
import type * as indexing from "../ops/indexing.ts";
import type * as join from "../ops/join.ts";
import type * as length from "../ops/length.ts";
import type * as logic from "../ops/logic.ts";
import type * as matmul from "../ops/matmul.ts";
import type * as norm from "../ops/norm.ts";
import type * as numeric from "../ops/numeric.ts";
import type * as pick from "../ops/pick.ts";
import type * as random from "../ops/random.ts";
import type * as reduce from "../ops/reduce.ts";
import type * as resize from "../ops/resize.ts";
import type * as rows from "../ops/rows.ts";
import type * as scan from "../ops/scan.ts";
import type * as scatterreduce from "../ops/scatterreduce.ts";
import type * as softmax from "../ops/softmax.ts";
import type * as sort from "../ops/sort.ts";
import type * as statistics from "../ops/statistics.ts";
import type * as ternary from "../ops/ternary.ts";
import type * as unary from "../ops/unary.ts";
import type * as unique from "../ops/unique.ts";
import type * as variance from "../ops/variance.ts";
import type * as vectors from "../ops/vectors.ts";
import type * as view from "../ops/view.ts";

/** The members that carry the marker of an operator, with the signature that it states for its method. */
type Methods<M> = {
  [K in keyof M as M[K] extends { readonly opName: string } ? K : never]: M[K] extends Meta<infer F> ? F : never;
};

export interface OperatorMethods
  extends Methods<typeof activation>,
    Methods<typeof arrange>,
    Methods<typeof autograd>,
    Methods<typeof binary>,
    Methods<typeof cast>,
    Methods<typeof compare>,
    Methods<typeof complex>,
    Methods<typeof copy>,
    Methods<typeof create>,
    Methods<typeof decompositions>,
    Methods<typeof difference>,
    Methods<typeof erfinv>,
    Methods<typeof extreme>,
    Methods<typeof gamma>,
    Methods<typeof gather>,
    Methods<typeof histogram>,
    Methods<typeof indexing>,
    Methods<typeof join>,
    Methods<typeof length>,
    Methods<typeof logic>,
    Methods<typeof matmul>,
    Methods<typeof norm>,
    Methods<typeof numeric>,
    Methods<typeof pick>,
    Methods<typeof random>,
    Methods<typeof reduce>,
    Methods<typeof resize>,
    Methods<typeof rows>,
    Methods<typeof scan>,
    Methods<typeof scatterreduce>,
    Methods<typeof softmax>,
    Methods<typeof sort>,
    Methods<typeof statistics>,
    Methods<typeof ternary>,
    Methods<typeof unary>,
    Methods<typeof unique>,
    Methods<typeof variance>,
    Methods<typeof vectors>,
    Methods<typeof view> {}
