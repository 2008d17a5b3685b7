/** Calls `make` when it is first asked for: what the gradients of several operands share. */
export function once<T extends object>(make: () => T): () => T {
  let made: T | null = null;
  return () => {
    made ??= make();
    return made;
  };
}
