// Lists: menus, selection, keyboard, and where the focus goes when a region has been replaced.
// Everything works without this file; it makes it quicker.
(() => {
  const typing = (element) =>
    element.closest("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable], dialog, .offcanvas");
  const listOf = (element) => element.closest?.("[data-list]");
  const currentList = () => listOf(document.activeElement) ?? document.querySelector("[data-list]");
  const rowsOf = (list) => [...list.querySelectorAll("[data-list-row]")];

  // Menus: one open at a time, closed by Escape and by a click elsewhere.

  const openMenus = () => [...document.querySelectorAll("details[data-list-menu][open]")];

  document.addEventListener("click", (event) => {
    for (const menu of openMenus()) if (!menu.contains(event.target)) menu.open = false;
  });

  const closeByEscape = (event) => {
    const menu = event.target.closest?.("details[data-list-menu][open]") ?? openMenus()[0];
    if (!menu) return false;
    menu.open = false;
    menu.querySelector("summary").focus();
    return true;
  };

  // Selection.

  const boxesOf = (list) => [...list.querySelectorAll('input[name="ids"]')];
  let lastBox = null;

  const count = (list) => {
    const boxes = boxesOf(list);
    const chosen = boxes.filter((box) => box.checked).length;
    const page = list.querySelector("[data-list-page]");
    if (page) {
      page.checked = chosen > 0 && chosen === boxes.length;
      page.indeterminate = chosen > 0 && chosen < boxes.length;
    }
    for (const box of boxes) box.closest("tr").classList.toggle("is-selected", box.checked);
    const said = list.querySelector("[data-list-selected]");
    if (!said) return;
    const all = list.querySelector("[data-list-all]");
    if (all && !chosen) all.checked = false;
    for (const button of list.querySelectorAll("[data-list-exactly]")) {
      button.hidden = all?.checked || chosen !== Number(button.dataset.listExactly);
    }
    said.textContent = all?.checked
      ? said.dataset.all
      : `${chosen} ${chosen === 1 ? said.dataset.noun : said.dataset.nouns} selected`;
  };

  document.addEventListener("change", (event) => {
    const list = listOf(event.target);
    if (!list) return;
    if (event.target.matches("[data-list-page]")) {
      for (const box of boxesOf(list)) box.checked = event.target.checked;
    }
    if (event.target.matches('[data-list-page], [data-list-all], input[name="ids"]')) count(list);
  });

  document.addEventListener("click", (event) => {
    const box = event.target.closest?.('[data-list] input[name="ids"]');
    if (!box) return;
    const boxes = boxesOf(listOf(box));
    if (event.shiftKey && boxes.includes(lastBox)) {
      const [from, to] = [boxes.indexOf(lastBox), boxes.indexOf(box)].sort((a, b) => a - b);
      for (const each of boxes.slice(from, to + 1)) each.checked = box.checked;
      count(listOf(box));
    }
    lastBox = box;
  });

  document.addEventListener("click", (event) => {
    const list = event.target.closest?.("[data-list-keys]") && listOf(event.target);
    if (list) keys["?"](list);
  });

  // Keyboard: j and k move, x selects, Enter opens, / searches, ? tells, and a button that is there
  // while so many rows are selected may have a key of its own. Whoever switches single-key
  // shortcuts off (data-shortcuts="off" on the document) keeps Tab, Space and Enter.

  const move = (list, step) => {
    const rows = rowsOf(list);
    if (!rows.length) return;
    const at = rows.indexOf(document.activeElement.closest("[data-list-row]"));
    const next = at < 0 ? (step > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, at + step));
    rows[next].focus();
    rows[next].scrollIntoView({ block: "nearest" });
  };

  const keys = {
    j: (list) => move(list, 1),
    k: (list) => move(list, -1),
    x: (list) => document.activeElement.closest("[data-list-row]")?.querySelector('input[name="ids"]')?.click(),
    n: (list) => list.querySelector('.list-pager [rel="next"]')?.click(),
    p: (list) => list.querySelector('.list-pager [rel="prev"]')?.click(),
    "/": (list) => list.querySelector("[data-list-search]")?.focus(),
    "?": (list) => document.getElementById(`${list.id}-keys`)?.showModal(),
  };

  window.addEventListener(
    "keydown",
    (event) => {
      if (event.key === "Escape" && closeByEscape(event)) {
        event.stopPropagation();
        return;
      }
      if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
      if (event.key === "Enter" && event.target.matches("[data-list-row]")) {
        event.target.querySelector("[data-list-open]")?.click();
        return;
      }
      const list = currentList();
      const button = list?.querySelector(`[data-list-key="${CSS.escape(event.key)}"]:not([hidden])`);
      const act = keys[event.key] ?? (button?.checkVisibility() && (() => button.click()));
      if (!list || !act || document.documentElement.dataset.shortcuts === "off") return;
      if (event.key === "/" && !list.querySelector("[data-list-search]")) return;
      event.preventDefault();
      // The list's own search comes before the search of everything, which Ctrl-K still opens.
      event.stopPropagation();
      act(list);
    },
    { capture: true },
  );

  // A replaced region keeps the focus where the same control is; else it goes to what stands
  // for it now, so that nobody is thrown back to the top of the page.

  // What was typed while an answer came in: the form that waited for the end of it is gone.
  let lastSearch = null;
  const searchOnceMore = (list) => {
    const box = list.querySelector("[data-list-search]");
    const stale = () => box.isConnected && box === document.activeElement && box.value.trim() !== box.form.dataset.searched;
    if (!box || !stale()) return;
    setTimeout(() => {
      if (!stale() || box.value === lastSearch) return;
      lastSearch = box.value; // asked for once, whatever the server makes of it
      box.form.requestSubmit();
    }, 300);
  };

  let askedBy = null;
  document.addEventListener("htmx:before:request", (event) => {
    const source = event.detail.ctx?.sourceElement;
    if (!listOf(source ?? document)) return;
    askedBy = {
      chip: (source.contains(document.activeElement) && document.activeElement.closest("[data-chip]")?.dataset.chip) || "",
      menu: source.closest("details[data-list-menu]")?.querySelector("summary").id ?? "",
      isPager: Boolean(source.closest(".list-pager")),
    };
  });

  document.addEventListener("htmx:after:settle", (event) => {
    const list = event.target.matches?.("[data-list]") ? event.target : null;
    if (!list) return;
    count(list);
    searchOnceMore(list);
    if (document.activeElement !== document.body || !askedBy) return;
    const next =
      (askedBy.chip && document.getElementById(askedBy.chip)) ||
      (askedBy.menu && document.getElementById(askedBy.menu)) ||
      list.querySelector(askedBy.isPager ? ".list-pager a" : ".list-toolbar summary") ||
      list;
    if (next === list) list.tabIndex = -1;
    next.focus({ preventScroll: true });
    askedBy = null;
  });
})();
