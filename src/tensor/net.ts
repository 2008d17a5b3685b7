// The net under forgotten tensors. The collector does not see a device's memory, so each allocation is tied to a token
// that dies with the storages it was given to: 64 small ones in a row share one (a registration costs more than a small
// operator), a large one has its own. Nothing is ever unregistered: a record that went back meanwhile has a new
// generation, and the finalizer leaves it alone.

import type { Allocation, Backend } from "../device/index.ts";

const COHORT = 64;
const LARGE = 65536; // bytes from which an allocation has a token of its own

class Record {
  readonly backend: Backend;
  readonly allocations: Allocation[] = [];
  readonly generations: number[] = [];

  constructor(backend: Backend) {
    this.backend = backend;
  }

  add(allocation: Allocation): void {
    this.allocations.push(allocation);
    this.generations.push(allocation.generation);
  }
}

/** Kept for its identity alone. */
class Token {
  readonly record: Record;
  constructor(record: Record) {
    this.record = record;
  }
}

const registry = new FinalizationRegistry<Record>(({ backend, allocations, generations }) => {
  for (const [i, allocation] of allocations.entries()) {
    if (allocation.generation === generations[i]) backend.free(allocation);
  }
});

let current: Token | null = null;

/** Puts an allocation into the net and gives the token that its storage must keep. */
export function cohort(backend: Backend, allocation: Allocation): object {
  if (allocation.bytes >= LARGE) return register(backend, allocation);
  if (current === null || current.record.backend !== backend || current.record.allocations.length === COHORT) {
    current = register(backend, allocation);
  } else current.record.add(allocation);
  return current;
}

function register(backend: Backend, allocation: Allocation): Token {
  const record = new Record(backend);
  record.add(allocation);
  const token = new Token(record);
  registry.register(token, record);
  return token;
}
