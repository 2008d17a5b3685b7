// The backward: goes through the tape from the latest node to the leaves. Cotangents belong to the engine: each is a twin
// of its own, which ends when its node is done, so that memory falls as the backward goes on.

import {
  AutogradError,
  DisposedError,
  DTYPES,
  isComplex,
  ShapeError,
  sameShape,
  show,
  showShape,
} from "../core/index.ts";
import { type Auto, alias, escape, outside, popInner, pushFrame, type Recorded, type Tensor } from "../tensor/index.ts";
import { context } from "./context.ts";
import { spec } from "./operator.ts";
import { type Algebra, type Cotangents, edgeOf, type Node } from "./tape.ts";
import type { Spec } from "./types.ts";

export interface BackwardOptions {
  readonly retainGraph: boolean;
  readonly createGraph: boolean;
}

/** Runs a backward that adds to the gradients of the leaves (`wanted` null), or returns those of `wanted`. */
export function runBackward(
  op: string,
  roots: readonly Tensor[],
  grads: readonly (Tensor | null)[],
  wanted: readonly Tensor[] | null,
  { retainGraph, createGraph }: BackwardOptions,
  algebra: Algebra,
): (Tensor | null)[] {
  const pending = new Map<Node, Cotangents>();
  const frame = pushFrame();
  const before = context.grad;
  context.grad = createGraph;
  const captured = new Map<string, Tensor>();
  try {
    const starts: Node[] = [];
    for (const [i, root] of roots.entries()) {
      const node = edgeOf(root);
      if (node === null)
        throw new AutogradError(`${op}: element ${i} of the tensors does not require grad and has no gradFn`);
      const g = grads[i] ?? seed(op, root, algebra);
      if (!sameShape(g.layout, root.layout)) {
        throw new ShapeError(
          `${op}: the gradient has the shape ${showShape(g.shape)}, expected that of the output, ${showShape(root.shape)}`,
        );
      }
      give(
        pending,
        node,
        root.auto!.node === null ? 0 : root.auto!.port,
        own(g, root.code, algebra),
        algebra,
        createGraph,
      );
      starts.push(node);
    }
    const targets = wanted === null ? null : new Map(wanted.map((x) => [edgeOf(x), x]));
    const places = wanted?.map((x) => ({ node: edgeOf(x), port: x.auto?.node == null ? 0 : x.auto.port })) ?? [];
    const order = sorted(starts);
    const needed = targets === null ? null : needs(order, new Set(places.map((p) => p.node)));
    for (const node of order) {
      const g = pending.get(node);
      if (g === undefined) continue;
      pending.delete(node);
      if (needed !== null && !needed.has(node)) {
        for (const x of g) x?.endScope();
        continue;
      }
      hooked(node, g, algebra);
      for (const [i, place] of places.entries()) {
        const x = g[place.port];
        if (place.node === node && x != null) captured.set(String(i), alias(x));
      }
      const stop = needed !== null && !reaches(node, needed);
      if (!stop) step(node, g, pending, needed, algebra, createGraph, op, wanted !== null);
      for (const x of g) x?.endScope();
      if (!retainGraph && node.leaf === null && !stop) node.release();
    }
    if (!retainGraph) for (const node of order) if (node.leaf === null && needed === null) node.release();
    return places.map((_, i) => captured.get(String(i)) ?? null);
  } finally {
    context.grad = before;
    popInner(frame);
  }
}

function seed(op: string, root: Tensor, algebra: Algebra): Tensor {
  if (root.numel() !== 1) {
    throw new AutogradError(
      `${op}: a gradient can be made implicitly only for one element, got ${show(root)}: give one of its shape`,
    );
  }
  if (isComplex(root.code))
    throw new AutogradError(`${op}: a gradient can be made implicitly only for real outputs, got ${show(root)}`);
  return algebra.ones(root);
}

/** A twin of a cotangent with the right dtype, that the engine may end. */
function own(g: Tensor, code: number, algebra: Algebra): Tensor {
  return alias(g.code === code ? g : algebra.cast(g, code));
}

/** All nodes that lead on from the starts, latest first. */
function sorted(starts: readonly Node[]): Node[] {
  const marked = new Set<Recorded>();
  for (const node of starts) node.reach(marked);
  return ([...marked] as Node[]).sort((a, b) => b.sequence - a.sequence);
}

/** The nodes from which one of `targets` can be reached, themselves included. */
function needs(order: readonly Node[], targets: ReadonlySet<Node | null>): Set<Node> {
  const needed = new Set<Node>();
  for (let i = order.length - 1; i >= 0; i--) {
    const node = order[i]!;
    if (targets.has(node) || node.edges.some((edge) => edge !== null && needed.has(edge))) needed.add(node);
  }
  return needed;
}

const reaches = (node: Node, needed: ReadonlySet<Node>): boolean =>
  node.edges.some((edge) => edge !== null && needed.has(edge));

/** Adds a cotangent (the engine's own twin) to what waits at a node's output. */
function give(
  pending: Map<Node, Cotangents>,
  node: Node,
  port: number,
  g: Tensor,
  algebra: Algebra,
  createGraph: boolean,
): void {
  let slots = pending.get(node);
  if (slots === undefined) {
    slots = new Array<Tensor | null>(node.outs.length).fill(null);
    pending.set(node, slots);
  }
  const there = slots[port] ?? null;
  if (there === null) {
    slots[port] = g;
    return;
  }
  if (!createGraph && there.storage.refs === 1 && there.storage.holds === 0 && there.layout.contiguous) {
    algebra.accumulate(there, g);
    g.endScope();
    return;
  }
  const frame = pushFrame();
  const sum = algebra.add(there, g);
  slots[port] = alias(sum);
  popInner(frame);
  there.endScope();
  g.endScope();
}

function hooked(node: Node, g: Cotangents, algebra: Algebra): void {
  for (const { port, hook } of node.hooks ?? []) {
    const x = g[port];
    if (x == null) continue;
    const shown = alias(x); // a tensor of its own, that the engine's bookkeeping does not end
    const answer = hook(shown);
    if (answer != null && answer !== shown) {
      g[port] = own(answer, node.outs[port]!.code, algebra);
      x.endScope();
    }
  }
  for (const { port, auto } of node.retained ?? []) {
    const x = g[port];
    if (x != null) collect(auto, x, algebra);
  }
}

/** Adds to a leaf's gradient. */
function collect(auto: Auto, g: Tensor, algebra: Algebra): void {
  if (context.grad) escape();
  if (auto.grad === null || auto.grad.isDisposed) {
    const unshared = g.storage.refs === 1 && g.layout.contiguous && g.offset === 0;
    // The gradient outlives every scope.
    auto.grad = unshared || context.grad ? alias(g) : outside(() => algebra.clone(g));
    return;
  }
  const sum = auto.grad;
  if (context.grad) auto.grad = outside(() => algebra.add(sum, g));
  else algebra.accumulate(sum, g);
}

/** One node: collects at a leaf, else calls the thunks that are needed and passes their cotangents on. */
function step(
  node: Node,
  g: Cotangents,
  pending: Map<Node, Cotangents>,
  needed: ReadonlySet<Node> | null,
  algebra: Algebra,
  createGraph: boolean,
  op: string,
  capturing: boolean,
): void {
  if (node.leaf !== null) {
    if (!capturing && g[0] != null) collect(node.leaf, g[0], algebra);
    return;
  }
  if (node.released) {
    throw new AutogradError(
      `${op}: trying to go backward through the graph a second time: what ${node.name} saved was freed; say { retainGraph: true } the first time`,
    );
  }
  const frame = pushFrame();
  try {
    const wants = node.edges.map((edge) => edge !== null && (needed === null || needed.has(edge)));
    if (node.custom !== null) {
      const results = node.custom(g, algebra, wants);
      for (const [i, edge] of node.edges.entries()) {
        const x = results[i];
        if (edge !== null && wants[i] && x != null) pass(pending, node, i, edge, x, algebra, createGraph);
      }
      return;
    }
    const { rule } = node.operator!;
    const saved = unpack(node, op);
    const specs = specsOf(node);
    const cotangent = rule.outputs === undefined ? g[0]! : node.operator!.outputs(g);
    const thunks = rule.vjp!(cotangent as never, saved as never, node.attrs, specs as never) as Record<string, unknown>;
    let i = 0;
    for (const name of node.form === null ? node.operator!.inputNames : Object.keys(node.form)) {
      const thunk = thunks[name] as (() => Tensor) | ((place: number) => Tensor) | null | undefined;
      const count =
        node.form !== null && Array.isArray(node.form[name]) ? (node.form[name] as readonly unknown[]).length : -1;
      for (let place = 0; place < Math.abs(count); place++, i++) {
        const edge = node.edges[i]!;
        if (edge === null || !wants[i] || thunk == null) continue;
        pass(pending, node, i, edge, thunk(place), algebra, createGraph);
      }
    }
  } finally {
    popInner(frame);
  }
}

/** What is known of the inputs, by name. */
function specsOf(node: Node): Record<string, Spec | null | readonly (Spec | null)[]> {
  const at = (i: number): Spec | null => (node.layouts[i] === null ? null : spec(node.codes[i]!, node.layouts[i]!));
  const out: Record<string, Spec | null | readonly (Spec | null)[]> = {};
  let i = 0;
  if (node.form === null) for (const name of node.operator!.inputNames) out[name] = at(i++);
  else {
    for (const name in node.form) {
      const list = node.form[name];
      out[name] = Array.isArray(list) ? list.map(() => at(i++)) : at(i++);
    }
  }
  return out;
}

/** Brings a cotangent to the shape and dtype of its input and hands it on. */
function pass(
  pending: Map<Node, Cotangents>,
  node: Node,
  i: number,
  edge: Node,
  x: Tensor,
  algebra: Algebra,
  createGraph: boolean,
): void {
  const layout = node.layouts[i]!;
  const code = node.codes[i]!;
  let g = x;
  if (!sameShape(g.layout, layout)) g = algebra.sumTo(g, layout.shape);
  give(pending, edge, node.ports[i]!, own(g, code, algebra), algebra, createGraph);
}

/** The saved tensors by name, none of which was written since. */
function unpack(node: Node, op: string): Record<string, Tensor | readonly Tensor[] | null> {
  const names = node.operator!.rule.saves ?? [];
  const out: Record<string, Tensor | readonly Tensor[] | null> = {};
  let version = 0;
  const checked = (x: Tensor, name: string): Tensor => {
    if (x.storage.allocation === null) {
      throw new DisposedError(
        `${op}: ${node.name} needs its ${name}, ${show(x)}, which was disposed by hand: dispose it after the backward`,
      );
    }
    const expected = node.versions![version++];
    if (x.storage.version !== expected) {
      throw new AutogradError(
        `${op}: one of the variables needed for gradient computation has been modified by an inplace operation: ${node.name} saved ${name}, ${DTYPES[x.code]}${showShape(x.shape)}, at version ${expected}, it is at version ${x.storage.version} now`,
      );
    }
    return x;
  };
  for (const [i, name] of names.entries()) {
    const x = node.saved![i]!;
    out[name] =
      x === null
        ? null
        : Array.isArray(x)
          ? (x as readonly Tensor[]).map((one) => checked(one, name))
          : checked(x as Tensor, name);
  }
  return out;
}
