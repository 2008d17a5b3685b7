// The ordered queue of a device that answers later. A step runs at once while nothing is pending; behind an
// asynchronous step (a host step, a read) later ones wait, so that every step sees what came before it.

export class Queue {
  #tail: Promise<unknown> | null = null;
  #fault: unknown = null;

  /** Runs a step in order. What it throws is kept and thrown by the next `read`. */
  push(step: () => void | Promise<void>): void {
    if (this.#tail !== null) {
      this.#follow(step);
      return;
    }
    try {
      const result = step();
      if (result !== undefined) this.#follow(() => result);
    } catch (error) {
      this.#fault ??= error;
    }
  }

  /** A value read in order. A fault of an earlier step is thrown here, once. */
  read<T>(step: () => Promise<T>): Promise<T> {
    const answer = (this.#tail ?? Promise.resolve()).then(() => {
      const fault = this.#fault;
      this.#fault = null;
      if (fault !== null) throw fault;
      return step();
    });
    this.#follow(() =>
      answer.then(
        () => {},
        () => {},
      ),
    );
    return answer;
  }

  #follow(step: () => void | Promise<void>): void {
    const tail: Promise<unknown> = (this.#tail ?? Promise.resolve())
      .then(step)
      .catch((error: unknown) => {
        this.#fault ??= error;
      })
      .then(() => {
        if (this.#tail === tail) this.#tail = null;
      });
    this.#tail = tail;
  }
}
