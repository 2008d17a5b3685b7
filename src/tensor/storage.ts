// Bytes of a device and who needs them. A storage goes back when the last tensor on it is disposed, when the scope
// it was made in ends, or when the collector finds that nobody can reach it, whichever comes first.

import type { Allocation, Backend } from "../device/index.ts";
import { cohort, type Token } from "./net.ts";

export class Storage {
  readonly backend: Backend;
  /** As many as were asked for; the device may have rounded up. */
  readonly bytes: number;
  /** Null once the bytes went back. */
  allocation: Allocation | null;
  /** Grows with every write; a tape that saved a tensor compares it. */
  version = 0;
  /** Tensors that are not disposed. */
  refs = 0;
  /** What the tape keeps for a backward to come. */
  holds = 0;
  /** The finalizer net's token: dies with its storages. */
  token: Token | null;

  constructor(backend: Backend, bytes: number) {
    this.backend = backend;
    this.bytes = bytes;
    this.allocation = backend.allocate(bytes);
    this.token = cohort(backend, this.allocation);
  }

  free(): void {
    const { allocation, token } = this;
    if (allocation === null) return;
    this.allocation = null;
    this.token = null;
    this.backend.free(allocation);
    token!.leave();
  }

  /** A tensor on it ended with its scope: the bytes go back unless another tensor or the tape needs them. */
  release(): void {
    if (--this.refs === 0 && this.holds === 0) this.free();
  }

  /** The tape lets go of it. */
  unhold(): void {
    if (--this.holds === 0 && this.refs === 0) this.free();
  }
}

const tombstones = new Map<Backend, Storage>();
let last: Storage | null = null;

/** What a disposed tensor points at: a storage of the same device without bytes. */
export function tombstone(backend: Backend): Storage {
  if (last?.backend === backend) return last;
  let stone = tombstones.get(backend);
  if (stone === undefined) {
    stone = new Storage(backend, 0);
    stone.free();
    tombstones.set(backend, stone);
  }
  last = stone;
  return stone;
}
