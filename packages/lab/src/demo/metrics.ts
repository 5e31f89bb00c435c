/** Reading a `/metrics` page (Prometheus text format). */

export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** The samples of one metric. */
export function parseMetrics(text: string, metric: string): Sample[] {
  return text.split("\n").flatMap((line) => {
    const match = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/.exec(line);
    if (match === null || match[1] !== metric) return [];
    const labels = Object.fromEntries(
      [...(match[2] ?? "").matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, name, value]) => [name!, value!]),
    );
    return [{ labels, value: Number(match[3]) }];
  });
}

/** The sum of those samples that carry the label. */
export function sumOf(samples: readonly Sample[], label: string, value: string): number {
  return samples.reduce((sum, sample) => (sample.labels[label] === value ? sum + sample.value : sum), 0);
}
