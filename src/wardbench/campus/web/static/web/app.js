// The design system's behaviour, and the few things of ours that need a script. Every page can be read without it.
import { initAll } from "./vendor/design.js";

document.body.classList.add("js-enabled", "nhsuk-frontend-supported");
initAll();
document.body.addEventListener("htmx:afterSwap", (event) => initAll({ scope: event.target }));

// A table wider than its place is scrolled by keyboard too: while it is, it takes the focus, under its caption's name.
const widths = new ResizeObserver((changes) => {
  for (const box of new Set(changes.map((change) => change.target.closest(".app-table-scroll")))) {
    if (!box) continue;
    const name = box.querySelector("caption")?.textContent.trim();
    const said = { tabindex: "0", role: "group", ...(name && { "aria-label": name }) };
    const wide = box.scrollWidth > box.clientWidth;
    for (const [key, value] of Object.entries(said)) wide ? box.setAttribute(key, value) : box.removeAttribute(key);
  }
});
const watchWidths = (part) => {
  for (const box of part.querySelectorAll(".app-table-scroll:not([tabindex])"))
    [box, ...box.children].forEach((one) => widths.observe(one));
};
watchWidths(document);
document.body.addEventListener("htmx:load", (event) => watchWidths(event.detail.elt.parentElement ?? document));

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}

// A refusal is an answer too: show its sentence where the answer would have been.
document.body.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.xhr.status >= 400) {
    event.detail.shouldSwap = true;
    event.detail.isError = false;
    event.detail.target = document.getElementById("messages");
    event.detail.swapOverride = "innerHTML";
  }
});

// Forms that are sent once: a second click while the first is on its way does nothing. A download leaves the page there.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent) event.preventDefault();
  else if (!form.hasAttribute("hx-post") && !("again" in form.dataset)) form.dataset.sent = "yes";
});
window.addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach((f) => delete f.dataset.sent));

const STEPS = new Map([["ArrowUp", [-1, 0]], ["ArrowDown", [1, 0]], ["ArrowLeft", [0, -1]], ["ArrowRight", [0, 1]]]);
// In a map of positions the arrow keys go from cell to cell; one cell alone is in the order of the Tab key.
for (const map of document.querySelectorAll("table[data-keys]")) {
  const rows = [...map.tBodies[0].rows].map((row) => [...row.cells].filter((cell) => cell.tagName === "TD"));
  const cells = rows.flat();
  const stop = (cell) => cells.forEach((one) => (one.tabIndex = one === cell ? 0 : -1));
  stop(map.querySelector("#at") ?? cells[0]);
  map.addEventListener("keydown", (event) => {
    const by = STEPS.get(event.key);
    const from = event.target.closest("td");
    if (!by || !from) return;
    const row = rows.findIndex((one) => one.includes(from));
    const to = rows[row + by[0]]?.[rows[row].indexOf(from) + by[1]];
    if (!to) return;
    event.preventDefault();
    stop(to);
    to.focus();
  });
}

// A scanner types a label and Enter. Every label is sent in its turn, however fast they come, and the field stays ready.
// One that gets no answer, or a refusal that nobody has on record, stands above the field until it is dealt with.
const PATIENCE = 15_000;
for (const field of document.querySelectorAll("[data-scan]")) {
  const target = document.querySelector(field.dataset.scan);
  const unsent = document.querySelector(field.dataset.unsent);
  let last = Promise.resolve();
  let waiting = 0;
  const hold = (label, why) => {
    const box = document.getElementById("unsent-scan").content.firstElementChild.cloneNode(true);
    box.dataset.label = label;
    box.querySelector(".app-scan__label").textContent = label;
    if (why) box.querySelector("[data-why]").textContent = why;
    box.querySelector("button").addEventListener("click", () => {
      box.remove();
      field.focus();
    });
    unsent.append(box);
  };
  const holdRefused = () => {
    for (const bad of target.querySelectorAll(".app-scan--bad")) {
      hold(bad.querySelector(".app-scan__label")?.textContent ?? "", bad.lastElementChild.textContent);
      bad.remove();
    }
  };
  holdRefused();
  const send = (values) => {
    waiting += 1;
    target.setAttribute("aria-busy", "true");
    const sent = last.then(async () => {
      const before = target.firstElementChild;
      const part = "scan" in values && target.querySelector("[data-part]")?.dataset.part;
      const all = part ? { ...values, part } : values;
      await window.htmx.ajax("POST", field.form.action, { source: unsent, target, swap: "innerHTML", values: all });
      if (target.contains(before)) throw new Error("no answer");
      for (const box of [...unsent.children]) if (box.dataset.label === values.scan) box.remove();
      holdRefused();
    });
    last = sent.catch(() => {}).then(() => {
      waiting -= 1;
      if (!waiting) target.removeAttribute("aria-busy");
    });
    return sent;
  };
  unsent.addEventListener("htmx:configRequest", (event) => (event.detail.timeout = PATIENCE));
  field.form.addEventListener("submit", (event) => {
    event.preventDefault();
    const text = field.value.trim();
    field.value = "";
    field.focus();
    if (text) send({ scan: text }).catch(() => hold(text));
  });
  document.addEventListener("submit", (event) => {
    const { aside } = event.target.dataset;
    if (!aside) return;
    event.preventDefault();
    const button = event.target.querySelector("button");
    button.disabled = true;
    field.focus();
    send({ aside }).catch(() => (button.disabled = false));
  });
  window.addEventListener("beforeunload", (event) => {
    if (waiting || unsent.childElementCount) event.preventDefault();
  });
  // A scanner may send Tab or nothing after a label: what came faster than anybody types is sent by itself.
  let times = [];
  let pause;
  const sendScanned = () => {
    const each = (times[times.length - 1] - times[0]) / (times.length - 1);
    if (times.length < 4 || each > 35 || !field.value.trim()) return false;
    times = [];
    field.form.requestSubmit();
    return true;
  };
  field.addEventListener("keydown", (event) => {
    clearTimeout(pause);
    if (event.key === "Tab" && sendScanned()) event.preventDefault();
    if (event.key.length > 1 || event.timeStamp - times[times.length - 1] > 100) times = [];
    if (event.key.length > 1) return;
    times.push(event.timeStamp);
    pause = setTimeout(sendScanned, 200);
  });
  document.addEventListener("keydown", (event) => {
    // The space bar presses a button; whatever else is typed there came from a scanner.
    const busy = event.target.closest(event.key === " " ? "input, textarea, select, button, a, summary" : "input, textarea, select");
    if (!busy && event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey) field.focus();
  });
  window.addEventListener("focus", () => field.focus());
  document.body.addEventListener("htmx:afterSwap", () => field.focus());
}
