// The cohort builder: what the server cannot do. Focus after a change, keys, closing a form, and a lost connection.
const builder = document.getElementById("builder");
const offline = document.getElementById("offline");
const unsent = document.getElementById("unsent");
const kept = `wardbench-unsent-${builder.dataset.cohort}-${builder.dataset.who}`;

// The content security policy refuses the style attribute, which htmx would copy along with the class.
if (window.htmx) window.htmx.config.attributesToSettle = ["class"];

// Changes go one after the other, each with the revision that the one before it left: two quick clicks are two changes.
// What a form or button says is read when it is used, because the answer before it may replace the form. While it waits
// it follows its part, which that answer may move, and it is dropped where the part is taken away. A button with nothing
// to undo can still be come to, so that whoever pressed it last is not sent elsewhere, but it does nothing.
let line = Promise.resolve();
const waiting = new Set();
const later = new Map();
let from = null;
const openParts = () => [...builder.querySelectorAll("[id$=-form]")].filter((place) => place.childElementCount).map((place) => place.id.slice(0, -"-form".length));
// What each part on the page says, so that the campus sees where the page stands when the draft went on without it. A
// form says more than its part where something in it was changed since it was opened or last sent.
const says = () => [...builder.querySelectorAll("[data-says]")].map((place) => `${place.id.replace(/-(head|words)$/, "")}=${place.dataset.says}`);
const sentOf = new WeakMap();
const asText = (form) => JSON.stringify([...new FormData(form)].filter(([name]) => !["csrfmiddlewaretoken", "do", "into"].includes(name)));
const isChanged = (field) => field.options
  ? field.selectedIndex !== Math.max(0, [...field.options].findIndex((option) => option.defaultSelected))
  : field.checked !== field.defaultChecked || field.value !== field.defaultValue;
const fieldsOf = (form) => [...form.elements].filter((field) => field.matches("input:not([type=hidden]), textarea, select:not([name=into])"));
const isTyped = (form) => sentOf.has(form) ? sentOf.get(form) !== asText(form) : fieldsOf(form).some(isChanged);
const typedIn = () => openParts().filter((part) => [...document.querySelectorAll(`#${part}-form form[data-change]`)].some(isTyped));
const change = (values, search, form) => {
  from = document.activeElement;
  const one = { values, search, form, text: form && asText(form) };
  waiting.add(one);
  line = line.then(() => sent(one)).catch(() => {});
};
const sent = async (one) => {
  if (!waiting.delete(one) || document.getElementById(one.values.do)?.ariaDisabled === "true") return;
  const target = { source: "#change", target: "#bar", swap: "outerHTML" };
  const shows = { open: openParts(), typed: typedIn(), says: says().join(" "), revision: document.getElementById("revision").value };
  await window.htmx.ajax("POST", document.getElementById("change").action, { ...target, values: { ...one.values, ...shows } });
  if (accepted && one.form) sentOf.set(one.form, one.text);
  done(one.search);
  keepOpen();
  offerSets();
  writeOn();
};
const ADDRESS = /^((?:remove-)?(rule|entry|censor)|switch|up|down):(\d+)$/;
const readdress = (became) => {
  for (const one of waiting) {
    const [, what, kind = "rule", number] = one.values.do?.match(ADDRESS) ?? [];
    if (!what || !became.has(`${kind}-${number}`)) continue;
    const part = became.get(`${kind}-${number}`);
    if (part) one.values.do = `${what}:${part.slice(kind.length + 1)}`;
    else waiting.delete(one);
  }
};

// A list of cards that an answer brings is taken over card by card: a card with an open form keeps it as it is, with
// what is typed in it, and gets a new head and, where it moved, another number.
const NUMBERED = ["id", "for", "form", "href", "hx-target", "data-close", "data-focus"];
const renumber = (card, was, now) => {
  if (was === now) return;
  const hyphen = new RegExp(`(?<![a-z0-9])${was}(?!\\d)`, "g");
  for (const element of [card, ...card.querySelectorAll("*")]) {
    for (const name of NUMBERED) {
      const value = element.getAttribute(name);
      if (value?.includes(was)) element.setAttribute(name, value.replace(hyphen, now));
    }
    if (element.type === "hidden" && ["do", "for", "edit"].includes(element.name)) {
      element.value = element.value.replace(hyphen, now).replace(new RegExp(`^${was.replace("-", ":")}$`), now.replace("-", ":"));
    }
  }
};
const takeOver = (list, fresh) => {
  const active = document.activeElement;
  const at = [active?.selectionStart, active?.selectionEnd];
  const old = new Map([...list.children].map((card) => [card.id, card]));
  const became = new Map([...old.keys()].filter(Boolean).map((part) => [part, ""]));
  const made = [];
  const cards = [...fresh.children].map((card) => {
    const was = card.dataset.was;
    if (was) became.set(was, card.id);
    delete card.dataset.was;
    const kept = was ? old.get(was) : null;
    if (!kept?.querySelector(`#${was}-form`)?.childElementCount) {
      made.push(card);
      return card;
    }
    const head = card.firstElementChild;
    kept.firstElementChild.replaceWith(head);
    renumber(kept, was, card.id);
    made.push(head);
    return kept;
  });
  for (const card of old.values()) if (!cards.includes(card)) card.remove();
  cards.forEach((card, place) => { if (list.children[place] !== card) list.insertBefore(card, list.children[place] ?? null); });
  readdress(became);
  if (list.contains(active) && document.activeElement !== active) {
    active.focus();
    if (at[0] != null) active.setSelectionRange(...at);
  }
  return made;
};
window.htmx?.defineExtension("cards", {
  isInlineSwap: (style) => style === "cards",
  handleSwap: (style, list, fragment) => style === "cards" && takeOver(list, fragment.firstElementChild),
});
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
  change(valuesOf(event.target, event.submitter), searchOf(event.submitter), event.target);
});
// A form is kept while it is filled in. What was changed last goes first when another button is pressed.
builder.addEventListener("change", (event) => {
  const form = event.target.form;
  if (!form?.matches("form[data-change]") || form.id === "change" || event.target.name === "into") return;
  window.clearTimeout(later.get(form));
  later.set(form, window.setTimeout(() => { later.delete(form); change(valuesOf(form), null, form); }, 250));
});
builder.addEventListener("submit", (event) => {
  for (const [form, timer] of later) {
    if (form === event.target || !form.isConnected) continue;
    window.clearTimeout(timer);
    later.delete(form);
    change(valuesOf(form), null, form);
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
// The draft went on in another window: the answer is what it says now, and takes the place of what the page shows.
document.body.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (!detail.xhr.getResponseHeader("X-Draft-Went-On")) return;
  detail.target = document.getElementById("bar");
  detail.swapOverride = "outerHTML";
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

// Focus: what had it keeps it, and a change may say where to go on, unless somebody went on in another field by then.
let focused = "";
let cursor = [];
document.body.addEventListener("htmx:beforeSwap", () => {
  const active = document.activeElement;
  focused = active?.id || "";
  cursor = [active?.selectionStart, active?.selectionEnd];
});
document.body.addEventListener("htmx:oobBeforeSwap", () => { focused = document.activeElement?.id || focused; });
const refocus = () => {
  const lost = !document.activeElement || document.activeElement === document.body;
  if (lost && focused) document.getElementById(focused)?.focus();
};
document.body.addEventListener("htmx:afterSettle", refocus);
// A search that was moved keeps the focus, but keys reach it only once its cursor is set again.
const writeOn = () => {
  refocus();
  const active = document.activeElement;
  if (active?.matches("[type=search]") && active.id === focused) active.setSelectionRange(...cursor);
};
const isBusy = () => {
  const active = document.activeElement;
  return active?.matches("input, select, textarea") && active !== from && active.id !== from?.id;
};
document.body.addEventListener("wardbench:focus", (event) => {
  if (isBusy()) return;
  focused = event.detail.id;
  const target = from = document.getElementById(focused);
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
const boxOf = (search) => search.querySelector("[type=search]");
const searchOf = (button) => {
  const form = button?.closest(".app-concepts");
  return form && { form, text: boxOf(form).value };
};
let accepted = false;
const done = (search) => {
  const form = search?.form;
  if (!form || !accepted || boxOf(form).value !== search.text) return;
  boxOf(form).value = "";
  form.querySelector("[id^=found-]").replaceChildren();
};
// The form of one more condition comes back closed: it stays open where the next is being looked up by then.
const keepOpen = () => {
  for (const search of builder.querySelectorAll("[id^=search-in-]")) {
    const more = document.getElementById(`${search.id.slice("search-in-".length)}-more`);
    if (more && boxOf(search).value) more.open = true;
  }
};
// Every open form offers the concept sets that there are; what is chosen in it stays chosen.
const offerSets = () => {
  const there = [...(document.getElementById("set-choices")?.options ?? [])];
  for (const select of builder.querySelectorAll("select[name$=concept_set]")) {
    const chosen = select.selectedOptions[0];
    const first = [...select.options].find((option) => option.defaultSelected)?.value;
    const options = there.map((option) => option.cloneNode(true));
    if (chosen && !options.some((option) => option.value === chosen.value)) options.push(chosen);
    for (const option of options) option.defaultSelected = option.value === first;
    select.replaceChildren(...options);
    if (chosen) select.value = chosen.value;
  }
};
// A form that comes back with what is wrong has changed nothing.
document.body.addEventListener("htmx:afterRequest", ({ detail }) => {
  if (detail.requestConfig?.verb !== "post") return;
  accepted = detail.xhr.status >= 200 && detail.xhr.status < 400 && !detail.xhr.getResponseHeader("HX-Retarget");
  if (!accepted) return;
  isRenewed = false;
  document.getElementById("messages").replaceChildren();
});
// An answer to what is not asked any more is not shown.
document.body.addEventListener("htmx:beforeSwap", (event) => {
  const { elt, parameters } = event.detail.requestConfig ?? {};
  if (elt?.matches(".app-concepts") && parameters.find !== boxOf(elt).value) event.detail.shouldSwap = false;
});

// Opening a form puts the cursor into its first field.
document.body.addEventListener("htmx:afterSwap", (event) => {
  if (event.target.id?.endsWith("-form") && event.target === event.detail.target) event.target.querySelector("input:not([type=hidden]), select")?.focus();
});

// Ctrl-Z and Ctrl-Y outside of fields, where the browser has its own.
document.addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.target.closest("input, textarea, select")) return;
  const key = event.key.toLowerCase();
  const which = key === "z" ? (event.shiftKey ? "redo" : "undo") : key === "y" ? "redo" : "";
  const button = which && document.getElementById(which);
  if (button) { event.preventDefault(); button.click(); }
});

// Changes that did not arrive are kept in this browser, also over a closed tab. They are sent when there is a connection,
// or once the same person has signed in again: what another is signed in for is not theirs to do. Signing out clears
// what the browser keeps, but not what an open page holds.
const missed = [JSON.parse(localStorage.getItem(kept) ?? "[]")].flat();
let isOfBefore = missed.length > 0;
const remember = ({ requestConfig: sent }, why) => {
  if (sent?.verb !== "post") return;
  const values = asObject(sent.formData);
  delete values.csrfmiddlewaretoken;
  missed.push(values);
  localStorage.setItem(kept, JSON.stringify(missed));
  why.hidden = false;
};
document.body.addEventListener("htmx:sendError", ({ detail }) => remember(detail, offline));
document.body.addEventListener("htmx:timeout", ({ detail }) => remember(detail, offline));
let isRenewed = false;
document.body.addEventListener("htmx:afterRequest", ({ detail }) => {
  const expired = detail.xhr.getResponseHeader("X-Form-Expired");
  if (detail.xhr.status !== 401 && !expired) return;
  remember(detail, unsent);
  if (expired && !isRenewed) send();
});
// Whether the same person is signed in, who then has the tokens of a page that was made for them.
let revision = "";
const renew = async () => {
  const answer = await window.fetch(window.location.pathname).catch(() => null);
  if (!answer?.ok || answer.redirected) return false;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const token = page.querySelector("#change [name=csrfmiddlewaretoken]")?.value;
  if (!token || page.getElementById("builder").dataset.who !== builder.dataset.who) return false;
  for (const field of document.querySelectorAll("[name=csrfmiddlewaretoken]")) field.value = token;
  document.body.setAttribute("hx-headers", JSON.stringify({ "x-csrftoken": token }));
  isRenewed = true;
  revision = page.getElementById("revision").value;
  return true;
};
const send = async () => {
  if (!missed.length || !navigator.onLine || !window.htmx || !(await renew())) return;
  // They are taken off first: a change that is refused must not be sent for ever.
  const changes = missed.splice(0);
  localStorage.removeItem(kept);
  offline.hidden = unsent.hidden = true;
  // Kept over a closed tab, they are of the draft as it was then: in another they would change another part.
  document.getElementById("outdated").hidden = !isOfBefore || changes[0].revision === revision;
  isOfBefore = false;
  if (!document.getElementById("outdated").hidden) return;
  for (const values of changes) change(values);
};
window.addEventListener("online", send);
window.addEventListener("focus", send);
window.setInterval(() => { if (!offline.hidden) send(); }, 5000);
if (missed.length) window.addEventListener("load", send);
