// A tensor as text: reads the elements and hands them to printing.ts.

import { ComplexScalar, DTYPES, defaultFloat } from "../core/index.ts";
import { isTracked } from "./auto.ts";
import { print as format } from "./printing.ts";
import { readAllSync, reader } from "./read.ts";
import type { Tensor } from "./tensor.ts";

/** What PyTorch's repr prints. A freed tensor, or one whose device answers later, prints its type and shape and says why. */
export function print(x: Tensor): string {
  const about = `size=(${x.shape.join(", ")}), dtype=${DTYPES[x.code]}`;
  if (x.storage.allocation === null) return `tensor(<disposed>, ${about})`;
  const { backend } = x.storage;
  if (!backend.synchronous) return `tensor(<on ${x.device}: await x.data()>, ${about})`;
  const element = reader(x.code, readAllSync(x, "toString"));
  const tracked = isTracked(x);
  return format({
    shape: x.shape,
    dtype: x.dtype,
    read(position, part) {
      const value = element(position);
      if (value instanceof ComplexScalar) return part === 0 ? value.re : value.im;
      return typeof value === "boolean" ? Number(value) : value;
    },
    device: backend.device === "cpu" ? undefined : backend.device,
    requiresGrad: tracked,
    gradFn: tracked ? x.auto?.node?.name : undefined,
    defaultDtype: DTYPES[defaultFloat()],
  });
}
