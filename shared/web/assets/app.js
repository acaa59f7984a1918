// Extras only: every page works without this file. Nothing here writes markup,
// and every word it shows comes from the page.
(() => {
  const d = document;
  const all = (what, act) => d.querySelectorAll(what).forEach(act);

  // After a failed post, reading begins at what was wrong.
  const summary = d.querySelector(".summary");
  if (summary) summary.focus();

  // The same password is typed twice only where it cannot be looked at.
  all("[data-nojs]", (e) => e.classList.contains("bad") || e.remove());

  all("[data-pw]", (box) => {
    const input = box.querySelector("input");
    const words = box.dataset;
    const button = d.createElement("button");
    const state = d.createElement("span");
    button.type = "button";
    button.className = "second";
    button.textContent = words.show;
    button.setAttribute("aria-controls", input.id);
    state.className = "vh";
    state.setAttribute("role", "status");
    button.addEventListener("click", () => {
      const show = input.type === "password";
      input.type = show ? "text" : "password";
      button.textContent = show ? words.hide : words.show;
      state.textContent = show ? words.shown : words.hidden;
    });
    box.append(button, state);
    // Posted as plain text, browsers would offer it again to the next person.
    input.form.addEventListener("submit", () => (input.type = "password"));

    const caps = d.getElementById(input.id + "-caps");
    const look = (e) => {
      if (e.getModifierState) caps.textContent = e.getModifierState("CapsLock") ? words.caps : "";
    };
    input.addEventListener("keydown", look);
    input.addEventListener("keyup", look);
    input.addEventListener("blur", () => (caps.textContent = ""));

    const rules = d.getElementById(input.id + "-rules");
    if (rules) follow(input, rules);
  });

  // What a page can tell of a rule: true, false, or undefined where only the
  // server knows. It says what the server will: lengths in code points, all in NFC.
  function keeps(rule, typed) {
    if (!typed) return undefined;
    if (rule.min) return [...typed].length >= +rule.min;
    if (rule.has) return rule.has.split(" ").every((e) => new RegExp(e, "u").test(typed));
    if (rule.rule === "spaces") return !/^\p{White_Space}|\p{White_Space}$/u.test(typed);
    return rule.not && onlyOwn(rule.not, typed) ? false : undefined;
  }

  // Whether the username, or words of it, cover all letters that are typed, with
  // digits between or not: what package password asks, of all that is its owner's.
  function onlyOwn(name, typed) {
    const only = (text, kind) => [...text.normalize("NFC").replace(kind, "")].map((c) => c.toLowerCase()).join("");
    const text = only(typed, /[^\p{L}\p{M}\p{Nd}]/gu);
    const words = [name, ...name.split(/\p{White_Space}/u)]
      .flatMap((part) => [only(part, /[^\p{L}\p{M}\p{Nd}]/gu), only(part, /[^\p{L}\p{M}]/gu)])
      .filter((word) => [...word].length >= (/[\p{L}\p{M}]/u.test(word) ? 3 : 5));
    const covered = new Set([0]); // up to here; a set goes on with what is added meanwhile
    for (const at of covered) {
      const digit = /^\p{Nd}/u.exec(text.slice(at));
      if (digit) covered.add(at + digit[0].length);
      for (const word of words) if (text.startsWith(word, at)) covered.add(at + word.length);
    }
    return covered.has(text.length) && words.some((word) => text.includes(word));
  }

  function follow(input, rules) {
    const state = d.getElementById(input.id + "-state");
    let pause;
    input.addEventListener("input", () => {
      const typed = input.value.normalize("NFC");
      let met = 0;
      let known = 0;
      for (const li of rules.children) {
        const kept = keeps(li.dataset, typed);
        const yet = li.dataset.min || li.dataset.has; // more typing may still do it
        li.classList.toggle("ok", kept === true);
        li.classList.toggle("no", kept === false && !yet);
        if (kept === undefined) continue;
        known++;
        if (kept) met++;
      }
      clearTimeout(pause); // said once typing rests
      pause = setTimeout(() => {
        state.textContent = known ? state.dataset.says.replace("{n}", met).replace("{all}", known) : "";
      }, 900);
    });
  }

  // Browsers keep a page for "back" as it was left, whatever its headers say: the
  // next person would find what was typed, or who was signed in.
  addEventListener("pagehide", () => all("[data-pw] input", (e) => (e.value = "")));
  addEventListener("pageshow", (e) => {
    if (!e.persisted || !d.querySelector('form[action*="/sign-out"]')) return;
    d.body.hidden = true;
    location.reload();
  });

  // Somebody signed in is told a minute before the end, and can ask for more time.
  // At the end nothing of the page stays on the screen.
  all("form.more", (form) => {
    const soon = d.querySelector("dialog[data-soon]");
    const gone = d.querySelector("dialog[data-gone]");
    const ends = Date.now() + form.dataset.left * 1000;
    const look = () => {
      const left = ends - Date.now();
      if (left <= 0) {
        clearInterval(clock);
        soon.close();
        all("body > :not(main), main > :not(dialog)", (e) => (e.hidden = true));
        gone.addEventListener("cancel", (e) => e.preventDefault());
        gone.showModal();
      } else if (left <= 60000 && !soon.open && !soon.dataset.said) {
        soon.dataset.said = "once";
        soon.showModal();
      }
    };
    const clock = setInterval(look, 1000);
    d.addEventListener("visibilitychange", look); // a page that slept has missed its time
    look();
  });

  // A double press posts once; the server keeps the same promise.
  all("form", (form) => {
    let sent = false;
    form.addEventListener("submit", (e) => {
      if (sent) e.preventDefault();
      sent = true;
      setTimeout(() => (sent = false), 8000);
    });
  });
})();
