// Panels load a few at a time, what is on the screen first: all at once they would hold up the
// page, the server and each other. A panel asks for its content at "panel-show".
(() => {
  const AT_ONCE = 3;
  const waiting = new Map(); // panel -> whether it is on the screen; in the order of the page
  let isPlanned = false;

  const underWay = () => document.querySelectorAll("[data-panel][data-shown][aria-busy=true]").length;

  const show = () => {
    isPlanned = false;
    for (const panel of waiting.keys()) if (!panel.isConnected) waiting.delete(panel);
    if (underWay() >= AT_ONCE) return;
    const [panel] = [...waiting].find(([, isSeen]) => isSeen) ?? [...waiting][0] ?? [];
    if (!panel) return;
    waiting.delete(panel);
    panel.dataset.shown = "true";
    panel.dispatchEvent(new CustomEvent("panel-show"));
    plan();
  };

  // Each in a task of its own, so that a click of a person gets in between; what nobody sees yet
  // when there is nothing else to do.
  const plan = () => {
    if (isPlanned || !waiting.size) return;
    isPlanned = true;
    if ([...waiting.values()].some(Boolean)) setTimeout(show);
    else window.afterclose.idle().then(show);
  };

  const sight = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        if (waiting.has(target)) waiting.set(target, isIntersecting);
        if (isIntersecting || !waiting.has(target)) sight.unobserve(target);
      }
      plan();
    },
    { rootMargin: "100px" },
  );

  document.addEventListener("htmx:after:init", (event) => {
    const panel = event.target;
    if (!panel.matches?.("[data-panel]") || !panel.getAttribute("hx-trigger").includes("panel-show")) return;
    waiting.set(panel, false);
    sight.observe(panel);
  });
  document.addEventListener("htmx:finally:request", plan);
})();
