// Counts for Prometheus, in its text format.

interface Metric {
  lines(): string[];
}

/** Metrics by the order in which they were made. */
export class Metrics {
  readonly #metrics: Metric[] = [];

  /** Something that only grows, told apart by one label. */
  counter(name: string, help: string, label: string): (value: string) => void {
    const counts = new Map<string, number>();
    this.#metrics.push({
      lines: () => [
        ...head(name, help, "counter"),
        ...[...counts].sort().map(([value, n]) => `${name}{${label}="${value}"} ${n}`),
      ],
    });
    return (value) => void counts.set(value, (counts.get(value) ?? 0) + 1);
  }

  /** What is asked for when somebody looks. */
  gauge(name: string, help: string, read: () => number): void {
    this.#metrics.push({ lines: () => [...head(name, help, "gauge"), `${name} ${read()}`] });
  }

  /** Values by the least bound that holds them; the text counts them up, as the format asks. */
  histogram(name: string, help: string, bounds: readonly number[]): (value: number) => void {
    const counts = new Array<number>(bounds.length + 1).fill(0);
    let sum = 0;
    this.#metrics.push({
      lines: () => {
        let count = 0;
        const buckets = [...bounds, "+Inf"].map((bound, i) => {
          count += counts[i]!;
          return `${name}_bucket{le="${bound}"} ${count}`;
        });
        return [...head(name, help, "histogram"), ...buckets, `${name}_sum ${sum}`, `${name}_count ${count}`];
      },
    });
    return (value) => {
      const at = bounds.findIndex((bound) => value <= bound);
      counts[at < 0 ? bounds.length : at]!++;
      sum += value;
    };
  }

  text(): string {
    return `${this.#metrics.flatMap((metric) => metric.lines()).join("\n")}\n`;
  }
}

function head(name: string, help: string, type: string): string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`];
}
