// What the figures were taken on.
import { cpus, totalmem } from "node:os";
import type { Ceilings } from "./ceilings.ts";

/** The machine in a few phrases: processor, memory and what one thread of WebAssembly reaches on it. */
export function machine({ gflops, bandwidths }: Ceilings): string[] {
  const size = (bytes: number): string => (bytes < 1 << 20 ? `${bytes >> 10} KiB` : `${bytes >> 20} MiB`);
  return [
    `${cpus().length} cores of ${cpus()[0]?.model.trim() ?? "an unknown processor"}`,
    `${Math.round(totalmem() / 2 ** 30)} GiB`,
    `one thread of WebAssembly: ${gflops.toFixed(0)} GFLOP/s in float32`,
    bandwidths.map(({ bytes, gbs }) => `${gbs.toFixed(0)} GB/s over ${size(bytes)}`).join(", "),
  ];
}
