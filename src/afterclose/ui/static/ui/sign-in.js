// Pages about one's own sign-in: saving and printing recovery codes, and a passkey that was not used.
(() => {
  "use strict";
  const say = (text, level) =>
    document.dispatchEvent(new CustomEvent("toasts", { detail: { items: [{ text, level }] } }));

  document.addEventListener("click", (event) => {
    const save = event.target.closest("[data-save]");
    if (save) {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([save.dataset.save], { type: "text/plain" }));
      link.download = save.dataset.saveAs;
      link.click();
      URL.revokeObjectURL(link.href);
    }
    if (event.target.closest("[data-print]")) window.print();
  });

  // allauth's scripts tell of a passkey that failed or was cancelled only in the console.
  document.addEventListener("allauth.error", (event) => {
    event.preventDefault();
    const name = event.detail?.exception?.name;
    if (name === "InvalidStateError") say("This device is added already.", "error");
    else if (name === "NotAllowedError") say("The passkey was not used: it was cancelled, or took too long. Try again.", "warning");
    else if (name === "SecurityError") say("Passkeys work only under the site’s own address, over https.", "error");
    else say("The passkey did not work. Try again, or use another way.", "error");
  });
})();
