// On the page after signing out: what was put by in this browser goes, and drafts open in other tabs are told.
"use strict";
(() => {
  try {
    sessionStorage.clear();
  } catch {
    // the browser keeps nothing, so there is nothing to clear
  }
  new BroadcastChannel("signed-out").postMessage("");
})();
