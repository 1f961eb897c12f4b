// Small behaviours by data attribute. Each works on what is there and on what htmx brings later.
(() => {
  const { script, sheet, parts, idle } = window.afterclose;

  // One at a time, when it comes near the screen and nothing else is to be done. A select of all
  // time zones costs a phone a quarter of a second: it waits for a mouse or the keyboard, and a
  // finger gets the phone's own list.
  const MANY = 100;
  const isLarge = (element) => element.matches?.("select[data-select]:not([multiple], [data-select-url])") && element.options.length > MANY;
  const dress = (element) => {
    if (element.tomselect || !element.isConnected) return;
    const url = element.dataset.selectUrl;
    const isFocused = document.activeElement === element;
    const dressed = new window.TomSelect(element, {
      maxOptions: 200,
      plugins: element.multiple ? ["remove_button"] : [],
      ...(url && {
        valueField: "value",
        labelField: "text",
        searchField: ["text"],
        load: (query, done) =>
          fetch(url + encodeURIComponent(query), { headers: { Accept: "application/json" } })
            .then((answer) => answer.json())
            .then(done, () => done()),
      }),
    });
    // The label now names the new field; the old one is only there for the form.
    element.setAttribute("aria-hidden", "true");
    if (isFocused) dressed.focus();
  };
  const near = new IntersectionObserver(
    async (entries) => {
      for (const { target, isIntersecting } of entries) {
        if (!isIntersecting) continue;
        near.unobserve(target);
        await script(parts().tomSelect);
        await idle();
        dress(target);
      }
    },
    { rootMargin: "200px" },
  );
  const wanted = async (event) => {
    if (!isLarge(event.target) || event.target.tomselect) return;
    if (event.type === "focusin" ? !event.target.matches(":focus-visible") : event.pointerType !== "mouse") return;
    await script(parts().tomSelect);
    dress(event.target);
  };
  document.addEventListener("pointerover", wanted);
  document.addEventListener("focusin", wanted);
  const selects = (root) => {
    const found = [...root.querySelectorAll("select[data-select], input[data-select]")].filter((e) => !e.tomselect);
    if (!found.length) return;
    sheet(parts().tomSelectCss);
    for (const element of found) if (!isLarge(element)) near.observe(element);
  };

  const sortables = async (root) => {
    const lists = [...root.querySelectorAll("[data-sortable]:not(meta)")].filter((list) => !list.dataset.sortableReady);
    if (!lists.length) return;
    await script(parts().sortable);
    for (const list of lists) {
      list.dataset.sortableReady = "true";
      window.Sortable.create(list, {
        group: list.dataset.sortable || undefined,
        handle: list.dataset.sortableHandle || undefined,
        animation: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 120,
        onEnd: (event) =>
          event.item.dispatchEvent(
            new CustomEvent("sorted", { bubbles: true, detail: { to: event.to, index: event.newIndex } }),
          ),
      });
    }
  };

  // A region that scrolls must be reachable by keyboard; one that does not should not be a stop.
  // Looked at when its size or its table's is known anyway: asking earlier would hold up the page.
  const sizes = new ResizeObserver((entries) => {
    for (const region of new Set(entries.map((entry) => entry.target.closest(".table-responsive")))) {
      if (!region) continue;
      const scrolls = region.scrollWidth > region.clientWidth || region.scrollHeight > region.clientHeight;
      if (scrolls) region.tabIndex = 0;
      else region.removeAttribute("tabindex");
    }
  });
  const scrollers = (root) => {
    for (const region of root.querySelectorAll(".table-responsive")) {
      sizes.observe(region);
      if (region.firstElementChild) sizes.observe(region.firstElementChild);
    }
  };

  const enhance = (root) => {
    selects(root);
    sortables(root);
    scrollers(root);
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", () => enhance(document));
  else enhance(document);
  document.addEventListener("htmx:after:process", (event) => {
    if (event.target instanceof Element && event.target !== document.body) enhance(event.target);
  });

  document.addEventListener("click", (event) => {
    const row = event.target.closest("tr[data-href]");
    if (row && !event.target.closest("a, button, input, label, select, textarea") && !String(getSelection())) {
      if (event.ctrlKey || event.metaKey) window.open(row.dataset.href, "_blank", "noopener");
      else location.assign(row.dataset.href);
    }
    const copy = event.target.closest("[data-copy]");
    if (copy) {
      const say = (text, level) =>
        document.dispatchEvent(new CustomEvent("toasts", { detail: { items: [{ text, level }] } }));
      navigator.clipboard?.writeText(copy.dataset.copy).then(
        () => say("Copied", "success"),
        () => say("The browser did not allow copying. Select the text and copy it yourself.", "error"),
      );
    }
  });

  document.addEventListener("change", (event) => {
    const all = event.target.closest("[data-check-all]");
    if (all) {
      const boxes = document.querySelectorAll(`input[type="checkbox"][name="${CSS.escape(all.dataset.checkAll)}"]`);
      for (const box of boxes) {
        if (box.checked === all.checked) continue;
        box.checked = all.checked;
        box.dispatchEvent(new Event("change", { bubbles: true }));
      }
    }
    const form = event.target.closest("form[data-autosubmit]");
    if (form && event.target.type !== "search" && event.target.type !== "text") form.requestSubmit();
  });

  // Long work must not be sent twice by an impatient double click.
  document.addEventListener("submit", (event) => {
    if (event.defaultPrevented || event.target.closest("#drawer-body") || event.target.method === "dialog") return;
    const button = event.submitter;
    if (!button || event.target.matches("[hx-post],[hx-get]") || button.matches("[hx-post],[hx-get],[formtarget]")) return;
    setTimeout(() => {
      button.classList.add("is-busy");
      button.setAttribute("aria-busy", "true");
    });
  });
  window.addEventListener("pageshow", () => {
    for (const button of document.querySelectorAll(".is-busy")) {
      button.classList.remove("is-busy");
      button.removeAttribute("aria-busy");
    }
  });
})();
