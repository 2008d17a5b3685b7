// The net under forgotten tensors. The collector does not see a device's memory, so each allocation is tied to a token
// that dies with the storages it was given to: 64 small ones in a row share one (a registration costs more than a small
// operator), a large one has its own. A token whose allocations have all gone back serves again: finalizers run only when the
// program yields, so a loop that never does would pile up what was registered. Nothing is ever unregistered; of a record, what
// went back meanwhile has a new generation, and the finalizer leaves it alone.

import type { Allocation, Backend } from "../device/index.ts";

const COHORT = 64;
const LARGE = 65536; // bytes from which an allocation has a token of its own

/** What is freed when its token dies. */
class Record {
  backend: Backend;
  count = 0;
  readonly #allocations: Allocation[] = [];
  readonly #generations: number[] = [];

  constructor(backend: Backend) {
    this.backend = backend;
  }

  add(allocation: Allocation): void {
    this.#allocations[this.count] = allocation;
    this.#generations[this.count++] = allocation.generation;
  }

  free(): void {
    for (let i = 0; i < this.count; i++) {
      const allocation = this.#allocations[i]!;
      if (allocation.generation === this.#generations[i]) this.backend.free(allocation);
    }
  }
}

/** Kept by storages for its identity; each leaves it when its allocation goes back. */
export class Token {
  readonly record: Record;
  /** Allocations of the record that have not gone back. */
  live = 0;

  constructor(record: Record) {
    this.record = record;
  }

  /** One of its allocations went back. */
  leave(): void {
    if (--this.live > 0) return;
    this.record.count = 0;
    if (this !== current) spent.push(this);
  }
}

const registry = new FinalizationRegistry<Record>((record) => record.free());

/** The token of the small allocations that come next. */
let current: Token | null = null;
/** Tokens with nothing to free. */
const spent: Token[] = [];

/** Puts an allocation into the net and gives the token that its storage must keep. */
export function cohort(backend: Backend, allocation: Allocation): Token {
  let token = current;
  if (allocation.bytes >= LARGE) token = empty(backend);
  else if (token === null || token.record.backend !== backend || token.record.count === COHORT) {
    token = empty(backend);
    current = token;
  }
  token.record.add(allocation);
  token.live++;
  return token;
}

function empty(backend: Backend): Token {
  const old = spent.pop();
  if (old !== undefined) {
    old.record.backend = backend;
    return old;
  }
  const record = new Record(backend);
  const token = new Token(record);
  registry.register(token, record);
  return token;
}
