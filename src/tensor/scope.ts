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
    else if (outer !== null) (outer.recorded ??= []).push(node);
  }
}
