// Walks the console in a real browser; .ci/browser starts the server. Says everything it finds, then ends with 1.
import { chromium } from "playwright-core";
import { createRequire } from "node:module";
import { readFile } from "node:fs/promises";
import * as acts from "./acts.mjs";

const { RAPPORT_URL: url, ADMIN_KEY: admin, SERVER_KEY: server, BROWSER: executablePath } = process.env;
const pictures = process.argv[2];
const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const faults = new Set();
const fault = (where, what) => faults.add(`${where}: ${what}`);

const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });

/** Asks the server as a program does. */
async function api(path, body, key = server) {
  const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
  const reply = await fetch(url + path, { method: "POST", headers, body: JSON.stringify(body) });
  if (!reply.ok) throw new Error(`${path}: ${reply.status} ${await reply.text()}`);
  return reply.json();
}

/** A browser of its own whose tabs tell what goes wrong in them. */
async function open(where, options) {
  const context = await browser.newContext({ baseURL: url, reducedMotion: "reduce", ...options });
  if (session) await context.addCookies(session);
  context.on("page", (tab) => {
    const at = () => `${where} ${new URL(tab.url()).pathname}`;
    tab.on("console", (said) => {
      const isNowhere = new URL(tab.url()).pathname === "/nowhere" && said.text().includes("404");
      const isExpected = isNowhere || (acts[where]?.expects && said.text().includes(acts[where].expects));
      if (!isExpected && ["error", "warning"].includes(said.type())) fault(at(), `console: ${said.text()}`);
    });
    tab.on("pageerror", (error) => fault(at(), `script: ${error.message}`));
    tab.on("response", (reply) => reply.status() >= 500 && fault(at(), `${reply.status()} of ${reply.url()}`));
  });
  return context;
}

let session = null;
const door = await open("sign in", {});
const first = await door.newPage();
await first.goto("/login");
await first.fill("#key", admin);
await first.click("main button");
session = await door.cookies();

// Something of everything, so that no page is empty.
const customers = await first.evaluate(async () => {
  const text = await (await fetch("/customers")).text();
  const page = new DOMParser().parseFromString(text, "text/html");
  return [...page.querySelectorAll("tbody th a")].slice(0, 5).map((a) => decodeURIComponent(a.pathname.split("/").pop()));
});
for (const userId of customers) {
  await api("/v1/decide", { decision: "recommend", userId, n: 5 });
  await api("/v1/decide", { decision: "flags", userId });
  const done = await api("/v1/decide", { decision: "act", userId, channel: "web" });
  const properties = { decision_id: done.decisionId, value: 9, currency: "EUR" };
  await api("/v1/track", { userId, event: "Decision Converted", properties });
}
await fetch(`${url}/v1/track`, {
  method: "POST",
  headers: { authorization: `Bearer ${server}`, "content-type": "application/json" },
  body: JSON.stringify({ userId: customers[0] }),
});
await api("/v1/lists", { name: "of_the_browser", filter: "known" }).catch(() => null);

/** Every page: those of the navigation, and the first of each kind that they lead to. */
async function pages() {
  const found = new Set(["/search?q=a", "/search?q=qqqqqq", "/nowhere", "/policies?explore=greedy", "/actions?w.cups=2"]);
  // Forms of what is declared: of something new, and of what the settings declare.
  for (const list of ["actions", "flags", "experiments"]) found.add(`/${list}/new`);
  for (const path of ["/actions/grinder/edit", "/flags/checkout/edit"]) found.add(path);
  found.add(`/try?what=act&customer=${encodeURIComponent(customers[0])}`);
  const links = async (path) => {
    await first.goto(path);
    return first.$$eval("a[href^='/']", (all) => all.map((a) => a.pathname + a.search));
  };
  const kinds = new Map();
  for (const path of await links("/")) {
    if (!/^\/(healthz|readyz|openapi|docs|tour)/.test(path)) found.add(path);
  }
  for (const path of [...found]) {
    for (const deeper of await links(path)) {
      const kind = /^(\/(?:customers|decisions|catalogue|lists|capabilities|imports|data|actions))\/[^/?]+$/.exec(deeper)?.[1];
      if (kind && !kinds.has(kind) && !deeper.endsWith("/new")) kinds.set(kind, deeper);
      if (/^\/(events|decisions|data|lists|)\?/.test(deeper) && !kinds.has(deeper.split("=")[0])) {
        kinds.set(deeper.split("=")[0], deeper);
      }
    }
  }
  found.add(`${kinds.get("/customers")}/erase`);
  return [...found, ...kinds.values()];
}

const all = await pages();
const looks = [
  ["light", { viewport: { width: 1440, height: 900 }, colorScheme: "light" }, true],
  ["dark", { viewport: { width: 1440, height: 900 }, colorScheme: "dark" }, true],
  ["phone", { viewport: { width: 390, height: 844 }, colorScheme: "light", hasTouch: true }, true],
  ["phone-dark", { viewport: { width: 390, height: 844 }, colorScheme: "dark", hasTouch: true }, false],
  ["narrow", { viewport: { width: 320, height: 640 }, colorScheme: "light", hasTouch: true }, false],
  ["no-script", { viewport: { width: 1440, height: 900 }, javaScriptEnabled: false }, false],
];

async function look(name, options, isJudged) {
  const context = await open(name, options);
  const tab = await context.newPage();
  for (const path of all) {
    await lookAt(tab, path, name, options, isJudged).catch((error) => fault(`${name} ${path}`, error.message));
  }
  await context.close();
}

/** Whether a page is as wide as its window, and what axe says of it. */
async function judge(tab, at, isJudged = true) {
  for (const [tag, beyond] of await tab.evaluate(acts.tooWide)) fault(at, `${tag} is ${beyond} px too wide`);
  if (!isJudged) return;
  await tab.evaluate(axe);
  const judged = await tab.evaluate(() => window.axe.run({ resultTypes: ["violations"] }));
  for (const { id, help, nodes } of judged.violations) fault(at, `axe ${id}: ${help}, as ${nodes[0].html.slice(0, 160)}`);
}

async function lookAt(tab, path, name, options, isJudged) {
  const at = `${name} ${path}`;
  const reply = await tab.goto(path);
  const expected = path === "/nowhere" ? 404 : 200;
  if (reply.status() !== expected) fault(at, `answers ${reply.status()}`);
  if ((await tab.locator("h1").count()) !== 1) fault(at, "has not one heading");
  if (options.javaScriptEnabled === false) return;
  await judge(tab, at, isJudged);
  const picture = `${pictures}/${name}${path.replace(/[^a-z0-9]+/gi, "-").slice(0, 40)}.png`;
  await tab.screenshot({ path: picture, fullPage: true });
}

// Three at a time, as there are few cores; what is done is done on a page that nobody else looks at.
const queue = looks.map(([name, ...rest]) => () => look(name, ...rest));
for (const [name, act] of Object.entries(acts)) {
  if (name === "tooWide") continue;
  queue.push(async () => {
    const options = { viewport: { width: 1440, height: 900 }, ...act.options };
    const context = await open(name, options);
    const tab = await context.newPage();
    const isScripted = options.javaScriptEnabled !== false;
    const tools = {
      fault: (what) => fault(name, what),
      judge: (what) => (isScripted ? judge(tab, `${name} ${what}`) : null),
    };
    await act({ tab, api, customers, ...tools }).catch((error) => fault(name, error.message));
    await context.close();
  });
}
const work = async () => {
  for (let next = queue.shift(); next; next = queue.shift()) {
    await next().catch((error) => fault("the walk", error.message));
  }
};
await Promise.all([work(), work(), work()]);
await browser.close();

console.log(`${all.length} pages, ${looks.length} ways to look, ${Object.keys(acts).length - 1} things done`);
for (const one of [...faults].sort()) console.error(one);
process.exitCode = faults.size > 0 ? 1 : 0;
