// Live charts of what /metrics answers, for whom it is open to: administrators unless configured otherwise.
import { follow } from "../console/account.js";
import { $ } from "../console/dom.js";
import { Chart } from "./chart.js";
import { parse, quantile, rates, sums } from "./prometheus.js";

const EVERY = 2000;
const MOST = 150;
const REQUESTS = "bkjs_http_requests_total";
const LATENCY = "bkjs_http_request_duration_seconds";

const scaled = (values, factor) => new Map([...values].map(([key, value]) => [key, value * factor]));
const named = (values, name) => new Map([...values].map(([key, value]) => [key || name, value]));

/** What the charts show: title, unit, and the values of a moment from the samples now and before. */
const CHARTS = [
    ["Requests", "/s", (now, before, seconds) => named(rates(now, before, seconds, REQUESTS, "status"), "all")],
    ["Latency", "ms", (now, before) => new Map([0.5, 0.95, 0.99].map((share) =>
        [`p${share * 100}`, quantile(now, before, LATENCY, share) * 1000]))],
    ["In progress", "", (now) => named(sums(now, "bkjs_http_requests_in_progress"), "requests")],
    ["CPU", "%", (now, before, seconds) => scaled(rates(now, before, seconds, "process_cpu_seconds_total", "role"), 100)],
    ["Memory", "B", (now) => sums(now, "process_resident_memory_bytes", "role")],
    ["Database calls", "/s", (now, before, seconds) => rates(now, before, seconds, "bkjs_db_calls_total", "pool")],
    ["Kept rows", "/s", (now, before, seconds) => rates(now, before, seconds, "bkjs_db_cache_reads_total", "from")],
    ["Cache", "/s", (now, before, seconds) => new Map([
        ["hits", rates(now, before, seconds, "bkjs_cache_hits_total").get("")],
        ["misses", rates(now, before, seconds, "bkjs_cache_misses_total").get("")],
    ])],
    ["Jobs", "/s", (now, before, seconds) => rates(now, before, seconds, "bkjs_job_calls_total", "outcome")],
];

const charts = CHARTS.map(([title, unit, values]) => ({ chart: new Chart(title, unit, MOST), values }));
$("charts").append(...charts.map(({ chart }) => chart.element));

let before = null;
let timer = 0;

function state(text, className = "") {
    $("state").textContent = text;
    $("state").className = `status ${className}`;
}

async function look() {
    clearTimeout(timer);
    if ($("pause").ariaPressed === "true") return;
    try {
        const { data } = await Bkjs.get("/metrics");
        const [now, at] = [parse(data), performance.now()];
        if (before) {
            for (const { chart, values } of charts) chart.add(values(now, before.now, (at - before.at) / 1000));
        }
        before = { now, at };
        state("live", "up");
    } catch (error) {
        const refused = error.status >= 400 && error.status < 500;
        state(refused ? `sign in as an administrator to see metrics (${error.message})` : error.message, "down");
        before = null;
    }
    timer = setTimeout(look, EVERY);
}

$("pause").onclick = () => {
    const paused = $("pause").ariaPressed !== "true";
    $("pause").ariaPressed = String(paused);
    $("pause").textContent = paused ? "Go on" : "Pause";
    before = null;
    if (!paused) look();
};

follow(() => look());
