// htmx: the CSRF header, aria-busy while a part loads, and an honest message when it cannot.
(() => {
  const token = () => document.querySelector('meta[name="csrf-token"]')?.content ?? "";

  document.addEventListener("htmx:config:request", (event) => {
    const { request } = event.detail.ctx;
    if (!["GET", "HEAD", "OPTIONS"].includes(request.method)) {
      request.headers["X-CSRFToken"] = token();
    }
  });

  const region = (ctx) => (ctx?.target instanceof Element ? ctx.target : null);

  document.addEventListener("htmx:before:request", (event) => {
    region(event.detail.ctx)?.setAttribute("aria-busy", "true");
  });
  document.addEventListener("htmx:finally:request", (event) => {
    region(event.detail.ctx)?.removeAttribute("aria-busy");
  });

  // The server did not answer at all (an answer with an error status brings its own words).
  document.addEventListener("htmx:error", (event) => {
    const { ctx } = event.detail;
    if (!ctx?.request || ctx.response) return;
    const target = region(ctx);
    target?.removeAttribute("aria-busy");
    const words = document.getElementById("failed-template");
    if (target?.hasAttribute("data-panel") && words) {
      target.replaceChildren(words.content.cloneNode(true));
    } else if (ctx.request.method !== "GET") {
      document.dispatchEvent(
        new CustomEvent("toasts", {
          detail: {
            items: [
              {
                level: "error",
                text: "Nothing was saved: the server did not answer. Check your connection, then try again.",
              },
            ],
          },
        }),
      );
    }
  });

  document.addEventListener("click", (event) => {
    const retry = event.target.closest("[data-retry]");
    if (!retry) return;
    const panel = retry.closest("[hx-get]");
    if (panel) window.htmx.ajax("GET", panel.getAttribute("hx-get"), { source: panel, target: panel, swap: "innerHTML" });
    else location.reload();
  });
})();
