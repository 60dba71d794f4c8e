// Reads what /metrics answers: the text format of Prometheus,
// https://prometheus.io/docs/instrumenting/exposition_formats/

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/;
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g;

/** The samples of a text: a map from the name of a metric to `[{ labels, value }]`. */
export function parse(text) {
    const metrics = new Map();
    for (const line of text.split("\n")) {
        const [, name, labels = "", value] = LINE.exec(line) ?? [];
        if (!name) continue;
        const pairs = [...labels.matchAll(LABEL)].map(([, label, quoted]) => [label, quoted.replace(/\\(.)/g, "$1")]);
        const sample = { labels: Object.fromEntries(pairs), value: value === "+Inf" ? Infinity : Number(value) };
        if (!metrics.has(name)) metrics.set(name, []);
        metrics.get(name).push(sample);
    }
    return metrics;
}

/** The sum of the samples of a metric by one of its labels; without a label one sum, under "". */
export function sums(metrics, name, label) {
    const all = new Map();
    for (const { labels, value } of metrics?.get(name) ?? []) {
        const key = label ? (labels[label] ?? "") : "";
        all.set(key, (all.get(key) ?? 0) + value);
    }
    return all;
}

/** How much each sum grew a second; a process that started anew counts from 0. */
export function rates(now, before, seconds, name, label) {
    const old = sums(before, name, label);
    return new Map([...sums(now, name, label)].map(([key, value]) => {
        const grown = value - (old.get(key) ?? 0);
        return [key, (grown < 0 ? value : grown) / seconds];
    }));
}

/** A quantile of what a histogram counted since then, in its unit; undefined when that is nothing. */
export function quantile(now, before, name, share) {
    const counted = rates(now, before, 1, `${name}_bucket`, "le");
    const buckets = [...counted].map(([le, count]) => ({ le: le === "+Inf" ? Infinity : Number(le), count }));
    buckets.sort((a, b) => a.le - b.le);
    const wanted = share * (buckets.at(-1)?.count ?? 0);
    if (!wanted) return undefined;
    let [from, below] = [0, 0];
    for (const { le, count } of buckets) {
        if (count >= wanted) return le === Infinity ? from : from + (le - from) * ((wanted - below) / (count - below));
        [from, below] = [le, count];
    }
    return from;
}
