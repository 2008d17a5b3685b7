// The backward: goes through the tape from the latest node to the leaves. Cotangents belong to the engine: each is a twin
// of its own, which ends when its node is done, so that memory falls as the backward goes on.

import {
  AutogradError,
  DisposedError,
  DTYPES,
  dense,
  isComplex,
  type Layout,
  ShapeError,
  sameShape,
  show,
  showShape,
} from "../core/index.ts";
import type { Backend } from "../device/index.ts";
import {
  type Auto,
  alias,
  allocate,
  escape,
  newVisit,
  outside,
  popInner,
  popLaunch,
  pushFrame,
  pushLaunch,
  Tensor,
} from "../tensor/index.ts";
import { context } from "./context.ts";
import { kernelsOf, MissingKernel } from "./launch.ts";
import { spec } from "./operator.ts";
import { type Algebra, type Cotangents, edgeOf, type Node } from "./tape.ts";
import type { Spec } from "./types.ts";

export interface BackwardOptions {
  readonly retainGraph: boolean;
  readonly createGraph: boolean;
}

/** One backward on its way. */
interface Run {
  /** The public function's name, for errors. */
  readonly op: string;
  readonly algebra: Algebra;
  readonly createGraph: boolean;
  /** The nodes that lead to what is wanted; null where all leaves collect. */
  readonly needed: ReadonlySet<Node> | null;
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
  const frame = pushFrame();
  const before = context.grad;
  context.grad = createGraph;
  const order: Node[] = [];
  const outer: [Node, Cotangents][] = [];
  try {
    const starts = roots.map((root, i) => startOf(op, root, i));
    sort(starts, order, outer);
    const places = wanted === null ? NOWHERE : wanted.map(placeOf);
    const needed = wanted === null ? null : needs(order, new Set(places.map(({ node }) => node)));
    const run: Run = { op, algebra, createGraph, needed };
    for (let i = 0; i < roots.length; i++) {
      const root = roots[i]!;
      const g = grads[i] ?? seed(op, root, algebra);
      if (!sameShape(g.layout, root.layout)) {
        throw new ShapeError(
          `${op}: the gradient has the shape ${showShape(g.shape)}, expected that of the output, ${showShape(root.shape)}`,
        );
      }
      give(run, starts[i]!, placeOf(root).port, own(g, root.code, algebra));
    }
    const captured: (Tensor | null)[] = places.map(() => null);
    for (let k = 0; k < order.length; k++) {
      const node = order[k]!;
      const g = node.waiting;
      if (g === null) continue;
      node.waiting = null;
      if (needed === null || needed.has(node)) {
        hooked(node, g, algebra);
        for (let i = 0; i < places.length; i++) {
          const { node: place, port } = places[i]!;
          if (place === node && g[port] != null) captured[i] = alias(g[port]);
        }
        const stop = needed !== null && !reaches(node, needed);
        if (!stop) step(run, node, g);
        if (!retainGraph && node.leaf === null && !stop) node.release();
      }
      for (let i = 0; i < g.length; i++) g[i]?.endScope();
    }
    if (!retainGraph && needed === null) for (const node of order) if (node.leaf === null) node.release();
    return captured;
  } finally {
    for (let k = 0; k < order.length; k++) order[k]!.waiting = null; // an error may have left some
    for (const [node, waiting] of outer) node.waiting = waiting;
    context.grad = before;
    popInner(frame);
  }
}

interface Place {
  readonly node: Node | null;
  readonly port: number;
}
const NOWHERE: readonly Place[] = [];

/** The output on which the cotangents of `x` come together. */
const placeOf = (x: Tensor): Place => ({ node: edgeOf(x), port: x.auto?.node == null ? 0 : x.auto.port });

function startOf(op: string, root: Tensor, i: number): Node {
  const node = edgeOf(root);
  if (node !== null) return node;
  throw new AutogradError(`${op}: element ${i} of the tensors does not require grad and has no gradFn`);
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

/**
 * Puts all nodes that lead on from the starts into `order`, latest first: leaves come last. A backward may begin in a hook of
 * another: what waits at its nodes then goes to `outer`.
 */
function sort(starts: readonly Node[], order: Node[], outer: [Node, Cotangents][]): void {
  const visit = newVisit();
  const open = [...starts];
  const leaves: Node[] = [];
  let falling = true;
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (node.visit === visit) continue;
    node.visit = visit;
    if (node.waiting !== null) {
      outer.push([node, node.waiting]);
      node.waiting = null;
    }
    if (node.leaf !== null) {
      leaves.push(node);
      continue;
    }
    falling &&= order.length === 0 || order[order.length - 1]!.sequence > node.sequence;
    order.push(node);
    const { edges } = node;
    for (let i = 0; i < edges.length; i++) if (edges[i] !== null) open.push(edges[i]!);
  }
  if (!falling) bySequence(order);
  for (let i = 0; i < leaves.length; i++) order.push(leaves[i]!);
}

/** Sorts nodes, latest first. Those of one forward nearly follow each other: each goes straight to its place. */
function bySequence(order: Node[]): void {
  let [first, last] = [Number.POSITIVE_INFINITY, 0];
  for (let i = 0; i < order.length; i++) {
    const { sequence } = order[i]!;
    if (sequence < first) first = sequence;
    if (sequence > last) last = sequence;
  }
  if (last - first >= 4 * order.length) {
    order.sort((a, b) => b.sequence - a.sequence);
    return;
  }
  const places = new Array<Node | null>(last - first + 1).fill(null);
  for (let i = 0; i < order.length; i++) places[last - order[i]!.sequence] = order[i]!;
  for (let i = 0, k = 0; i < places.length; i++) if (places[i] !== null) order[k++] = places[i]!;
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
function give({ algebra, createGraph }: Run, node: Node, port: number, g: Tensor): void {
  let slots = node.waiting;
  if (slots === null) {
    slots = [];
    for (let i = 0; i < node.outs.length; i++) slots.push(null);
    node.waiting = slots;
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
  if (node.hooks !== null) {
    for (const { port, hook } of node.hooks) {
      const x = g[port];
      if (x == null) continue;
      const shown = alias(x); // a tensor of its own, that the engine's bookkeeping does not end
      const answer = hook(shown);
      if (answer != null && answer !== shown) {
        g[port] = own(answer, node.outs[port]!, algebra);
        x.endScope();
      }
    }
  }
  if (node.retained === null) return;
  for (const { port, auto } of node.retained) {
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
function step(run: Run, node: Node, g: Cotangents): void {
  const { op, algebra, needed } = run;
  if (node.leaf !== null) {
    if (needed === null && g[0] != null) collect(node.leaf, g[0], algebra);
    return;
  }
  if (node.released) {
    throw new AutogradError(
      `${op}: trying to go backward through the graph a second time: what ${node.name} saved was freed; say { retainGraph: true } the first time`,
    );
  }
  if (node.custom === null) {
    const operator = node.operator!;
    const cotangent = operator.rule.outputs === undefined ? g[0]! : operator.outputs(g);
    const saved = unpack(node, op);
    if (!byKernels(run, node, g, cotangent, saved)) byFormula(run, node, cotangent, saved);
    return;
  }
  const frame = pushFrame();
  try {
    const wanted = node.edges.map((edge) => wants(needed, edge));
    const results = node.custom(g, algebra, wanted);
    for (let i = 0; i < wanted.length; i++) if (wanted[i] && results[i] != null) pass(run, node, i, results[i]!);
  } finally {
    popInner(frame);
  }
}

/** What a rule gets: the cotangent of its result or those of its results, and what was saved. */
type Cotangent = Tensor | Readonly<Record<string, Tensor | null>>;
type Saved = Readonly<Record<string, Tensor | readonly Tensor[] | null>>;

/** Passes on the cotangents that the rule's thunks give; those alone are called that are needed. */
function byFormula(run: Run, node: Node, cotangent: Cotangent, saved: Saved): void {
  const { inputNames, rule } = node.operator!;
  const { vjp } = rule;
  const frame = pushFrame();
  try {
    const specs = vjp!.length < 4 ? null : specsOf(node); // most rules do not ask for them
    const thunks = vjp!(cotangent as never, saved as never, node.attrs, specs as never) as Thunks;
    const names = node.form === null ? inputNames : Object.keys(node.form);
    for (let i = 0, k = 0; k < names.length; k++) {
      const name = names[k]!;
      const thunk = thunks[name];
      const list = node.form === null ? null : node.form[name];
      const count = Array.isArray(list) ? list.length : 1;
      for (let place = 0; place < count; place++, i++) {
        if (wants(run.needed, node.edges[i]!) && thunk != null) pass(run, node, i, thunk(place));
      }
    }
  } finally {
    popInner(frame);
  }
}

/** Passes on the cotangents that the rule's kernels give; false where its formula has to. */
function byKernels(run: Run, node: Node, g: Cotangents, cotangent: Cotangent, saved: Saved): boolean {
  const operator = node.operator!;
  const { rule } = operator;
  if (rule.backward === undefined || run.createGraph || context.interpreter !== null) return false;
  let first = 0;
  while (g[first] == null) first++;
  const { storage, code } = g[first]!;
  const { edges, ports, layouts, codes } = node;
  const outs: (Tensor | null)[] = [];
  let done = false;
  const frame = pushLaunch();
  try {
    for (let i = 0; i < edges.length; i++) {
      outs.push(wants(run.needed, edges[i]!) ? apart(storage.backend, codes[i]!, layouts[i]!) : null);
    }
    const into = operator.byInput(outs);
    done = rule.backward(kernelsOf(storage.backend, code), cotangent as never, saved as never, into, node.attrs);
  } catch (error) {
    if (!(error instanceof MissingKernel)) throw error;
  } finally {
    popLaunch(frame);
    if (!done) for (let i = 0; i < outs.length; i++) outs[i]?.endScope();
  }
  if (done) for (let i = 0; i < outs.length; i++) if (outs[i] !== null) give(run, edges[i]!, ports[i]!, outs[i]!);
  return done;
}

/** A dense tensor of the engine's own. */
function apart(backend: Backend, code: number, layout: Layout): Tensor {
  return outside(() => allocate(backend, code, layout.contiguous ? layout : dense(layout.shape)));
}

const wants = (needed: Run["needed"], edge: Node | null): boolean =>
  edge !== null && (needed === null || needed.has(edge));

/** Of a single input, or by place of a list. */
type Thunks = Readonly<Record<string, ((place: number) => Tensor) | null | undefined>>;

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
function pass(run: Run, node: Node, i: number, x: Tensor): void {
  const layout = node.layouts[i]!;
  const g = sameShape(x.layout, layout) ? x : run.algebra.sumTo(x, layout.shape);
  give(run, node.edges[i]!, node.ports[i]!, own(g, node.codes[i]!, run.algebra));
}

const NO_NAMES: readonly string[] = [];

/** The saved tensors by name, none of which was written since. */
function unpack(node: Node, op: string): Saved {
  const operator = node.operator!;
  const names = operator.rule.saves ?? NO_NAMES;
  if (names.length === 0) return NOTHING;
  const saved = node.saved!;
  let version = 0;
  for (let i = 0; i < names.length; i++) {
    const name = names[i]!;
    const x = saved[i]!;
    if (x instanceof Tensor) check(x, name, node, node.versions![version++]!, op);
    else if (x !== null) for (const one of x) check(one, name, node, node.versions![version++]!, op);
  }
  return operator.saved(saved);
}

const NOTHING: Saved = {};

/** Throws where a saved tensor is gone, or was written since. */
function check(x: Tensor, name: string, node: Node, version: number, op: string): void {
  if (x.storage.allocation === null) {
    throw new DisposedError(
      `${op}: ${node.name} needs its ${name}, ${show(x)}, which was disposed by hand: dispose it after the backward`,
    );
  }
  if (x.storage.version === version) return;
  throw new AutogradError(
    `${op}: one of the variables needed for gradient computation has been modified by an inplace operation: ${node.name} saved ${name}, ${DTYPES[x.code]}${showShape(x.shape)}, at version ${version}, it is at version ${x.storage.version} now`,
  );
}
