// Keeps a draft while it is typed. Without this file the form works all the same: it is saved when it is sent.
"use strict";
(() => {
  const PAUSE_MS = 3000; // after the last key; a save in the middle of a word helps nobody
  const AGAIN_MS = 10000; // after a save that failed
  const form = document.getElementById("draft");
  const said = document.getElementById("saving");
  if (!form || !said) return;

  const words = form.dataset;
  const parked = `parked:${location.pathname}`;
  const creation = { key: newKey(), body: null }; // the same body goes with the same key until there is an answer
  let dossier = words.dossier;
  let timer = 0;
  let busy = null; // the save that is under way
  let dirty = false;
  let stopped = false;
  let left = false; // signed out in another tab

  function newKey() {
    return Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");
  }

  function typed() {
    const own = new Set(["token", "key", "procedure", "version"]);
    return Object.fromEntries([...new FormData(form)].filter(([name, value]) =>
      !own.has(name) && typeof value === "string" && value.trim() !== ""));
  }

  function labelled(name) {
    const field = form.elements.namedItem(name);
    const label = form.querySelector(`label[for="${CSS.escape(name)}"]`) || (field && form.querySelector(`#${CSS.escape(name)} legend`));
    return label ? label.textContent.trim() : name;
  }

  function say(text, ...more) {
    said.replaceChildren(text, ...more.flatMap((part) => [" ", part]));
  }

  function link(text, href) {
    const made = document.createElement("a");
    made.href = href;
    made.textContent = text;
    return made;
  }

  async function send(answers, leaving) {
    const headers = { "Content-Type": "application/json" };
    let body = JSON.stringify(answers);
    if (dossier) {
      if (form.elements.version.value) headers["If-Match"] = `"${form.elements.version.value}"`;
    } else {
      headers["Idempotency-Key"] = creation.key;
      creation.body = body = creation.body === null ? body : creation.body;
    }
    const address = dossier ? `${words.api}/${dossier}` : words.api;
    return fetch(address, { method: dossier ? "PUT" : "POST", headers, body, keepalive: leaving });
  }

  // Saves what can be kept, and names the fields that cannot be kept yet.
  async function save(leaving) {
    dirty = false;
    const answers = typed();
    const wrong = [];
    if (!dossier && Object.keys(answers).length === 0) return;
    let answer = await send(answers, leaving);
    if (answer.status === 422) {
      for (const { pointer } of (await answer.json()).errors || []) {
        const name = pointer.slice(2);
        if (name in answers) {
          wrong.push(name);
          delete answers[name];
        }
      }
      if (wrong.length === 0) throw new Error("refused");
      creation.body = null; // it was refused, so the key is still free
      if (!dossier && Object.keys(answers).length === 0) return attend(wrong);
      answer = await send(answers, leaving);
    }
    if (answer.status === 401) return ended();
    if ([404, 409, 412].includes(answer.status)) return changed(); // deleted, filed or written elsewhere
    if (!answer.ok) throw new Error(String(answer.status));
    const kept = await answer.json();
    form.elements.version.value = kept.version;
    if (!dossier) {
      begun(kept.id);
      if (creation.body !== JSON.stringify(answers)) return save(leaving); // an answer was lost, and words came since
    }
    if (wrong.length) attend(wrong);
    else say(`${words.saved} ${hour(kept.updated_at)}`);
  }

  // As the pages write it: legal time, 14h32 in French.
  function hour(at) {
    const shown = new Date(at).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: "Europe/Paris" });
    return document.documentElement.lang === "fr" ? shown.replace(":", "h") : shown;
  }

  function attend(wrong) {
    say(words.partly, wrong.map(labelled).join(", "));
  }

  // The draft has an address now: reloading, and sending the form, go on with it.
  function begun(id) {
    dossier = id;
    const address = `/dossiers/${id}/edit`;
    form.action = address;
    history.replaceState(null, "", address);
  }

  function ended() {
    if (left) return; // of a save that was under way
    stopped = true;
    const path = location.pathname + location.search;
    try {
      sessionStorage.setItem(`parked:${location.pathname}`, JSON.stringify({ owner: words.owner, answers: typed() }));
    } catch {
      return say(words.unsaved); // the browser keeps nothing: what is typed stays in this page
    }
    say(words.ended, link(words.in, `/sign-in/business?next=${encodeURIComponent(path)}`));
  }

  // Signed out in another tab: nothing is put by any more. What is typed stays in this page, and nowhere else.
  function signedOut() {
    stopped = left = true;
    clearTimeout(timer);
    try {
      sessionStorage.clear(); // whatever the address was under which it was put by
    } catch {
      // the browser keeps nothing
    }
    say(words.left, link(words.in, `/sign-in/business?next=${encodeURIComponent(location.pathname + location.search)}`));
  }

  function changed() {
    stopped = true;
    const see = link(words.see, location.pathname);
    const mine = document.createElement("button");
    mine.type = "button";
    mine.className = "plain";
    mine.textContent = words.mine;
    mine.addEventListener("click", () => {
      form.elements.version.value = ""; // whatever is there is replaced, as the person chose
      stopped = false;
      flush(false);
    });
    say(words.changed, see, mine);
  }

  function flush(leaving) {
    clearTimeout(timer);
    if (busy || stopped) return;
    busy = save(leaving)
      .catch(() => {
        dirty = true;
        say(words.unsaved);
      })
      .finally(() => {
        busy = null;
        if (dirty && !stopped) timer = setTimeout(() => flush(false), AGAIN_MS);
      });
  }

  function restore() {
    let found = null;
    try {
      found = JSON.parse(sessionStorage.getItem(parked));
      sessionStorage.removeItem(parked);
    } catch {
      return;
    }
    if (!found || found.owner !== words.owner) return; // somebody else signed in: it is not for them
    for (const [name, value] of Object.entries(found.answers)) {
      const field = form.elements.namedItem(name);
      if (field) field.value = value;
    }
    say(words.back);
    dirty = true;
    timer = setTimeout(() => flush(false), PAUSE_MS);
  }

  form.addEventListener("input", () => {
    dirty = true;
    clearTimeout(timer);
    timer = setTimeout(() => flush(false), PAUSE_MS);
  });
  form.addEventListener("focusout", () => dirty && flush(false));
  document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && dirty && flush(true));
  form.addEventListener("submit", (event) => {
    clearTimeout(timer);
    if (!busy) {
      stopped = true;
      return;
    }
    event.preventDefault(); // two writers would meet: the form goes after the save that is under way
    const submitter = event.submitter;
    busy.finally(() => form.requestSubmit(submitter));
  });
  new BroadcastChannel("signed-out").addEventListener("message", signedOut);
  restore();
})();
