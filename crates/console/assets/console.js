// What does a page do with a script that it does not do without? It changes in place while events come in, follows links
// and forms without being loaded anew, tells the value under the pointer, and finds things by Ctrl-K. What it shows was
// written by the server: it fetches pages, and puts their elements where the old ones are.

const root = document.documentElement;
const main = () => document.getElementById("main");
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const make = (name, properties) => Object.assign(document.createElement(name), properties);
const imported = (element) => [...element.childNodes].map((node) => document.importNode(node, true));

// --- Pages are fetched ---

async function load(url, options = {}) {
  const reply = await fetch(url, { ...options, headers: { accept: "text/html", ...options.headers } });
  const isPage = (reply.headers.get("content-type") ?? "").startsWith("text/html");
  const page = isPage ? new DOMParser().parseFromString(await reply.text(), "text/html") : null;
  // Who has to sign in gets the page that asks for it whole.
  return { reply, page: page?.getElementById("main") && reply.status !== 401 ? page : null };
}

// --- An element becomes another one, and keeps what its reader has done to it ---

const keyOf = (node) => (node.nodeType === 1 ? node.getAttribute("id") || node.getAttribute("data-key") : null);
const isAlike = (one, two) => one.nodeName === two.nodeName && keyOf(one) === keyOf(two);

/** Makes `old` what `fresh` is. `isLive`: nobody asked for it, so what was typed and opened stays. */
function morph(old, fresh, isLive) {
  if (old.nodeType !== 1) {
    if (old.nodeValue !== fresh.nodeValue) old.nodeValue = fresh.nodeValue;
    return;
  }
  if (!old.isEqualNode(fresh)) {
    morphAttributes(old, fresh);
    morphChildren(old, fresh, isLive);
  }
  if (!isLive && old.matches("input, select, textarea") && old !== document.activeElement) {
    if (old.type !== "file") old.value = fresh.value;
    if ("checked" in old) old.checked = fresh.checked;
  }
}

function morphAttributes(old, fresh) {
  const isKept = (name) => name === "open" && old.matches("details, dialog");
  for (const { name, value } of [...fresh.attributes]) {
    if (old.getAttribute(name) !== value && !isKept(name)) old.setAttribute(name, value);
  }
  for (const name of old.getAttributeNames()) if (!fresh.hasAttribute(name) && !isKept(name)) old.removeAttribute(name);
}

function morphChildren(old, fresh, isLive) {
  const known = new Map(all(":scope > [id], :scope > [data-key]", old).map((child) => [keyOf(child), child]));
  let at = old.firstChild;
  for (const wanted of [...fresh.childNodes]) {
    const key = keyOf(wanted);
    let found = key ? known.get(key) : at;
    while (found && !isAlike(found, wanted)) found = key ? null : found.nextSibling;
    if (!found) {
      const added = document.importNode(wanted, true);
      if (isLive && key) added.classList.add("fresh");
      old.insertBefore(added, at);
    } else {
      if (found === at) at = at.nextSibling;
      // Where the browser can, what is moved keeps its focus.
      else (old.moveBefore ?? old.insertBefore).call(old, found, at);
      morph(found, wanted, isLive);
    }
  }
  for (let next; at; at = next) {
    next = at.nextSibling;
    at.remove();
  }
}

// --- Regions follow what comes in ---

const live = { mark: root.dataset.mark ?? "", stream: null, isPaused: false, isBusy: false, isDue: false };
const regions = (page = document) => all("[data-live][id]", page);

/** Listens where there is something to renew and somebody to see it. A browser has few connections to one server. */
function listen() {
  if (document.hidden || live.isPaused || regions().length === 0) return hush();
  if (live.stream) return;
  const stream = (live.stream = new EventSource(`/ticks?since=${encodeURIComponent(live.mark)}`));
  stream.addEventListener("tick", (tick) => {
    live.mark = tick.lastEventId;
    renew();
  });
  stream.addEventListener("error", () => {
    // It tries again by itself, unless it was refused.
    if (stream.readyState !== EventSource.CLOSED || live.stream !== stream) return;
    live.stream = null;
    enhance();
    setTimeout(() => (listen(), enhance()), 30_000);
  });
}

const hush = () => (live.stream = live.stream?.close());

/** Fetches this page and renews its regions: one at a time, and for no more than a fifth of the time. */
async function renew() {
  live.isDue = live.isBusy;
  if (live.isBusy) return;
  live.isBusy = true;
  const [began, here] = [performance.now(), location.href];
  try {
    const { reply, page } = await load(here, { headers: { "x-rapport-live": "1" } });
    const isStillWanted = here === location.href && !live.isPaused && !document.hidden;
    if (reply.status === 401) location.reload();
    if (reply.ok && page && isStillWanted) {
      for (const old of regions()) if (!page.getElementById(old.id)) old.remove();
      for (const fresh of regions(page)) {
        const old = document.getElementById(fresh.id);
        if (old) morph(old, fresh, true);
        // What was not there stands before what it stands before.
        else document.getElementById(fresh.nextElementSibling?.id)?.before(document.importNode(fresh, true));
      }
      live.mark = page.documentElement.dataset.mark ?? live.mark;
      enhance();
    }
  } catch {
    // The server is away: the stream tells when it is back.
  }
  setTimeout(() => {
    live.isBusy = false;
    if (live.isDue) renew();
  }, 4 * (performance.now() - began));
}

// --- Links and forms that ask for it change the page in place ---

let turn = 0;

async function go(url, options, isBack) {
  const mine = ++turn;
  main().setAttribute("aria-busy", "true");
  const { reply, page } = await load(url, options).catch(() => ({}));
  if (!reply) {
    main().removeAttribute("aria-busy");
    return say("The server cannot be reached: try again.");
  }
  if (mine !== turn) return;
  if (!page) return location.assign(options?.method === "POST" ? location.href : url);
  const to = new URL(options?.method === "POST" && !reply.redirected ? location.href : reply.url);
  to.hash = new URL(url, location.href).hash;
  const isElsewhere = to.pathname !== (go.at ?? location.pathname);
  if (!isBack && to.href !== location.href) {
    history.replaceState({ y: scrollY }, "");
    history.scrollRestoration = "manual";
    history.pushState({}, "", to);
    history.scrollRestoration = "manual";
  }
  go.at = location.pathname;
  show(page, isElsewhere);
  if (isBack) scrollTo(0, history.state?.y ?? 0);
  else if (to.hash) document.getElementById(decodeURIComponent(to.hash.slice(1)))?.scrollIntoView();
  else if (isElsewhere) scrollTo(0, 0);
}

function show(page, isElsewhere) {
  document.title = page.title;
  const fresh = page.getElementById("main");
  if (isElsewhere) main().replaceChildren(...imported(fresh));
  morph(main(), fresh, false);
  for (const part of ["header.side", ".stage > footer"]) {
    morph(document.querySelector(part), page.querySelector(part), false);
  }
  if (isElsewhere || document.activeElement === document.body) main().focus({ preventScroll: true });
  live.mark = page.documentElement.dataset.mark ?? live.mark;
  say(main().querySelector(".flash")?.textContent.trim() ?? document.title);
  hush();
  listen();
  enhance();
}

document.addEventListener("submit", (event) => {
  const [form, button] = [event.target, event.submitter];
  if (!form.matches("form[data-morph]")) return;
  event.preventDefault();
  trying?.abort();
  const asked = (name) => button?.getAttribute(`form${name}`) || form.getAttribute(name);
  const fields = new URLSearchParams(new FormData(form, button));
  const url = new URL(asked("action") || location.href, location.href);
  if (asked("method")?.toLowerCase() === "post") return go(url.href, { method: "POST", body: fields });
  for (const [name, value] of [...fields]) if (value === "") fields.delete(name, value);
  url.search = fields;
  go(url.href);
});

// --- A form tells what would come of it while it is filled in ---

let trying = null;

document.addEventListener("input", async ({ target }) => {
  const form = target.closest?.("form[data-preview]");
  if (!form) return;
  trying?.abort();
  const { signal } = (trying = new AbortController());
  await new Promise((rest) => setTimeout(rest, 400));
  if (signal.aborted || !form.isConnected) return;
  const body = new URLSearchParams(new FormData(form));
  body.set("do", "look");
  const { page } = await load(form.getAttribute("action"), { method: "POST", body, signal }).catch(() => ({}));
  if (!page || signal.aborted || !form.isConnected) return;
  for (const fresh of all("[data-told][id]", page)) {
    const old = document.getElementById(fresh.id);
    if (old) morph(old, fresh, true);
  }
});

// A jump within a page that was never left needs nothing new.
addEventListener("popstate", () => go.at !== undefined && go(location.href, undefined, true));

// --- A chart tells the value under the pointer, or under the arrow keys ---

const tip = make("div", { className: "tip", hidden: true });
const cross = make("div", { className: "cross", hidden: true });
let pointed = null;

const middle = (one) => (one.getBoundingClientRect().left + one.getBoundingClientRect().right) / 2;

function point(chart, wanted = null) {
  pointed = wanted;
  tip.hidden = cross.hidden = !pointed;
  if (!pointed) return;
  all("title", chart).forEach((title) => title.remove());
  const { x } = pointed.dataset;
  const told = all("[data-x]", chart).filter((one) => one.dataset.x === x && one.dataset.y);
  tip.replaceChildren(...[x, ...told.map((one) => one.dataset.y)].map((text) => make("span", { textContent: text })));
  const [box, at] = [chart.getBoundingClientRect(), middle(pointed)];
  Object.assign(cross.style, { left: `${at}px`, top: `${box.top}px`, height: `${box.height}px` });
  const left = Math.max(8, Math.min(at - tip.offsetWidth / 2, root.clientWidth - tip.offsetWidth - 8));
  const top = box.top - tip.offsetHeight - 6;
  Object.assign(tip.style, { left: `${left}px`, top: `${top < 4 ? box.bottom + 6 : top}px` });
}

for (const kind of ["pointermove", "pointerdown"]) {
  document.addEventListener(kind, (event) => {
    const chart = event.target.closest?.("svg[data-chart]");
    if (!chart) return pointed && point();
    const distance = (one) => Math.abs(middle(one) - event.clientX);
    const points = all("[data-x]", chart);
    point(chart, points.reduce((best, one) => (best && distance(best) <= distance(one) ? best : one), null));
  });
}
addEventListener("scroll", () => pointed && point(), { passive: true, capture: true });
document.addEventListener("focusout", () => pointed && point());

function pointByKey(chart, step) {
  const points = all("[data-x]", chart);
  const now = points.indexOf(pointed);
  const next = points[now < 0 ? points.length - 1 : now + step] ?? pointed;
  point(chart, next);
  if (next) say(`${next.dataset.x}: ${next.dataset.y}`);
}

// --- Ctrl-K ---

const finder = document.getElementById("finder");
const found = document.getElementById("finder-found");
let asking = null;

function openFinder() {
  if (!finder || finder.open) return;
  finder.showModal();
  finder.querySelector("input").select();
  find();
}

/** Asks when typing rests; what was asked before is given up. */
async function find() {
  asking?.abort();
  const { signal } = (asking = new AbortController());
  await new Promise((rest) => setTimeout(rest, 120));
  if (signal.aborted || !finder.open) return;
  const q = finder.querySelector("input").value.trim();
  try {
    const { page } = await load(`/search?q=${encodeURIComponent(q)}`, { signal });
    const list = page?.getElementById("found");
    if (list && !signal.aborted) found.replaceChildren(...imported(list));
    if (!signal.aborted) found.dataset.q = q;
  } catch {
    if (!signal.aborted) found.replaceChildren("The server cannot be reached: try again.");
  }
}

finder?.addEventListener("input", find);
finder?.addEventListener("submit", (event) => {
  // What was found for what is written is opened; for anything else there is the page of the search.
  const first = found.querySelector("a");
  if (!first || found.dataset.q !== finder.querySelector("input").value.trim()) return;
  event.preventDefault();
  first.click();
});

function stepFound(step) {
  const places = all("input, #finder-found a", finder);
  places.at((places.indexOf(document.activeElement) + step) % places.length).focus();
}

// --- Small things ---

const said = make("p", { className: "hidden", role: "status" });

/** Tells it to who does not see it. */
const say = (text) => (said.textContent = text);

async function copy(button) {
  const named = button.dataset.copy;
  const source = named ? named[0] === "#" && document.querySelector(named) : button.parentElement.querySelector("pre");
  try {
    await navigator.clipboard.writeText(source ? source.textContent : named);
  } catch {
    // Without TLS there is no clipboard: what is selected can be copied by hand.
    if (source) getSelection().selectAllChildren(source);
    if (!source || !document.execCommand("copy")) return say("It could not be copied: select it and copy it by hand.");
  }
  const word = button.textContent;
  button.textContent = "Copied";
  say("Copied");
  setTimeout(() => (button.textContent = word), 1_600);
}

document.addEventListener("click", (event) => {
  const hit = (selector) => event.target.closest?.(selector);
  const isPlain = !(event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
  if (hit("[data-pause]")) {
    live.isPaused = !live.isPaused;
    say(live.isPaused ? "Paused" : "Following live");
    listen();
    enhance();
  } else if (hit("[data-copy]")) copy(hit("[data-copy]"));
  else if (event.target === finder) finder.close();
  else if (isPlain && finder && hit("[data-find]")) {
    event.preventDefault();
    openFinder();
  } else if (isPlain && hit("a[data-morph]")?.origin === location.origin) {
    event.preventDefault();
    go(hit("a[data-morph]").href);
  }
});

document.addEventListener("keydown", (event) => {
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  const chart = event.target.closest?.("svg[data-chart]");
  const isFinding = finder?.open && /^Arrow(Up|Down)$/.test(event.key);
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") openFinder();
  else if (isFinding) stepFound(step);
  else if (chart && step) pointByKey(chart, step);
  else return event.key === "Escape" && pointed && point();
  event.preventDefault();
});

/** What the server cannot know: whether it is paused or was refused a stream, and that charts can be asked. */
function enhance() {
  for (const button of all("[data-pause]")) {
    button.setAttribute("aria-pressed", live.isPaused);
    button.hidden = regions().length === 0;
    const isAway = !(live.stream || live.isPaused || document.hidden);
    button.lastChild.textContent = button.classList.toggle("away", isAway) ? "Not live" : "Pause";
  }
  all("svg[data-chart]").forEach((chart) => chart.setAttribute("tabindex", "0"));
}

root.classList.add("scripted");
document.body.append(said, tip, cross);
document.addEventListener("visibilitychange", listen);
addEventListener("pagehide", hush);
addEventListener("pageshow", listen);
go.at = history.state ? location.pathname : undefined;
if (history.state?.y) scrollTo(0, history.state.y);
listen();
enhance();

// --- A picture that is not where it should be leaves its place to a letter ---

const lose = (image) =>
  image.replaceWith(make("span", { className: "thing-none", textContent: image.dataset.letter, ariaHidden: "true" }));
addEventListener("error", ({ target }) => target instanceof HTMLImageElement && lose(target), true);
all("img").filter((image) => image.complete && image.naturalWidth === 0).forEach(lose);
