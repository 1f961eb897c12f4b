// My tasks by keyboard: j and k move, x completes, Enter opens (the focus is on the title), n adds.
(() => {
  const region = () => document.querySelector("[data-tasks]");
  const rows = () => [...(region()?.querySelectorAll("[data-task]") ?? [])];
  const here = () => document.activeElement?.closest("[data-task]");
  const typing = (element) => element.closest("input, textarea, select, [contenteditable], dialog, .offcanvas");

  const move = (step) => {
    const all = rows();
    const at = all.indexOf(here());
    const next = all[at < 0 ? 0 : Math.min(all.length - 1, Math.max(0, at + step))];
    next?.querySelector("[data-task-open]")?.focus();
  };

  // After completing, the region is drawn anew: the focus goes to what stands in the same place.
  let place = null;
  const keys = {
    j: () => move(1),
    k: () => move(-1),
    x: () => {
      const row = here();
      if (!row) return;
      place = rows().indexOf(row);
      row.querySelector("[data-task-complete]")?.click();
    },
    n: () => document.querySelector("[data-quick]")?.focus(),
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || typing(event.target)) return;
    if (document.documentElement.dataset.shortcuts === "off" || !keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  });

  document.addEventListener("htmx:after:settle", (event) => {
    if (event.target === region() && place !== null) {
      const all = rows();
      all[Math.min(place, all.length - 1)]?.querySelector("[data-task-open]")?.focus();
      place = null;
    }
    if (event.target.id === "quick") event.target.querySelector("[data-quick]")?.focus();
  });
})();
