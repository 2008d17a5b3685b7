// What all schedulers are. One sets the rate of every group at each `step()`. Most of them multiply the rate that is
// there, so that several can be used on one optimizer.

import { ValueError } from "../core/index.ts";
import { camel, snake } from "./keys.ts";
import type { Optimizer, ParamGroup } from "./optimizer.ts";

/** A scheduler's state in PyTorch's layout. */
export type SchedulerState = Record<string, unknown>;

/**
 * The base of all schedulers.
 *
 * A subclass says what the rates are at `lastEpoch` (`getLr`), from what they are now, and ends its constructor with
 * `this.begin()`, which sets the first rates.
 */
export abstract class LRScheduler {
  readonly #optimizer: Optimizer;
  /** The rates that the groups began with. */
  baseLrs: number[];
  /** Steps taken. */
  lastEpoch: number;
  /** Calls of `step`, the first in `begin`. @internal */
  _stepCount: number = 0;
  /** @internal */
  _lastLr: number[] = [];

  /** `lastEpoch` other than -1 goes on where an earlier scheduler ended: the groups must have their `initialLr`. */
  constructor(optimizer: Optimizer, lastEpoch: number) {
    this.#optimizer = optimizer;
    for (const [i, group] of this.groups.entries()) {
      if (lastEpoch === -1) group.initialLr ??= group.lr;
      else if (group.initialLr === undefined) {
        throw new ValueError(`param 'initial_lr' is not specified in param_groups[${i}] when resuming an optimizer`);
      }
    }
    this.baseLrs = this.groups.map((group) => group.initialLr!);
    this.lastEpoch = lastEpoch;
  }

  get optimizer(): Optimizer {
    return this.#optimizer;
  }

  protected get groups(): ParamGroup[] {
    return this.#optimizer.paramGroups;
  }

  /** The rates at `lastEpoch`, one a group. */
  abstract getLr(): number[];

  /** The rates at `lastEpoch` whatever came before, where the plan has a formula. */
  protected closedForm?(): number[];

  /** Sets the first rates. @internal */
  begin(): void {
    this._stepCount = 0;
    this.step();
  }

  /** Goes on by one, or to `epoch`, and sets the rates. */
  step(epoch: number | null = null): void {
    this._stepCount++;
    this.lastEpoch = epoch ?? this.lastEpoch + 1;
    const rates = epoch !== null && this.closedForm !== undefined ? this.closedForm() : this.getLr();
    for (const [i, group] of this.groups.entries()) group.lr = rates[i]!;
    this._lastLr = rates;
  }

  /** The rates that the last `step` set, one a group. */
  getLastLr(): number[] {
    return [...this._lastLr];
  }

  /** All but the optimizer, with PyTorch's keys. Functions are not kept. */
  stateDict(): SchedulerState {
    return stateOf(this);
  }

  /** Takes over a state. The rates are the optimizer's, whose own state has them. */
  loadStateDict(stateDict: SchedulerState): void {
    takeOver(this, stateDict);
  }
}

/** The fields of a scheduler, with PyTorch's keys. */
export const stateOf = (scheduler: object): SchedulerState =>
  Object.fromEntries(
    Object.entries(scheduler).map(([key, value]) => [snake(key), typeof value === "function" ? null : value]),
  );

/** Sets those fields that a scheduler has. */
export function takeOver(scheduler: object, stateDict: SchedulerState): void {
  const fields = scheduler as Record<string, unknown>;
  for (const [key, value] of Object.entries(stateDict)) {
    const field = camel(key);
    if (Object.hasOwn(fields, field) && typeof fields[field] !== "function") fields[field] = value;
  }
}

/** One value for all groups, or one each. */
export function each(values: number | readonly number[], count: number, name: string): readonly number[] {
  if (typeof values === "number") return new Array<number>(count).fill(values);
  if (values.length !== count) throw new ValueError(`expected ${count} values for ${name}, got ${values.length}`);
  return values;
}
