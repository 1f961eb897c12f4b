// Toasts (from the page, or from an HX-Trigger header) and the confirmation dialog.
(() => {
  const STAY = 6000;
  const region = () => document.getElementById("toasts");

  // What failed stays until it is dismissed; the rest leaves, but not while it is looked at.
  const expire = (note) => {
    if (note.classList.contains("note-error")) return;
    let timer = setTimeout(() => note.remove(), STAY);
    const hold = () => clearTimeout(timer);
    const release = () => {
      timer = setTimeout(() => note.remove(), STAY);
    };
    note.addEventListener("mouseenter", hold);
    note.addEventListener("focusin", hold);
    note.addEventListener("mouseleave", release);
    note.addEventListener("focusout", release);
  };

  const show = ({ text, level, undo }) => {
    const note = document.getElementById("toast-template").content.cloneNode(true).firstElementChild;
    note.classList.add(`note-${level}`);
    note.setAttribute("role", level === "error" ? "alert" : "status");
    for (const icon of note.querySelectorAll("[data-level]")) {
      if (icon.dataset.level !== level) icon.remove();
    }
    note.querySelector(".note-text").textContent = text;
    const back = note.querySelector("[data-toast-undo]");
    if (undo) {
      back.addEventListener("click", () => {
        note.remove();
        window.htmx.ajax("POST", undo, { source: document.body, target: document.body, swap: "none" });
      });
    } else {
      back.remove();
    }
    region().append(note);
    expire(note);
  };

  document.addEventListener("toasts", (event) => (event.detail?.items ?? []).forEach(show));
  document.addEventListener("click", (event) => {
    event.target.closest("[data-toast-close]")?.closest("[data-toast]").remove();
  });

  const begin = () => {
    document.querySelectorAll("#toasts [data-toast]").forEach(expire);
    document.querySelector("[data-focus]")?.focus();
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
  else begin();

  // Confirmation. A confirmed element is let through once by its mark.
  const confirmed = new WeakSet();

  const ask = ({ title, text, action, tone }) => {
    const dialog = document.getElementById("confirm");
    dialog.querySelector("#confirm-title").textContent = title;
    dialog.querySelector("#confirm-text").textContent = text || "";
    const go = dialog.querySelector("[data-confirm-go]");
    go.textContent = action || "Continue";
    go.classList.toggle("btn-danger", tone !== "primary");
    go.classList.toggle("btn-primary", tone === "primary");
    dialog.returnValue = "";
    dialog.showModal();
    // What destroys is not the default: Enter cancels.
    dialog.querySelector("[data-confirm-cancel]").focus();
    return new Promise((resolve) => {
      dialog.addEventListener("close", () => resolve(dialog.returnValue === "confirm"), { once: true });
    });
  };

  const wording = (element) => ({
    title: element.dataset.confirm,
    text: element.dataset.confirmText,
    action: element.dataset.confirmAction || element.textContent.trim(),
    tone: element.dataset.confirmTone === "primary" ? "primary" : "danger",
  });

  const guard = async (event, element, proceed) => {
    if (confirmed.has(element)) {
      confirmed.delete(element);
      return;
    }
    event.preventDefault();
    event.stopImmediatePropagation();
    if (await ask(wording(element))) {
      confirmed.add(element);
      proceed();
    }
  };

  document.addEventListener(
    "click",
    (event) => {
      const element = event.target.closest("a[data-confirm], button[data-confirm]");
      if (element) guard(event, element, () => element.click());
    },
    true,
  );
  document.addEventListener(
    "submit",
    (event) => {
      const form = event.target.closest("form[data-confirm]");
      if (form) guard(event, form, () => form.requestSubmit(event.submitter));
    },
    true,
  );
  document.addEventListener("htmx:confirm", (event) => {
    const { ctx, issueRequest, dropRequest } = event.detail;
    if (!ctx?.confirm) return;
    event.preventDefault();
    const source = ctx.sourceElement;
    ask({ ...wording(source), title: ctx.confirm }).then((yes) => (yes ? issueRequest() : dropRequest()));
  });
})();
