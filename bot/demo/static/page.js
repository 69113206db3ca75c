// Runs before simcord's page: says which channel and member a page is for, and lists the others.
"use strict";
(() => {
  const [, here, me] = location.pathname.split("/");
  const capability = location.hash.slice(1);
  const ask = window.fetch.bind(window);

  window.fetch = (path, options = {}) => {
    if (path === "/api/pages") {
      options = { ...options, headers: { ...options.headers, "X-Herald-Place": `${here}/${me}` } };
    }
    return ask(path, options);
  };

  const element = (tag, className, text) => {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text) made.textContent = text;
    return made;
  };

  const link = (channel, member) => `/${channel}/${member}${location.hash}`;
  const seen = (channel) => Number(sessionStorage.getItem(`seen:${channel}`) || 0);

  function draw(places) {
    const aside = element("aside", "herald-places");
    aside.append(element("h1", "herald-server", places.server));

    const channels = element("nav", "herald-channels");
    channels.setAttribute("aria-label", "Channels");
    for (const { name, posts } of places.channels) {
      if (name === here) sessionStorage.setItem(`seen:${name}`, posts);
      const row = element("a", name === here ? "herald-channel is-here" : "herald-channel", name);
      row.href = link(name, me);
      const unread = posts - seen(name);
      if (unread > 0) {
        row.classList.add("is-unread");
        row.append(element("b", "", String(unread)));
      }
      channels.append(row);
    }
    aside.append(channels);

    const who = element("nav", "herald-members");
    who.append(element("h2", "", "You are"));
    for (const name of places.members) {
      const id = name.toLowerCase();
      const row = element("a", id === me ? "herald-member is-here" : "herald-member", name);
      row.href = link(here, id);
      row.append(element("small", "", name === places.members[0] ? "manages the server" : "member"));
      who.append(row);
    }
    aside.append(who);

    const hints = element("section", "herald-hints");
    hints.append(element("h2", "", "Try"));
    for (const hint of places.hints) {
      const button = element("button", "", hint);
      button.type = "button";
      button.addEventListener("click", () => void fill(hint));
      hints.append(button);
    }
    aside.append(hints);

    aside.append(element("p", "herald-note",
      "No Discord here: the bot is real, the server is simulated by simcord, on this computer only."));
    return aside;
  }

  // Put a command that was clicked or pasted as text, "/news search query:bridge", into simcord's
  // command form, as Discord does. The reader sends it.
  const COMMAND = /^(\/[a-z]+(?: [a-z]+)?)(?: ([a-z]+):(.*))?$/;

  async function found(find) {
    for (let tries = 0; tries < 40; tries += 1) {
      const node = find();
      if (node) return node;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return null;
  }

  function type(field, text) {
    field.focus();
    field.value = text;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  async function fill(text) {
    const [, name, option, value] = text.match(COMMAND);
    document.querySelector(".command-context-close")?.click(); // another command, half written
    const composer = await found(() => {
      const input = document.getElementById("channel-composer-input");
      return input && input.offsetParent ? input : null;
    });
    if (!composer) return;
    type(composer, name);
    const entry = await found(() => [...document.querySelectorAll(".command-entry")]
      .find((each) => each.querySelector("strong").textContent === name));
    entry?.click();
    if (!entry) return;
    if (!option) {
      // simcord offers the options at once, and Enter would take the first; close that list.
      const chip = await found(() => document.querySelector(".command-chip"));
      chip?.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
      chip?.focus();
      return;
    }
    const field = await found(() => document.querySelector(`.command-option-input[data-option="${option}"]`));
    if (field) type(field, value);
  }

  document.addEventListener("keydown", (event) => {
    const text = event.target.id === "channel-composer-input" ? event.target.value.trim() : "";
    if (event.key !== "Enter" || event.shiftKey || !text.includes(":") || !COMMAND.test(text)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    void fill(text);
  }, true);

  let shown = "";
  async function refresh() {
    try {
      const answer = await ask("/herald/places", { headers: { "X-Simcord-Capability": capability } });
      if (answer.ok) {
        const text = await answer.text();
        if (text !== shown) {
          shown = text;
          const next = draw(JSON.parse(text));
          const old = document.querySelector(".herald-places");
          if (old) old.replaceWith(next);
          else document.getElementById("preview-workspace").prepend(next);
        }
      }
    } catch {
      // The demo has ended; simcord's page says so.
    }
    setTimeout(refresh, 1500);
  }

  // Follow the news like Discord does, until the reader scrolls up. simcord's page takes pictures
  // that load late for somebody scrolling.
  let isReading = false;
  const readsUp = (event) => { isReading = event.deltaY === undefined || event.deltaY < 0; };
  function follow() {
    const timeline = document.getElementById("channel-timeline");
    const away = timeline.scrollHeight - timeline.clientHeight - timeline.scrollTop;
    if (away > 1 && !isReading) timeline.scrollTop = timeline.scrollHeight;
    if (away <= 1) isReading = false;
  }

  document.addEventListener("DOMContentLoaded", () => {
    refresh();
    const timeline = document.getElementById("channel-timeline");
    timeline.addEventListener("wheel", readsUp, { passive: true });
    timeline.addEventListener("touchmove", readsUp, { passive: true });
    timeline.addEventListener("keydown", (event) => {
      if (["ArrowUp", "PageUp", "Home"].includes(event.key)) isReading = true;
      if (event.key === "End") isReading = false;
    });
    timeline.addEventListener("pointerdown", (event) => {
      if (event.target === timeline) isReading = true; // the scroll bar
    });
    document.getElementById("new-messages").addEventListener("click", () => { isReading = false; });
    setInterval(follow, 400);
  });
})();
