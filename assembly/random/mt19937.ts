// The Mersenne Twister MT19937 (Matsumoto and Nishimura, 1998), PyTorch's generator on the CPU: 624 words that are
// renewed together and handed out one by one.
//
//   state ─ 0 words: 624 × u32 │ 2496 next: i32 │ 2504 spare: f64 │ 2512 spares: i32
//
// next is the number of words handed out since they were renewed. spare is the second value of the last Box-Muller
// pair that was made one by one, and spares whether there is one (0 or 1). src/ops/random.ts keeps the seed.

const WORDS = 624;
const FAR = 397;
const NEXT: usize = 2496;
const SPARE: usize = 2504;
const SPARES: usize = 2512;
const JUST_SEEDED = WORDS + 1; // used up as well; PyTorch's saved states tell the two apart

/** Starts the stream of a seed, of which the low 32 bits count. */
export function seed(state: usize, value: u32): void {
  store<u32>(state, value);
  for (let i = 1; i < WORDS; i++) {
    value = 1812433253 * (value ^ (value >> 30)) + <u32>i;
    store<u32>(state + (<usize>i << 2), value);
  }
  store<i32>(state + NEXT, JUST_SEEDED);
  store<i32>(state + SPARES, 0);
}

/** The next 32 bits. */
// @ts-ignore: decorator
@inline
export function draw(state: usize): u32 {
  const at = ready(state);
  store<i32>(state + NEXT, at + 1);
  let y = load<u32>(state + (<usize>at << 2));
  y ^= y >> 11;
  y ^= (y << 7) & 0x9d2c5680;
  y ^= (y << 15) & 0xefc60000;
  return y ^ (y >> 18);
}

/** The next 64 bits: two draws, the first is the high half. */
// @ts-ignore: decorator
@inline
export function draw64(state: usize): u64 {
  const high = <u64>draw(state);
  return (high << 32) | <u64>draw(state);
}

/** The next four draws as a vector. Valid only while `available` says so. */
// @ts-ignore: decorator
@inline
export function draw4(state: usize): v128 {
  const at = load<i32>(state + NEXT);
  store<i32>(state + NEXT, at + 4);
  let y = v128.load(state + (<usize>at << 2));
  y = v128.xor(y, i32x4.shr_u(y, 11));
  y = v128.xor(y, v128.and(i32x4.shl(y, 7), i32x4.splat(<i32>0x9d2c5680)));
  y = v128.xor(y, v128.and(i32x4.shl(y, 15), i32x4.splat(<i32>0xefc60000)));
  return v128.xor(y, i32x4.shr_u(y, 18));
}

/** How many words can be drawn before the next renewal: 1 to 624. */
// @ts-ignore: decorator
@inline export function available(state: usize): i32 { return WORDS - ready(state); }

/** A uniform number in [0, 1) from 53 of 64 bits. */
// @ts-ignore: decorator
@inline export function uniform53(state: usize): f64 { return <f64>(draw64(state) & 0x1fffffffffffff) * (1.0 / 9007199254740992.0); }

/** A standard normal number in double precision; every second one is the spare of the pair before. */
export function normal53(state: usize): f64 {
  if (load<i32>(state + SPARES) != 0) {
    store<i32>(state + SPARES, 0);
    return load<f64>(state + SPARE);
  }
  const u = uniform53(state);
  const v = uniform53(state);
  const radius = sqrt<f64>(-2 * Math.log1p(-v));
  const angle = 2 * Math.PI * u;
  store<f64>(state + SPARE, radius * Math.sin(angle));
  store<i32>(state + SPARES, 1);
  return radius * Math.cos(angle);
}

/** The place of the next word, once there is one. */
// @ts-ignore: decorator
@inline
function ready(state: usize): i32 {
  const at = load<i32>(state + NEXT);
  if (at < WORDS) return at;
  renew(state);
  return 0;
}

/** Renews all words in place: word i from words i, i + 1 and i + 397 (modulo 624), four at a time where none is read after it changed. */
function renew(state: usize): void {
  let i = 0;
  for (; i < WORDS - FAR - 3; i += 4) twist4(state, i, i + FAR);
  for (; i < WORDS - FAR; i++) twist(state, i, i + 1, i + FAR);
  for (; i < WORDS - 1; i += 4) twist4(state, i, i + FAR - WORDS); // 396 words: a multiple of 4
  twist(state, WORDS - 1, 0, FAR - 1);
  store<i32>(state + NEXT, 0);
}

// @ts-ignore: decorator
@inline
function twist(state: usize, i: i32, following: i32, far: i32): void {
  const a = load<u32>(state + (<usize>i << 2));
  const b = load<u32>(state + (<usize>following << 2));
  const mixed = (a & 0x80000000) | (b & 0x7fffffff);
  store<u32>(state + (<usize>i << 2), load<u32>(state + (<usize>far << 2)) ^ (mixed >> 1) ^ ((0 - (b & 1)) & 0x9908b0df));
}

// @ts-ignore: decorator
@inline
function twist4(state: usize, i: i32, far: i32): void {
  const at = state + (<usize>i << 2);
  const a = v128.load(at);
  const b = v128.load(at + 4);
  const mixed = v128.bitselect(a, b, i32x4.splat(<i32>0x80000000));
  const odd = i32x4.neg(v128.and(b, i32x4.splat(1)));
  const y = v128.xor(i32x4.shr_u(mixed, 1), v128.and(odd, i32x4.splat(<i32>0x9908b0df)));
  v128.store(at, v128.xor(v128.load(state + (<usize>far << 2)), y));
}
