// Runs units where a crash or an endless loop hurts nobody: main.ts sends files, this process answers case by case.
//
//   node child.js LIBRARY|- ONLY
import { setImmediate } from "node:timers/promises";
import { loadLibrary } from "./library.ts";
import type { Result, Unit } from "./replay.ts";
import { unitsOf } from "./replay.ts";

/** From main: the units of `file` from number `from` on. */
export interface Order {
  readonly file: string;
  readonly from: number;
}

/** To main: what begins, what came of it, and that the order is done. */
export type Report =
  | { readonly ready: true }
  | { readonly begins: number; readonly unit: Omit<Unit, "run"> }
  | { readonly results: readonly Result[] }
  | { readonly done: true };

const [file, only] = process.argv.slice(2) as [string, string];
const library = await loadLibrary(file === "-" ? null : file);
const pattern = new RegExp(only);

process.on("message", async (order: Order) => {
  for (const [i, unit] of unitsOf(library, order.file, pattern).entries()) {
    if (i < order.from) continue;
    const { kind, name, label, call } = unit;
    report({ begins: i, unit: { kind, name, label, call } });
    report({ results: unit.run() });
    // A turn of the event loop lets the message leave, and finalizers run.
    await setImmediate();
  }
  report({ done: true });
});
report({ ready: true });

function report(message: Report): void {
  process.send!(message);
}
