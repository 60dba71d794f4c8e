// Shows whether the server answers, and fills its address into the examples.
const status = document.getElementById("status");

async function ask() {
    const begun = performance.now();
    try {
        const reply = await fetch("/ping", { cache: "no-store" });
        const time = Math.max(1, Math.round(performance.now() - begun));
        status.textContent = reply.ok ? `up, ${time} ms` : `answers with ${reply.status}`;
        status.className = reply.ok ? "status up" : "status down";
    } catch {
        status.textContent = "no answer";
        status.className = "status down";
    }
}

for (const example of document.querySelectorAll("[data-origin]")) {
    example.textContent = example.textContent.replace("ORIGIN", location.origin);
}
ask();
setInterval(ask, 10000);
