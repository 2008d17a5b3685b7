// A tensor as text.

import { DTYPES } from "../core/index.ts";
import { readAllSync, reader } from "./read.ts";
import type { Tensor } from "./tensor.ts";

/** What PyTorch's repr prints. A freed tensor, or one whose device answers later, prints its type and shape and says why. */
export function print(x: Tensor): string {
  const about = `size=(${x.shape.join(", ")}), dtype=${DTYPES[x.code]}`;
  if (x.storage.allocation === null) return `tensor(<disposed>, ${about})`;
  if (!x.storage.backend.synchronous) return `tensor(<on ${x.device}: await x.data()>, ${about})`;
  const read = reader(x.code, readAllSync(x, "toString"));
  return `tensor([${Array.from({ length: x.numel() }, (_, i) => String(read(i))).join(", ")}], ${about})`;
}
