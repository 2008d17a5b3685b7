// Schedulers made of others.

import { ValueError } from "../core/index.ts";
import { type Arguments, keywords } from "../op/index.ts";
import type { Optimizer } from "./optimizer.ts";
import { LRScheduler, type SchedulerState } from "./scheduler.ts";

/** What both share: the schedulers and their state. */
abstract class Combined {
  readonly #optimizer: Optimizer;
  /** @internal */
  readonly _schedulers: readonly Member[];
  /** @internal */
  _lastLr: number[] = [];

  constructor(name: string, optimizer: Optimizer | null, schedulers: Iterable<Member>) {
    this._schedulers = [...schedulers];
    if (this._schedulers.length === 0) {
      throw new ValueError(`${name} expects at least one scheduler to be chained, but got no schedulers.`);
    }
    this.#optimizer = optimizer ?? this._schedulers[0]!.optimizer;
    for (const [i, scheduler] of this._schedulers.entries()) {
      if (scheduler.optimizer !== this.#optimizer) {
        throw new ValueError(
          `${name} expects all schedulers to belong to the same optimizer, but the scheduler at index ${i} has another one`,
        );
      }
    }
  }

  get optimizer(): Optimizer {
    return this.#optimizer;
  }

  /** The rates that the last `step` set, one a group. */
  getLastLr(): number[] {
    return [...this._lastLr];
  }

  /** All but the optimizer, with PyTorch's keys. */
  stateDict(): SchedulerState {
    return { _last_lr: this._lastLr, _schedulers: this._schedulers.map((scheduler) => scheduler.stateDict()) };
  }

  /** Takes over a state. */
  loadStateDict(stateDict: SchedulerState): void {
    const states = stateDict._schedulers;
    if (!Array.isArray(states) || states.length !== this._schedulers.length) {
      throw new ValueError(`loaded state dict is not one of ${this._schedulers.length} schedulers`);
    }
    for (const [i, state] of states.entries()) this._schedulers[i]!.loadStateDict(state as SchedulerState);
    if (Array.isArray(stateDict._last_lr)) this._lastLr = stateDict._last_lr as number[];
  }
}
type Member = LRScheduler | SequentialLR | ChainedScheduler;

interface Sequential {
  optimizer: Optimizer;
  /** One more than there are milestones. */
  schedulers: Iterable<Member>;
  /** The epochs at which the next one begins. */
  milestones: readonly number[];
  lastEpoch?: number;
}
const bindSequential = /* @__PURE__ */ keywords<Sequential>(
  "SequentialLR",
  "optimizer, schedulers, milestones, lastEpoch?",
  { lastEpoch: -1 },
);

/**
 * One scheduler after the other.
 *
 * @example
 * new SequentialLR(optimizer, [new LinearLR(optimizer), new ExponentialLR(optimizer, 0.9)], [5]);
 */
export class SequentialLR extends Combined {
  readonly #milestones: readonly number[];
  /** Steps taken. */
  lastEpoch: number;

  constructor(
    ...args: Arguments<
      Sequential,
      [optimizer: Optimizer, schedulers: Iterable<Member>, milestones: readonly number[]],
      [lastEpoch?: number]
    >
  ) {
    const { optimizer, schedulers, milestones, lastEpoch } = bindSequential(args);
    super("SequentialLR", optimizer, schedulers);
    if (milestones.length !== this._schedulers.length - 1) {
      throw new ValueError(
        `Sequential Schedulers expects number of schedulers provided to be one more than the number of milestone points, but got number of schedulers ${this._schedulers.length} and the number of milestones to be equal to ${milestones.length}`,
      );
    }
    this.#milestones = milestones;
    this.lastEpoch = lastEpoch + 1;
    // All of them have set their first rates: only the first one's count.
    for (const group of optimizer.paramGroups) group.lr = group.initialLr ?? group.lr;
    for (const scheduler of this._schedulers) undo(scheduler);
    begin(this._schedulers[0]!);
    this._lastLr = this._schedulers[0]!.getLastLr();
  }

  /** Goes on by one. */
  step(): void {
    this.lastEpoch++;
    const at = this.#milestones.filter((epoch) => epoch <= this.lastEpoch).length;
    const scheduler = this._schedulers[at]!;
    const starts = at > 0 && this.#milestones[at - 1] === this.lastEpoch;
    if (starts && scheduler instanceof LRScheduler) scheduler.step(0);
    else scheduler.step();
    this._lastLr = scheduler.getLastLr();
  }

  override stateDict(): SchedulerState {
    return { _milestones: this.#milestones, last_epoch: this.lastEpoch, ...super.stateDict() };
  }

  override loadStateDict(stateDict: SchedulerState): void {
    super.loadStateDict(stateDict);
    this.lastEpoch = Number(stateDict.last_epoch ?? this.lastEpoch);
  }
}

interface Chained {
  schedulers: Iterable<Member>;
  /** By default that of the schedulers. */
  optimizer?: Optimizer | null;
}
const bindChained = /* @__PURE__ */ keywords<Chained>("ChainedScheduler", "schedulers, optimizer?", {
  optimizer: null,
});

/**
 * Several schedulers at once: each goes on from the rate that the one before has set.
 *
 * @example
 * new ChainedScheduler([new ConstantLR(optimizer), new ExponentialLR(optimizer, 0.9)]);
 */
export class ChainedScheduler extends Combined {
  constructor(...args: Arguments<Chained, [schedulers: Iterable<Member>], [optimizer?: Optimizer | null]>) {
    const { schedulers, optimizer } = bindChained(args);
    super("ChainedScheduler", optimizer, schedulers);
    this._lastLr = this.optimizer.paramGroups.map(({ lr }) => lr);
  }

  /** All go on by one. */
  step(): void {
    for (const scheduler of this._schedulers) scheduler.step();
    this._lastLr = this.optimizer.paramGroups.map(({ lr }) => lr);
  }
}

/** Takes back the first step of a scheduler and of those in it. */
function undo(scheduler: Member): void {
  if (scheduler instanceof LRScheduler) scheduler.lastEpoch--;
  else for (const inner of scheduler._schedulers) undo(inner);
}

function begin(scheduler: Member): void {
  if (scheduler instanceof LRScheduler) scheduler.begin();
  else scheduler.step();
}
