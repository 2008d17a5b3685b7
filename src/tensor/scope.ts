// Scopes: tensors that go back together. A scope is current inside a synchronous callback, or, opened without one, to
// the end of the synchronous turn. Closed in the same turn it frees at once; closed after an `await`, when other code has
// run in between, it frees nothing and leaves its tensors to the net.

import type { Tensor } from "./tensor.ts";

/** What the tape recorded inside a frame. */
export interface Recorded {
  /** Adds itself and all that its backward would visit. */
  reach(marked: Set<Recorded>): void;
  /** Lets go of the tensors that it saved. */
  release(): void;
}

export class ScopeFrame {
  readonly tensors: Tensor[] = [];
  /** Nodes recorded inside; null until there is one. */
  recorded: Recorded[] | null = null;
  /** True when something inside changed a tensor from outside, so that what was recorded may be reachable from there. */
  escaped = false;
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
  popFrame(frame, []);
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
  tensors.length = 0;
}

/** Nodes that no kept tensor leads to will never run: what they saved goes back. `kept` is null where nobody can tell. */
function endRecorded(nodes: readonly Recorded[], kept: readonly Tensor[] | null, outer: ScopeFrame | null): void {
  if (kept === null) {
    if (outer !== null) outer.escaped = true;
    return;
  }
  const marked = new Set<Recorded>();
  for (const tensor of kept) tensor.auto?.node?.reach(marked);
  for (const node of nodes) {
    if (!marked.has(node)) node.release();
    else outer?.note(node);
  }
}

/**
 * Frees what is made inside. `fl.scope(() => …)` runs a synchronous callback and keeps what it returns: a tensor, or
 * tensors in arrays, plain objects and Maps. `fl.scope()` opens one to the end of the block.
 */
export class Scope {
  readonly #frame: ScopeFrame;
  readonly #kept: Tensor[] = [];
  #detached = false;
  #ended = false;

  constructor() {
    this.#frame = pushFrame();
    open.push(this);
    if (open.length === 1) queueMicrotask(endOfTurn);
  }

  /** Takes a tensor out of the scope: it lives until it is disposed or unreachable. Returns it. */
  keep<T extends Tensor>(x: T): T {
    this.#kept.push(x);
    return x;
  }

  /** Runs a synchronous part inside the scope, after an `await` too. */
  run<T>(body: () => T): T {
    if (this.#ended) throw new TypeError("scope: run after dispose");
    const outer = scopes.current;
    this.#frame.previous = outer;
    scopes.current = this.#frame;
    try {
      const result = body();
      if (typeof (result as { then?: unknown } | null)?.then === "function") {
        throw new TypeError("scope cannot span an await: wrap each synchronous part");
      }
      return result;
    } finally {
      scopes.current = outer;
    }
  }

  /** Ends it. In the turn in which it was opened this frees at once; later it leaves its tensors to the collector. */
  dispose(): void {
    if (this.#ended) return;
    this.#ended = true;
    if (!this.#detached) {
      popFrame(this.#frame, this.#kept);
      return;
    }
    if (this.#frame.tensors.length > 0 && !warnedOfTurns) {
      warnedOfTurns = true;
      console.warn(
        "flambeau: a scope was disposed in a later turn of the event loop than it was opened in: it frees nothing; wrap the synchronous parts in s.run(() => …)",
      );
    }
    this.#frame.tensors.length = 0;
  }

  /** The synchronous turn is over: other code runs now, whose tensors are not this scope's. @internal */
  detach(): void {
    if (this.#ended) return;
    this.#detached = true;
    if (scopes.current === this.#frame) scopes.current = this.#frame.previous;
  }
}

if (typeof Symbol.dispose === "symbol") {
  Object.defineProperty(Scope.prototype, Symbol.dispose, {
    value(this: Scope) {
      this.dispose();
    },
  });
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
  const frame = pushFrame();
  const kept: Tensor[] = [];
  try {
    const result = body();
    if (typeof (result as { then?: unknown } | null)?.then === "function") {
      throw new TypeError("scope cannot span an await: wrap each synchronous part");
    }
    collectTensors(result, kept, 0);
    return result;
  } finally {
    popFrame(frame, kept);
  }
}

/** The tensors in a result: what a scope keeps. */
function collectTensors(value: unknown, out: Tensor[], depth: number): void {
  if (typeof value !== "object" || value === null || depth > 8) return;
  if ("storage" in value && "layout" in value) out.push(value as Tensor);
  else if (Array.isArray(value)) for (const entry of value) collectTensors(entry, out, depth + 1);
  else if (value instanceof Map || value instanceof Set)
    for (const entry of value.values()) collectTensors(entry, out, depth + 1);
  else {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype === null || Object.getPrototypeOf(prototype) === null) {
      for (const entry of Object.values(value)) collectTensors(entry, out, depth + 1);
    }
  }
}
