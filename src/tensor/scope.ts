// Scopes: tensors that go back together. A scope is current inside a synchronous callback, or, opened without one, to
// the end of the synchronous turn. Closed in the same turn it frees at once; closed after an `await`, when other code has
// run in between, it frees what was made in `run` and leaves the rest to the net.

import type { Tensor } from "./tensor.ts";

/** What the tape recorded inside a frame. */
export interface Recorded {
  /** Grows with time: a backward goes to smaller numbers only. */
  readonly sequence: number;
  /** The last search that came by: see `newVisit`. */
  readonly visit: number;
  /** Visits itself and all that its backward would, but for those before `oldest`. */
  reach(visit: number, oldest: number): void;
  /** Lets go of the tensors that it saved. */
  release(): void;
}

export class ScopeFrame {
  readonly tensors: Tensor[] = [];
  /** Nodes recorded inside; null until there is one. */
  recorded: Recorded[] | null = null;
  /** True when something inside changed a tensor from outside, so that what was recorded may be reachable from there. */
  escaped = false;
  /** Closed, or cut off by the end of the turn, while a frame that was opened in it may still be current. */
  ended = false;
  previous: ScopeFrame | null;

  constructor(previous: ScopeFrame | null) {
    this.previous = previous;
  }

  /** A node was recorded. */
  note(node: Recorded): void {
    if (this.recorded === null) this.recorded = [node];
    else this.recorded.push(node);
  }
}

/** The frame that new tensors belong to. */
export const scopes: { current: ScopeFrame | null } = { current: null };

export function pushFrame(): ScopeFrame {
  const frame = new ScopeFrame(scopes.current);
  scopes.current = frame;
  return frame;
}

/**
 * Ends a frame: what it holds goes back, but for `kept`, which moves to the frame around it. Ends it by identity, so a
 * frame that was detached meanwhile disturbs no other.
 */
export function popFrame(frame: ScopeFrame, kept: readonly Tensor[]): void {
  if (scopes.current === frame) scopes.current = frame.previous;
  endFrame(frame, kept);
}

/** Frames of launches that are over. */
const idle: ScopeFrame[] = [];

/** A frame around one launch: no other code runs in it, so that it can be used again. */
export function pushLaunch(): ScopeFrame {
  const frame = idle.pop() ?? new ScopeFrame(null);
  frame.previous = scopes.current;
  scopes.current = frame;
  return frame;
}

/** Ends the frame of a launch, with all that was made in it. */
export function popLaunch(frame: ScopeFrame): void {
  scopes.current = frame.previous;
  frame.previous = null;
  endFrame(frame, NOTHING);
  while (frame.tensors.length > 0) frame.tensors.pop(); // to set the length takes as long as a launch
  idle.push(frame);
}

const NOTHING: readonly Tensor[] = [];

/** Ends a frame of the engine's own: what it holds goes back, what was recorded belongs to the frame around it. */
export function popInner(frame: ScopeFrame): void {
  const { recorded, escaped, previous } = frame;
  if (previous !== null) {
    if (recorded !== null) {
      if (previous.recorded === null) previous.recorded = recorded;
      else previous.recorded.push(...recorded);
    }
    previous.escaped ||= escaped;
  }
  frame.recorded = null;
  popFrame(frame, NOTHING);
}

/** Notes that what is recorded now can be reached from outside of every open frame. */
export function escape(): void {
  for (let frame = scopes.current; frame !== null; frame = frame.previous) frame.escaped = true;
}

export function endFrame(frame: ScopeFrame, kept: readonly Tensor[]): void {
  const { tensors } = frame;
  const outer = scopes.current;
  if (frame.recorded !== null) endRecorded(frame.recorded, frame.escaped ? null : kept, outer);
  for (let i = 0; i < tensors.length; i++) {
    const tensor = tensors[i]!;
    if (kept.length > 0 && kept.includes(tensor)) outer?.tensors.push(tensor);
    else tensor.endScope();
  }
}

/** Nodes that no kept tensor leads to will never run: what they saved goes back. `kept` is null where nobody can tell. */
function endRecorded(nodes: readonly Recorded[], kept: readonly Tensor[] | null, outer: ScopeFrame | null): void {
  if (kept === null) {
    if (outer !== null) outer.escaped = true;
    return;
  }
  const visit = newVisit();
  let oldest = Number.POSITIVE_INFINITY;
  for (let i = 0; i < nodes.length; i++) oldest = Math.min(oldest, nodes[i]!.sequence);
  for (let i = 0; i < kept.length; i++) kept[i]!.auto?.node?.reach(visit, oldest);
  for (let i = 0; i < nodes.length; i++) {
    const node = nodes[i]!;
    if (node.visit !== visit) node.release();
    else outer?.note(node);
  }
}

let visits = 0;

/** A number for one search through nodes, by which it knows where it has been. */
export function newVisit(): number {
  return ++visits;
}

/**
 * Frees what is made inside. `fl.scope(() => …)` runs a synchronous callback and keeps what it returns: a tensor, or
 * tensors in arrays, plain objects and Maps. `fl.scope()` opens one to the end of the block.
 */
export class Scope {
  /** What is made in the turn in which it was opened. After an `await` nobody can tell whose that was. */
  readonly #turn: ScopeFrame;
  /** What is made in `run`: surely its own. */
  readonly #parts: ScopeFrame = new ScopeFrame(null);
  readonly #kept: Tensor[] = [];
  #lost = false;
  #ended = false;

  constructor() {
    this.#turn = pushFrame();
    open.push(this);
    if (open.length === 1) queueMicrotask(endOfTurn);
  }

  /** Takes a tensor out of the scope: it lives as long as what is around it. Returns it. */
  keep<T extends Tensor>(x: T): T {
    this.#kept.push(x);
    return x;
  }

  /** Runs a synchronous part inside the scope, after an `await` too. */
  run<T>(body: () => T): T {
    if (this.#ended) throw new TypeError("scope: run after dispose");
    const outer = scopes.current;
    this.#parts.previous = outer;
    scopes.current = this.#parts;
    try {
      const result = body();
      assertSynchronous(result, "scope");
      return result;
    } finally {
      scopes.current = outer;
    }
  }

  /**
   * Ends it. In the turn in which it was opened this frees at once; in a later one it frees what was made in `run` and
   * leaves the rest to the collector.
   */
  dispose(): void {
    if (this.#ended) return;
    this.#ended = true;
    leave(this.#turn);
    endFrame(this.#turn, this.#kept);
    endFrame(this.#parts, this.#kept);
    if (this.#lost && !warnedOfTurns) {
      warnedOfTurns = true;
      console.warn(
        "flambeau: a scope was disposed in a later turn of the event loop than it was opened in: what was made outside of s.run(() => …) is left to the collector; wrap the synchronous parts",
      );
    }
  }

  /** The synchronous turn is over: other code runs now, whose tensors are not this scope's. @internal */
  detach(): void {
    if (this.#ended) return;
    this.#lost = this.#turn.tensors.length > 0;
    this.#turn.tensors.length = 0;
    this.#turn.recorded = null;
    leave(this.#turn);
  }
}

if (typeof Symbol.dispose === "symbol") {
  Object.defineProperty(Scope.prototype, Symbol.dispose, {
    value(this: Scope) {
      this.dispose();
    },
  });
}

/** The frame is over, whatever was opened in it: the nearest that is not is current again. */
function leave(frame: ScopeFrame): void {
  frame.ended = true;
  while (scopes.current?.ended) scopes.current = scopes.current.previous;
}

const open: Scope[] = [];
let warnedOfTurns = false;
function endOfTurn(): void {
  for (const scope of open.splice(0).reverse()) scope.detach();
  scopes.current = null;
}

/** Runs `body` in a scope of its own; see `Scope`. Throws TypeError if it is asynchronous. */
export function scope<T>(body: () => T): T;
export function scope(): Scope;
export function scope<T>(body?: () => T): T | Scope {
  if (body === undefined) return new Scope();
  const outer = scopes.current;
  const frame = pushFrame();
  const kept: Tensor[] = [];
  try {
    const result = body();
    assertSynchronous(result, "scope");
    if (typeof result === "object" && result !== null) collectTensors(result, kept, new Set());
    return result;
  } finally {
    scopes.current = outer;
    endFrame(frame, kept);
  }
}

/** Throws if a callback's result shows that it goes on after its return. */
export function assertSynchronous(result: unknown, name: string): void {
  if (typeof result !== "object" || result === null) return;
  if (typeof (result as { then?: unknown }).then === "function") {
    throw new TypeError(`${name} cannot span an await: wrap each synchronous part`);
  }
  if (typeof (result as { next?: unknown }).next === "function") {
    throw new TypeError(`${name} cannot span a yield: wrap each synchronous part`);
  }
}

/** The tensors in a result: what a scope keeps. */
function collectTensors(value: unknown, out: Tensor[], seen: Set<object>): void {
  if (typeof value !== "object" || value === null || seen.has(value)) return;
  seen.add(value);
  if ("storage" in value && "layout" in value) out.push(value as Tensor);
  else if (Array.isArray(value)) for (const entry of value) collectTensors(entry, out, seen);
  else if (value instanceof Map || value instanceof Set)
    for (const entry of value.values()) collectTensors(entry, out, seen);
  else {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype === null || Object.getPrototypeOf(prototype) === null) {
      for (const entry of Object.values(value)) collectTensors(entry, out, seen);
    }
  }
}
