// Loaded before the first paint: tells Tabler's few theme rules that do not follow color-scheme
// which theme the system asks for, and follows it while the person has not chosen one.
(() => {
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    const choice = root.dataset.themeChoice || "system";
    root.dataset.bsTheme = choice === "system" ? (dark.matches ? "dark" : "light") : choice;
    document.dispatchEvent(new CustomEvent("theme-changed"));
  };
  const keep = (name, value) => {
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `${name}=${value}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
  };
  apply();
  dark.addEventListener("change", apply);

  document.addEventListener("click", (event) => {
    const chosen = event.target.closest("[data-theme-set]");
    if (chosen) {
      root.dataset.themeChoice = chosen.dataset.themeSet;
      keep("theme", chosen.dataset.themeSet);
      for (const button of document.querySelectorAll("[data-theme-set]")) {
        button.setAttribute("aria-pressed", String(button === chosen));
      }
      apply();
    }
    const toggle = event.target.closest("[data-nav-toggle]");
    if (toggle) {
      const narrow = root.dataset.nav !== "narrow";
      if (narrow) root.dataset.nav = "narrow";
      else delete root.dataset.nav;
      toggle.setAttribute("aria-pressed", String(narrow));
      keep("navigation", narrow ? "narrow" : "wide");
    }
  });
})();
