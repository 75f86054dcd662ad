// The cohort builder: what the server cannot do. Focus after a change, keys, closing a form, and a lost connection.
const builder = document.getElementById("builder");
const offline = document.getElementById("offline");
const kept = `wardbench-unsent-${builder.dataset.cohort}`;

// The content security policy refuses the style attribute, which htmx would copy along with the class.
if (window.htmx) window.htmx.config.attributesToSettle = ["class"];

// Changes go one after the other, each with the revision that the one before it left: two quick clicks are two changes.
// What a form or button says is read when it is used, because the answer before it may replace the form.
let line = Promise.resolve();
const later = new Map();
const change = (values, search) => {
  const target = { source: "#change", target: "#bar", swap: "outerHTML" };
  line = line
    .then(() => window.htmx.ajax("POST", document.getElementById("change").action, { ...target, values: { ...values, revision: document.getElementById("revision").value } }))
    .then(() => done(search))
    .catch(() => {});
};
const asObject = (data) => Object.fromEntries([...new Set(data.keys())].map((name) => {
  const all = data.getAll(name);
  return [name, all.length > 1 ? all : all[0]];
}));
const valuesOf = (form, button) => asObject(new FormData(form, button));
builder.addEventListener("submit", (event) => {
  if (!event.target.matches("form[data-change]") || !window.htmx) return;
  event.preventDefault();
  window.clearTimeout(later.get(event.target));
  later.delete(event.target);
  change(valuesOf(event.target, event.submitter), searchOf(event.submitter));
});
// A form is kept while it is filled in. What was changed last goes first when another button is pressed.
builder.addEventListener("change", (event) => {
  const form = event.target.form;
  if (!form?.matches("form[data-change]") || form.id === "change" || event.target.name === "into") return;
  window.clearTimeout(later.get(form));
  later.set(form, window.setTimeout(() => { later.delete(form); change(valuesOf(form)); }, 250));
});
builder.addEventListener("submit", (event) => {
  for (const [form, timer] of later) {
    if (form === event.target || !form.isConnected) continue;
    window.clearTimeout(timer);
    later.delete(form);
    change(valuesOf(form));
  }
}, true);

// A version is saved of everything that was changed before, also where an answer is still on its way. The note that is
// being written outlives the answers that replace its form.
builder.addEventListener("submit", (event) => {
  if (!event.target.matches(".app-save form") || !window.htmx) return;
  event.preventDefault();
  const note = event.target.elements.note.value;
  line.then(() => {
    const form = builder.querySelector(".app-save form");
    if (!form) return;
    form.elements.note.value = note;
    form.submit();
  });
});
let noted = null;
document.body.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.target?.id === "bar") noted = builder.querySelector(".app-save[open] [name=note]")?.value ?? null;
});
document.body.addEventListener("htmx:afterSwap", () => {
  const save = builder.querySelector(".app-save");
  if (noted === null || !save) return;
  save.open = true;
  save.querySelector("[name=note]").value = noted;
  noted = null;
});

// Focus: what had it keeps it, and a change may say where to go on.
let focused = "";
document.body.addEventListener("htmx:beforeSwap", () => { focused = document.activeElement?.id || ""; });
document.body.addEventListener("htmx:oobBeforeSwap", () => { focused = document.activeElement?.id || focused; });
document.body.addEventListener("htmx:afterSettle", () => {
  const lost = !document.activeElement || document.activeElement === document.body;
  if (lost && focused) document.getElementById(focused)?.focus();
});
document.body.addEventListener("wardbench:focus", (event) => {
  focused = event.detail.id;
  const target = document.getElementById(focused);
  target?.focus();
  target?.closest("li")?.scrollIntoView({ block: "nearest" });
});

// Closing a form needs no answer from the server: everything in it was kept as it was entered.
builder.addEventListener("click", (event) => {
  const link = event.target.closest("[data-close]");
  if (!link) return;
  event.preventDefault();
  document.getElementById(link.dataset.close).replaceChildren();
  document.getElementById(link.dataset.focus)?.focus();
});

// What was added is in the definition now: the search that found it is done with, unless another word stands in it by
// then. The others keep what is being typed in them.
const searchOf = (button) => {
  const form = button?.closest(".app-concepts");
  return form && { id: form.id, text: form.querySelector("[type=search]").value };
};
const done = (search) => {
  const form = search && document.getElementById(search.id);
  if (form?.querySelector("[type=search]").value !== search?.text) return;
  if (!form || !accepted) return;
  form.querySelector("[type=search]").value = "";
  form.querySelector("[id^=found-]").replaceChildren();
};
let accepted = false;
document.body.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.requestConfig?.verb === "post") accepted = event.detail.successful;
});

// Opening a form puts the cursor into its first field.
document.body.addEventListener("htmx:afterSwap", (event) => {
  if (event.target.id?.endsWith("-form")) event.target.querySelector("input:not([type=hidden]), select")?.focus();
});

// Ctrl-Z and Ctrl-Y outside of fields, where the browser has its own.
document.addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.target.closest("input, textarea, select")) return;
  const key = event.key.toLowerCase();
  const which = key === "z" ? (event.shiftKey ? "redo" : "undo") : key === "y" ? "redo" : "";
  const button = which && document.getElementById(which);
  if (button && !button.disabled) { event.preventDefault(); button.click(); }
});

// A change that did not arrive is kept in this browser, also over a closed tab, and sent when there is a connection.
const remember = (event) => {
  const { requestConfig: sent } = event.detail;
  if (sent?.verb !== "post") return;
  const values = asObject(sent.formData);
  delete values.csrfmiddlewaretoken;
  localStorage.setItem(kept, JSON.stringify(values));
  offline.hidden = false;
};
document.body.addEventListener("htmx:sendError", remember);
document.body.addEventListener("htmx:timeout", remember);
const send = () => {
  const values = localStorage.getItem(kept);
  if (!values || !navigator.onLine || !window.htmx) return;
  // It is taken off first: a change that is refused must not be sent for ever.
  localStorage.removeItem(kept);
  offline.hidden = true;
  change(JSON.parse(values));
};
window.addEventListener("online", send);
window.setInterval(send, 5000);
if (localStorage.getItem(kept)) window.addEventListener("load", send);
