// An argument block as a loop reads it: the slots that the header of the kernel's file (assembly/) describes.

import { type Cells, cells, raw } from "./cells.ts";

export interface Address {
  bufferOf(): ArrayBuffer;
  readonly byteOffset: number;
}
export type Slot = Address | number | bigint | null;

/** A kernel: all units at once. */
export type Loop = (block: Block) => void;

export class Block {
  /** The number of units: what they are is the kernel's affair. */
  readonly units: number;
  readonly #slots: readonly Slot[];

  constructor(slots: readonly Slot[], units: number) {
    this.#slots = slots;
    this.units = units;
  }

  /** An integer or a real number. */
  number(slot: number): number {
    const value = this.#slots[slot];
    if (typeof value !== "number") throw new TypeError(`slot ${slot} holds no number`);
    return value;
  }

  /** A number of either kind, or an integer of 64 bits. */
  scalar(slot: number): number | bigint {
    const value = this.#slots[slot];
    if (typeof value !== "number" && typeof value !== "bigint") throw new TypeError(`slot ${slot} holds no number`);
    return value;
  }

  /** The elements of an operand. */
  cells(slot: number, suffix: string): Cells {
    const { bufferOf, byteOffset } = this.#address(slot);
    return cells(suffix, bufferOf(), byteOffset);
  }

  /** The elements of an operand, or null where it is absent. */
  maybe(slot: number, suffix: string): Cells | null {
    const value = this.#slots[slot];
    return value === null || value === 0 ? null : this.cells(slot, suffix);
  }

  /** The elements of an operand as bytes. */
  raw(slot: number, bytes: number): (i: number) => Uint8Array {
    const { bufferOf, byteOffset } = this.#address(slot);
    return raw(bytes, bufferOf(), byteOffset);
  }

  #address(slot: number): Address {
    const value = this.#slots[slot];
    if (typeof value !== "object" || value === null) throw new TypeError(`slot ${slot} holds no address`);
    return value;
  }

  /**
   * The walk that assembly/iterate.ts describes: calls `body` with the offset, in elements, of each of `operands` for
   * every element of the result.
   */
  each(operands: number, body: (offsets: readonly number[]) => void): void {
    const rank = this.number(0);
    const at = (d: number, k: number): number => this.number(3 + operands + d * (operands + 1) + k);
    const offsets = new Array<number>(operands).fill(0);
    const level = (d: number): void => {
      if (d === rank) {
        body(offsets);
        return;
      }
      const size = at(d, 0);
      for (let i = 0; i < size; i++) {
        level(d + 1);
        for (let k = 0; k < operands; k++) offsets[k]! += at(d, 1 + k);
      }
      for (let k = 0; k < operands; k++) offsets[k]! -= size * at(d, 1 + k);
    };
    level(0);
  }
}
