// The side drawer: `data-drawer` on a link opens its page there, and forms inside stay there
// until the server redirects.
(() => {
  const drawer = () => document.getElementById("drawer");
  const body = () => document.getElementById("drawer-body");
  const move = async (how) => {
    await window.afterclose.tabler();
    window.tabler.Offcanvas.getOrCreateInstance(drawer())[how]();
  };
  let opener = null;
  let empty = null;

  // htmx writes HX-Target before it knows the target of ajax(); the server picks the frame by it.
  const load = (verb, url, options = {}) =>
    window.htmx.ajax(verb, url, {
      target: body(),
      swap: "innerHTML",
      headers: { "HX-Target": "div#drawer-body" },
      ...options,
    });

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-drawer]");
    if (link && drawer() && !event.defaultPrevented && !event.ctrlKey && !event.metaKey && !event.shiftKey && event.button === 0) {
      event.preventDefault();
      opener = link.closest(".dropdown-menu")?.previousElementSibling ?? link;
      empty ??= body().innerHTML;
      body().replaceChildren(...new DOMParser().parseFromString(empty, "text/html").body.childNodes);
      drawer().classList.toggle("is-wide", link.dataset.drawer === "lg");
      move("show").catch(() => location.assign(link.href));
      load("GET", link.href);
      return;
    }
    const dismiss = event.target.closest("[data-drawer-dismiss]");
    if (dismiss?.closest("#drawer")) {
      event.preventDefault();
      move("hide");
    }
  });

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.closest("#drawer-body") || event.defaultPrevented || form.method === "dialog") return;
    if (form.matches("[hx-get],[hx-post],[hx-put],[hx-patch],[hx-delete]")) return;
    event.preventDefault();
    event.submitter?.setAttribute("disabled", "");
    load((form.getAttribute("method") || "get").toUpperCase(), form.getAttribute("action") || lastUrl, {
      source: form,
      event,
    }).finally(() => event.submitter?.removeAttribute("disabled"));
  });

  // A form without an action posts to the address that it came from, as in a page.
  let lastUrl = location.href;
  document.addEventListener("htmx:before:request", (event) => {
    const { ctx } = event.detail;
    if (ctx.target === body()) lastUrl = ctx.request.action;
  });
  document.addEventListener("htmx:after:swap", (event) => {
    if (event.detail.ctx?.target !== body()) return;
    const first = body().querySelector("[data-focus], .is-invalid, [autofocus], .drawer-content :is(input, select, textarea):not([type=hidden])");
    (first ?? body().querySelector("#drawer-title"))?.focus();
  });
  document.addEventListener("close-drawer", () => move("hide"));
  document.addEventListener("hidden.bs.offcanvas", (event) => {
    if (event.target === drawer()) opener?.focus();
  });
})();
