// Ctrl-K: a combobox over a list of links. Focus stays in the field; the arrows move the mark.
(() => {
  const dialog = () => document.getElementById("palette");
  const input = () => document.getElementById("palette-input");
  const options = () => [...dialog().querySelectorAll('[role="option"]')];
  const mac = /mac|iphone|ipad/i.test(navigator.platform);

  const open = () => {
    if (!dialog() || dialog().open) return;
    dialog().showModal();
    input().select();
    if (!options().length || input().value) input().dispatchEvent(new CustomEvent("palette-open", { bubbles: true }));
  };

  const mark = (option) => {
    for (const other of options()) other.setAttribute("aria-selected", String(other === option));
    if (option) {
      input().setAttribute("aria-activedescendant", option.id);
      option.scrollIntoView({ block: "nearest" });
    } else {
      input().removeAttribute("aria-activedescendant");
    }
  };

  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k" && dialog()) {
      event.preventDefault();
      open();
      return;
    }
    if (event.key === "/" && !event.ctrlKey && !event.metaKey && !event.altKey) {
      if (!event.target.closest("input, textarea, select, [contenteditable], dialog") && dialog()) {
        event.preventDefault();
        open();
      }
      return;
    }
    if (event.target !== input()) return;
    const all = options();
    const at = all.findIndex((option) => option.getAttribute("aria-selected") === "true");
    const moves = { ArrowDown: at + 1, ArrowUp: at - 1 + (at < 0 ? 1 : 0) };
    if (event.key in moves && all.length) {
      event.preventDefault();
      mark(all[(moves[event.key] + all.length) % all.length]);
    } else if (event.key === "Enter" && at >= 0) {
      event.preventDefault();
      all[at].click();
    }
  });

  document.addEventListener("click", (event) => {
    const trigger = event.target.closest("[data-palette]");
    if (trigger && dialog() && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      open();
    } else if (event.target.closest("[data-palette-close]") || event.target === dialog()) {
      dialog().close();
    } else if (event.target.closest('#palette [role="option"][data-drawer]')) {
      dialog().close();
    }
  });

  document.addEventListener("htmx:after:swap", (event) => {
    if (event.detail.ctx?.target?.id !== "palette-results") return;
    const all = options();
    mark(all[0] ?? null);
    const said = dialog().querySelector("[data-palette-status]");
    said.textContent = all.length === 1 ? "1 result" : `${all.length} results`;
  });

  if (mac) {
    document.addEventListener("DOMContentLoaded", () => {
      for (const key of document.querySelectorAll("[data-shortcut]")) key.textContent = "⌘ K";
    });
  }
})();
