// J and K on a patient's timeline: to the next event in the table, and back.
const steps = new Map([["j", 1], ["k", -1]]);
const rows = [...document.querySelectorAll("[data-event]")];
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select")) return;
  const step = steps.get(event.key.toLowerCase());
  if (!step || !rows.length) return;
  const at = rows.indexOf(document.activeElement);
  const next = rows[Math.min(Math.max(at + step, 0), rows.length - 1)];
  next.focus();
  next.scrollIntoView({ block: "nearest" });
});
