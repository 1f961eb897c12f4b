// Charts stand in the page as plain shapes. ECharts, which tells the values and opens their rows, is
// fetched when somebody points at one; most visits never do.
(() => {
  document.addEventListener("pointerover", async (event) => {
    const canvas = event.target.closest?.("[data-chart-canvas]");
    if (!canvas || canvas.dataset.pointed) return;
    canvas.dataset.pointed = "true";
    let at = null;
    const follow = (move) => {
      const box = canvas.getBoundingClientRect();
      at = { x: move.clientX - box.left, y: move.clientY - box.top };
    };
    const forget = () => {
      at = null;
    };
    follow(event);
    canvas.addEventListener("pointermove", follow);
    if (event.pointerType === "mouse") canvas.addEventListener("pointerleave", forget);
    const { script, parts, idle } = window.afterclose;
    try {
      await script(parts().echarts);
      await script(parts().charts);
      await idle();
      if (canvas.isConnected) window.afterclose.draw(canvas.closest("[data-chart]"), at);
    } catch {
      delete canvas.dataset.pointed; // the shapes stay; pointing again tries again
    }
    canvas.removeEventListener("pointermove", follow);
    canvas.removeEventListener("pointerleave", forget);
  });

  document.addEventListener("click", (event) => {
    const toggle = event.target.closest("[data-chart-toggle]");
    if (!toggle) return;
    const isTable = toggle.closest("[data-chart]").classList.toggle("is-table");
    toggle.setAttribute("aria-pressed", String(isTable));
  });
})();
