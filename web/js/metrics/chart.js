// A chart of lines over time, as SVG.
import { make } from "../console/dom.js";

const [WIDTH, HEIGHT] = [300, 100];
const COLOURS = 6;

function shape(tag, attributes) {
    const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    return element;
}

/** The next number of 1, 2, 5, 10, 20, ... that is not below. */
function ceiling(value) {
    const power = 10 ** Math.floor(Math.log10(value || 1));
    return [1, 2, 5, 10].map((step) => step * power).find((step) => step >= value) ?? 10 * power;
}

/** A number with its unit, short. */
export function format(value, unit) {
    if (value === undefined || Number.isNaN(value)) return "-";
    if (unit === "B") return value < 1e6 ? `${(value / 1024).toFixed(0)} KB` : `${(value / (1 << 20)).toFixed(1)} MB`;
    const digits = value >= 100 || value === 0 ? 0 : value >= 1 ? 1 : 2;
    return `${value.toFixed(digits)}${unit ? ` ${unit}` : ""}`;
}

/** A figure with a title. `add` takes the values of a moment, a map from the name of a line to its value. */
export class Chart {
    #points = [];
    #names = [];
    #hovered = null;

    constructor(title, unit, most) {
        Object.assign(this, { title, unit, most });
        this.svg = shape("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img" });
        this.scale = make("span", { className: "soft" });
        this.legend = make("ul", { className: "legend" });
        this.element = make("figure", { className: "chart" }, make("figcaption", {}, title, this.scale), this.svg, this.legend);
        this.svg.onpointermove = (event) => this.#hover((event.offsetX / this.svg.clientWidth) * WIDTH);
        this.svg.onpointerleave = () => this.#hover(null);
    }

    add(values) {
        this.#points.push(values);
        if (this.#points.length > this.most) this.#points.shift();
        for (const name of values.keys()) if (!this.#names.includes(name)) this.#names.push(name);
        this.draw();
    }

    #x(index) {
        return WIDTH - ((this.#points.length - 1 - index) / (this.most - 1)) * WIDTH;
    }

    #hover(x) {
        const index = x === null ? null : Math.round(this.#points.length - 1 - ((WIDTH - x) / WIDTH) * (this.most - 1));
        this.#hovered = index !== null && this.#points[index] ? index : null;
        this.draw();
    }

    draw() {
        const highest = Math.max(0, ...this.#points.flatMap((values) => [...values.values()].filter(Number.isFinite)));
        const top = ceiling(highest);
        const lines = [0, 0.5, 1].map((part) => shape("line", { class: "grid", x1: 0, x2: WIDTH, y1: part * HEIGHT, y2: part * HEIGHT }));
        this.#names.forEach((name, i) => {
            const points = this.#points.flatMap((values, at) => {
                const value = values.get(name);
                return Number.isFinite(value) ? [`${this.#x(at).toFixed(1)},${(HEIGHT - (value / top) * HEIGHT).toFixed(1)}`] : [];
            });
            lines.push(shape("polyline", { class: `s${i % COLOURS}`, points: points.join(" ") }));
        });
        if (this.#hovered !== null) {
            const x = this.#x(this.#hovered);
            lines.push(shape("line", { class: "cursor", x1: x, x2: x, y1: 0, y2: HEIGHT }));
        }
        this.svg.replaceChildren(...lines);
        this.scale.textContent = `to ${format(top, this.unit)}`;
        const shown = this.#points[this.#hovered ?? this.#points.length - 1] ?? new Map();
        const items = this.#names.map((name, i) => [name, format(shown.get(name), this.unit), `s${i % COLOURS}`]);
        this.legend.replaceChildren(...items.map(([name, value, className]) =>
            make("li", { className }, name ? `${name} ` : "", make("b", {}, value))));
        this.svg.setAttribute("aria-label", `${this.title}: ${items.map(([name, value]) => `${name} ${value}`).join(", ")}`);
    }
}
