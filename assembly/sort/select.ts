// The k first of each row of [rows, n] in ascending or descending order, by the very algorithms that PyTorch calls on a CPU:
// C++'s sort, partial_sort and nth_element as libstdc++ has them, and Numerical Recipes' quick select. They leave equals in
// orders of their own, which users see in the indices; so here every comparison and every move is theirs.
//
//   select_  args ─ n: i32 │ k: i32 │ how: i32 │ descending: i32 │ x: usize │ values: usize │ indices: usize │ work: usize
//
//   how  0  sort, all (k = n)
//        1  partial_sort: the k first in order, from a heap of k
//        2  nth_element, then sort: the k first in order
//        3  nth_element: the k first in any order
//        4  quick select: the k-th alone; values and indices are [rows]
//
// Units are rows; values and indices (int64) are [rows, k]. `work` has room for n records a row (k where how is 1); 1 ≤ k ≤ n. NaN
// counts as the greatest number, -0 equals +0. Below, positions are numbers of records and [first, last) is a range.

import { int, ptr } from "../abi";
import { keyOf, move, placeOf, rank, spell, write } from "./record";

const SORT: i32 = 0;
const PARTIAL: i32 = 1;
const NTH: i32 = 3;
const QUICK: i32 = 4;
const FEW: i32 = 16; // libstdc++ leaves ranges of so many to insertion

// The row's records, set by `select`: a global of the instance saves an argument everywhere.
let work: usize = 0;

// @ts-ignore: decorator
@inline
function select<T, K>(args: usize, begin: i32, end: i32): void {
  const n = int(args, 0);
  const k = int(args, 1);
  const how = int(args, 2);
  const flip = <K>(int(args, 3) != 0 ? -1 : 0);
  const record: usize = 2 * sizeof<K>();
  const room = how == PARTIAL ? k : n;
  const results = how == QUICK ? 1 : k;
  for (let unit = begin; unit < end; unit++) {
    const x = ptr(args, 4) + <usize>unit * <usize>n * sizeof<T>();
    work = ptr(args, 7) + <usize>unit * <usize>room * record;
    for (let i = 0; i < room; i++) {
      write<K>(at<K>(i), rank<T, K>(load<T>(x + <usize>i * sizeof<T>())) ^ flip, i);
    }
    if (how == SORT) {
      sort<K>(0, n);
    } else if (how == PARTIAL) {
      makeHeap<K>(0, k);
      for (let i = k; i < n; ) {
        const worst = load<T>(x + <usize>placeOf<K>(work) * sizeof<T>());
        i = passOver<T>(x, i, n, worst, flip != 0);
        for (const stop = min(i + GROUP, n); i < stop; i++) {
          // What the heap's top would be exchanged with is never looked at again.
          const key = rank<T, K>(load<T>(x + <usize>i * sizeof<T>())) ^ flip;
          if (key < keyOf<K>(work)) sift<K>(0, 0, k, key, i);
        }
      }
      sortHeap<K>(0, k);
    } else if (how == QUICK) {
      quick<K>(k - 1, n);
    } else {
      nth<K>(0, k - 1, n);
      if (how != NTH) sort<K>(0, k - 1);
    }
    spell<T, K>(
      results, how == QUICK ? at<K>(k - 1) : work, flip, 0, x,
      ptr(args, 5) + <usize>unit * <usize>results * sizeof<T>(), ptr(args, 6) + ((<usize>unit * <usize>results) << 3),
    );
  }
}

const GROUP: i32 = 16; // elements that are passed over together

/** The first i from which a group has an element that may come before `worst`, or is no whole group. */
// @ts-ignore: decorator
@inline
function passOver<T>(x: usize, i: i32, n: i32, worst: T, descending: bool): i32 {
  const bound = v128.splat<T>(worst);
  for (; i + GROUP <= n; i += GROUP) {
    let behind = i64x2.splat(-1);
    const from = x + <usize>i * sizeof<T>();
    for (let k: usize = 0; k < <usize>GROUP * sizeof<T>(); k += 16) {
      // A NaN is behind nothing: it is looked at.
      const v = v128.load(from + k);
      behind = v128.and(behind, descending ? v128.le<T>(v, bound) : v128.ge<T>(v, bound));
    }
    if (!i32x4.all_true(behind)) break;
  }
  return i;
}

// @ts-ignore: decorator
@inline
function at<K>(i: i32): usize { return work + <usize>i * 2 * sizeof<K>(); }
// @ts-ignore: decorator
@inline
function key<K>(i: i32): K { return keyOf<K>(at<K>(i)); }

function swap<K>(i: i32, j: i32): void {
  const k = key<K>(i);
  const place = placeOf<K>(at<K>(i));
  move<K>(at<K>(i), at<K>(j));
  write<K>(at<K>(j), k, place);
}

// ── sort: quick sort to a depth, then heap sort; insertion at the end ───────────────────────────────────────────────────

function sort<K>(first: i32, last: i32): void {
  if (first == last) return;
  divide<K>(first, last, depthOf(last - first));
  if (last - first <= FEW) {
    insertion<K>(first, last);
    return;
  }
  insertion<K>(first, first + FEW);
  for (let i = first + FEW; i < last; i++) insert<K>(i);
}

/** Partitions that are made before the range counts as an evil one. */
// @ts-ignore: decorator
@inline
function depthOf(n: i32): i32 { return 2 * (31 - clz(n)); }

function divide<K>(first: i32, last: i32, depth: i32): void {
  while (last - first > FEW) {
    if (depth == 0) {
      makeHeap<K>(first, last);
      sortHeap<K>(first, last);
      return;
    }
    depth--;
    const cut = partition<K>(first, last);
    divide<K>(cut, last, depth);
    last = cut;
  }
}

/** Around the median of three, which stands first meanwhile; neither loop can leave the range. */
function partition<K>(first: i32, last: i32): i32 {
  const a = first + 1;
  const b = first + (last - first) / 2;
  const c = last - 1;
  if (key<K>(a) < key<K>(b)) {
    if (key<K>(b) < key<K>(c)) swap<K>(first, b);
    else if (key<K>(a) < key<K>(c)) swap<K>(first, c);
    else swap<K>(first, a);
  } else if (key<K>(a) < key<K>(c)) swap<K>(first, a);
  else if (key<K>(b) < key<K>(c)) swap<K>(first, c);
  else swap<K>(first, b);
  const pivot = key<K>(first);
  let i = first + 1;
  let j = last;
  while (true) {
    while (key<K>(i) < pivot) i++;
    j--;
    while (pivot < key<K>(j)) j--;
    if (i >= j) return i;
    swap<K>(i, j);
    i++;
  }
}

function insertion<K>(first: i32, last: i32): void {
  for (let i = first + 1; i < last; i++) {
    if (key<K>(i) >= key<K>(first)) {
      insert<K>(i);
      continue;
    }
    const k = key<K>(i);
    const place = placeOf<K>(at<K>(i));
    memory.copy(at<K>(first + 1), at<K>(first), at<K>(i) - at<K>(first));
    write<K>(at<K>(first), k, place);
  }
}

/** Moves record i down to where it belongs; something before it is not greater. */
function insert<K>(i: i32): void {
  const k = key<K>(i);
  const place = placeOf<K>(at<K>(i));
  for (; k < key<K>(i - 1); i--) move<K>(at<K>(i), at<K>(i - 1));
  write<K>(at<K>(i), k, place);
}

// ── heaps with the greatest on top ──────────────────────────────────────────────────────────────────────────────────────

function makeHeap<K>(first: i32, last: i32): void {
  const n = last - first;
  for (let hole = n / 2 - 1; hole >= 0; hole--) {
    sift<K>(first, hole, n, key<K>(first + hole), placeOf<K>(at<K>(first + hole)));
  }
}

/** Puts a record into the heap of n at `first`, whose place `hole` is free: the hole sinks to the bottom, the record rises from there. */
function sift<K>(first: i32, hole: i32, n: i32, k: K, place: i32): void {
  const top = hole;
  let child = hole;
  while (child < (n - 1) / 2) {
    child = 2 * (child + 1);
    if (key<K>(first + child) < key<K>(first + child - 1)) child--;
    move<K>(at<K>(first + hole), at<K>(first + child));
    hole = child;
  }
  if ((n & 1) == 0 && child == (n - 2) / 2) {
    child = 2 * (child + 1);
    move<K>(at<K>(first + hole), at<K>(first + child - 1));
    hole = child - 1;
  }
  while (hole > top) {
    const parent = (hole - 1) / 2;
    if (key<K>(first + parent) >= k) break;
    move<K>(at<K>(first + hole), at<K>(first + parent));
    hole = parent;
  }
  write<K>(at<K>(first + hole), k, place);
}

function sortHeap<K>(first: i32, last: i32): void {
  while (last - first > 1) {
    last--;
    const k = key<K>(last);
    const place = placeOf<K>(at<K>(last));
    move<K>(at<K>(last), at<K>(first));
    sift<K>(first, 0, last - first, k, place);
  }
}

// ── selections ───────────────────────────────────────────────────────────────────────────────────────────────────────

/** nth_element: record `nth` is the one that a sort would put there, those before it are not greater. */
function nth<K>(first: i32, nth: i32, last: i32): void {
  for (let depth = depthOf(last - first); last - first > 3; depth--) {
    if (depth == 0) {
      makeHeap<K>(first, nth + 1);
      for (let i = nth + 1; i < last; i++) {
        const k = key<K>(i);
        if (k >= key<K>(first)) continue;
        const place = placeOf<K>(at<K>(i));
        move<K>(at<K>(i), at<K>(first));
        sift<K>(first, 0, nth + 1 - first, k, place);
      }
      swap<K>(first, nth);
      return;
    }
    const cut = partition<K>(first, last);
    if (cut <= nth) first = cut;
    else last = cut;
  }
  insertion<K>(first, last);
}

function quick<K>(k: i32, n: i32): void {
  let l = 0;
  let r = n - 1;
  while (r > l) {
    if (r == l + 1) {
      if (key<K>(l) > key<K>(r)) swap<K>(l, r);
      return;
    }
    swap<K>(l + (r - l) / 2, l + 1);
    if (key<K>(l + 1) > key<K>(r)) swap<K>(l + 1, r);
    if (key<K>(l) > key<K>(r)) swap<K>(l, r);
    if (key<K>(l + 1) > key<K>(l)) swap<K>(l + 1, l);
    const pivot = key<K>(l);
    let i = l + 1;
    let j = r;
    while (true) {
      do i++; while (pivot > key<K>(i));
      do j--; while (key<K>(j) > pivot);
      if (j < i) break;
      swap<K>(i, j);
    }
    swap<K>(l, j);
    if (j <= k) l = i;
    if (j >= k) r = j - 1;
  }
}

export function select_f32(args: usize, begin: i32, end: i32): void { select<f32, u32>(args, begin, end); }
export function select_f64(args: usize, begin: i32, end: i32): void { select<f64, u64>(args, begin, end); }
export function select_i32(args: usize, begin: i32, end: i32): void { select<i32, u32>(args, begin, end); }
export function select_i64(args: usize, begin: i32, end: i32): void { select<i64, u64>(args, begin, end); }
