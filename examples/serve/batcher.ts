// Many callers, one at a time each, to one function that takes many at once.

export interface BatchOptions {
  /** Inputs that are worked on together at most. */
  readonly maxBatch: number;
  /** Milliseconds that the first of a batch waits for others. */
  readonly maxWait: number;
  /** Milliseconds after which a waiting input is no longer worth the work. */
  readonly maxAge: number;
}

interface Job<In, Out> {
  readonly input: In;
  readonly wanted: () => boolean;
  readonly since: number;
  readonly resolve: (output: Out) => void;
  readonly reject: (error: unknown) => void;
}

/** An input that was left undone: it waited for longer than `maxAge`, or nobody wanted it any more. */
export class LeftUndone extends Error {}

export class Batcher<In, Out> {
  readonly #work: (inputs: readonly In[]) => readonly Out[];
  readonly #options: BatchOptions;
  #queue: Job<In, Out>[] = [];
  #timer: NodeJS.Timeout | NodeJS.Immediate | null = null;

  /** `work` gives an output for every input, in their order. What it throws, all of the batch get. */
  constructor(work: (inputs: readonly In[]) => readonly Out[], options: BatchOptions) {
    this.#work = work;
    this.#options = options;
  }

  /** Inputs that wait. */
  get length(): number {
    return this.#queue.length;
  }

  /** The output for an input, worked on with others, if it is `wanted` when its turn comes. */
  add(input: In, wanted: () => boolean = () => true): Promise<Out> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ input, wanted, since: performance.now(), resolve, reject });
      const full = this.#queue.length >= this.#options.maxBatch;
      if (this.#timer === null)
        this.#timer = full ? setImmediate(this.#run) : setTimeout(this.#run, this.#options.maxWait);
      else if (full && "refresh" in this.#timer) {
        clearTimeout(this.#timer);
        this.#timer = setImmediate(this.#run);
      }
    });
  }

  readonly #run = (): void => {
    const now = performance.now();
    const batch: Job<In, Out>[] = [];
    while (batch.length < this.#options.maxBatch && this.#queue.length > 0) {
      const job = this.#queue.shift()!;
      if (job.wanted() && now - job.since <= this.#options.maxAge) batch.push(job);
      else job.reject(new LeftUndone());
    }
    // In a later turn, so that what has arrived meanwhile joins them.
    this.#timer = this.#queue.length > 0 ? setImmediate(this.#run) : null;
    if (batch.length === 0) return;
    try {
      const outputs = this.#work(batch.map(({ input }) => input));
      for (const [i, job] of batch.entries()) job.resolve(outputs[i]!);
    } catch (error) {
      for (const job of batch) job.reject(error);
    }
  };
}
