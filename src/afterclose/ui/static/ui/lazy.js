// What not every visit needs is fetched when it is needed: Bootstrap's menus and drawer with the
// first sign of a person, other libraries with the first element that asks for them.
(() => {
  const parts = () => document.querySelector('meta[name="lazy-parts"]').dataset;
  const loading = new Map();

  const script = (url) => {
    if (!loading.has(url)) {
      loading.set(
        url,
        new Promise((resolve, reject) => {
          const element = document.createElement("script");
          element.src = url;
          element.onload = resolve;
          element.onerror = () => {
            loading.delete(url); // so that the next try asks again
            reject(new Error(`${url} could not be loaded.`));
          };
          document.head.append(element);
        }),
      );
    }
    return loading.get(url);
  };
  const sheet = (url) => {
    if (document.querySelector(`link[href="${url}"]`)) return;
    const link = Object.assign(document.createElement("link"), { rel: "stylesheet", href: url });
    document.querySelector('link[rel="stylesheet"]').after(link);
  };
  const tabler = () => script(parts().tabler);
  const idle = () =>
    new Promise((resolve) =>
      window.requestIdleCallback ? requestIdleCallback(resolve, { timeout: 1000 }) : setTimeout(resolve, 50),
    );
  window.afterclose = { script, sheet, parts, tabler, idle };

  for (const sign of ["pointerover", "pointerdown", "keydown", "focusin"]) {
    addEventListener(sign, () => tabler().catch(() => {}), { once: true, capture: true, passive: true });
  }
  // Whoever is quicker than that: the click waits and is given again.
  document.addEventListener(
    "click",
    (event) => {
      const toggle = event.target.closest?.("[data-bs-toggle]");
      if (!toggle || window.tabler) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      tabler().then(() => toggle.click());
    },
    { capture: true },
  );
  addEventListener("load", async () => {
    await idle();
    document.head.append(Object.assign(document.createElement("link"), { rel: "prefetch", href: parts().tabler, as: "script" }));
  });
})();
