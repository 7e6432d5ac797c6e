// What people do with the console, and what has to come of it. Each act gets a tab of its own; what is not as it should be
// it tells with `fault`, and what does not come in time throws.

/** Within the page: what makes it wider than the window, with by how much. */
export function tooWide() {
  const beyond = document.scrollingElement.scrollWidth - innerWidth;
  if (beyond <= 0) return [];
  const wide = [...document.querySelectorAll("body *")].filter((one) => {
    const box = one.getBoundingClientRect();
    return box.width > 0 && box.right > innerWidth + 0.5 && !one.closest(".scroll, .code, pre, [hidden], dialog");
  });
  const named = (one) => `${one.tagName.toLowerCase()}.${[...one.classList].join(".")}`;
  return [[wide.length ? named(wide.at(-1)) : "page", beyond]];
}

const track = (api, userId, event) => api("/v1/track", { userId, event, properties: {} });

/** What came in stands on the open page, which keeps what its reader does; pause holds it. */
export async function lives({ tab, api, customers, fault }) {
  await tab.goto("/events");
  const region = tab.locator("#stream");
  await region.waitFor();
  const search = tab.locator("main input[type=search]").first();
  await search.focus();
  await search.pressSequentially("abc");
  const opened = region.locator("details").first();
  await opened.evaluate((details) => (details.open = true));
  const marked = await opened.evaluateHandle((details) => details);
  await tab.evaluate(() => (window.isTheSamePage = true));
  await track(api, customers[0], "Seen By The Browser");
  await region.getByText("Seen By The Browser").first().waitFor({ timeout: 15_000 });
  if (!(await tab.evaluate(() => window.isTheSamePage))) fault("the page was loaded anew");
  if (!(await search.evaluate((one) => one === document.activeElement))) fault("the focus was lost");
  if ((await search.inputValue()) !== "abc") fault("what was typed was lost");
  if (!(await marked.evaluate((details) => details.open && details.isConnected))) fault("what was opened was closed");
  await tab.locator(".side [data-pause]").click();
  await track(api, customers[0], "Held Back");
  await new Promise((rest) => setTimeout(rest, 3_000));
  if (await region.getByText("Held Back").count()) fault("it changed while it was paused");
  await tab.locator(".side [data-pause]").click();
  await region.getByText("Held Back").first().waitFor({ timeout: 15_000 });
}

/** Where no stream is given the button says so, and does not look as if the page lived. */
export async function saysThatItIsNotLive({ tab }) {
  await tab.route("**/ticks?*", (route) => route.fulfill({ status: 429 }));
  await tab.goto("/events");
  await tab.locator(".side [data-pause].away", { hasText: "Not live" }).waitFor();
}
saysThatItIsNotLive.expects = "429";

/** Ctrl-K finds a customer, and Enter opens the first thing found. */
export async function finds({ tab, customers, fault }) {
  await tab.goto("/models");
  await tab.keyboard.press("Control+k");
  const found = tab.locator("#finder-found");
  await found.getByText("Customers").first().waitFor();
  await tab.keyboard.type(customers[0]);
  await found.locator(`a[href="/customers/${encodeURIComponent(customers[0])}"]`).first().waitFor();
  await tab.keyboard.press("ArrowDown");
  if (!(await tab.evaluate(() => document.activeElement.closest("#finder-found")))) fault("the arrow does not move");
  await tab.keyboard.press("ArrowUp");
  await tab.keyboard.press("Enter");
  await tab.waitForURL(`**/customers/${encodeURIComponent(customers[0])}`);
  await tab.keyboard.press("Control+k");
  await tab.keyboard.press("Escape");
  if (await tab.locator("#finder").isVisible()) fault("Escape does not close it");
  await tab.locator(".seek input").click();
  if (!(await tab.locator("#finder").isVisible())) fault("the box in the head does not open it");
}

/** A link that is followed in place changes the address, and Back leads back. */
export async function goesBack({ tab, fault }) {
  await tab.goto("/events");
  await tab.evaluate(() => (window.isTheSamePage = true));
  const before = await tab.locator("main").innerText();
  const link = tab.locator("main .tabs a[data-morph]:not([aria-current])").filter({ visible: true }).first();
  const href = await link.getAttribute("href");
  await link.click();
  await tab.waitForFunction((href) => location.href.endsWith(href), href);
  await tab.waitForFunction(() => !document.querySelector("main").hasAttribute("aria-busy"));
  if (!(await tab.evaluate(() => window.isTheSamePage))) fault("the page was loaded anew");
  await tab.goBack();
  await tab.waitForFunction(() => location.pathname + location.search === "/events");
  await tab.waitForFunction(() => !document.querySelector("main").hasAttribute("aria-busy"));
  const after = await tab.locator("h1").innerText();
  if (!before.includes(after)) fault("Back does not show what was there");
  if (!(await tab.evaluate(() => window.isTheSamePage))) fault("Back loaded the page anew");
}

/** A chart tells the value under the pointer, and under the arrow keys. */
export async function tells({ tab, fault }) {
  await tab.goto("/");
  const chart = tab.locator("svg[data-chart]").filter({ has: tab.locator("[data-x]") }).first();
  await chart.scrollIntoViewIfNeeded();
  await chart.hover();
  if (!(await tab.locator(".tip").isVisible())) fault("there is no value under the pointer");
  const one = await tab.locator(".tip").innerText();
  await chart.focus();
  await tab.keyboard.press("ArrowLeft");
  await tab.keyboard.press("ArrowLeft");
  if (!(await tab.locator(".tip").isVisible())) fault("there is none under the arrow keys");
  if ((await tab.locator(".tip").innerText()) === one) fault("the arrow keys do not move");
}

/** On a phone the navigation opens and leads on. */
export async function opensItsMenu({ tab, fault }) {
  await tab.goto("/models");
  const link = tab.locator('nav[aria-label="Pages"] a[href="/decisions"]');
  if (await link.isVisible()) fault("the menu stands open");
  await tab.getByRole("button", { name: "Menu" }).click();
  await link.click();
  await tab.waitForURL("**/decisions");
}
opensItsMenu.options = { viewport: { width: 390, height: 844 }, hasTouch: true };

/** The same without scripts. */
export async function opensItsMenuWithoutScripts(act) {
  await opensItsMenu(act);
}
opensItsMenuWithoutScripts.options = { ...opensItsMenu.options, javaScriptEnabled: false };

/** Without scripts the box in the head leads to the page of the search. */
export async function findsWithoutScripts({ tab, customers }) {
  await tab.goto("/");
  await tab.locator(".seek input").fill(customers[0]);
  await tab.keyboard.press("Enter");
  await tab.locator(`#found a[href="/customers/${encodeURIComponent(customers[0])}"]`).first().click();
  await tab.waitForURL(`**/customers/${encodeURIComponent(customers[0])}`);
}
findsWithoutScripts.options = { javaScriptEnabled: false };

/** The guided tour leads from stop to stop, says at which one is, keeps how far one has come, and closes. */
export async function tours({ tab, fault, judge }) {
  await tab.goto("/");
  const again = tab.locator(".tour-again button");
  if (await again.count()) await again.click();
  const seen = tab.locator("#tour .stops > li.seen");
  if ((await tab.locator("#tour .stops > li").count()) !== 12) fault("it has not twelve stops");
  const [strip, next] = [tab.locator(".tour-strip"), tab.locator(".tour-strip a.button.primary")];
  for (let stop = 1; stop <= 12; stop += 1) {
    await (stop === 1 ? tab.locator("#tour a.button.primary") : next).click();
    await tab.waitForURL(`**/*tour=${stop}*`);
    await tab.waitForLoadState();
    if ((await tab.locator("h1").count()) !== 1) fault(`stop ${stop} leads to ${tab.url()}, which is no page`);
    if (!(await strip.innerText()).includes(`${stop} of 12`)) fault(`stop ${stop} does not say so at ${tab.url()}`);
    await judge(`stop ${stop}`);
  }
  if (await next.count()) fault("there is one after the last");
  await strip.getByRole("link", { name: "Back to the tour" }).click();
  await tab.waitForURL((url) => url.pathname === "/");
  if ((await seen.count()) !== 12) fault(`after all stops ${await seen.count()} are seen`);
  await tab.locator('#tour form[action="/tour/close"] button').click();
  await tab.locator(".tour-again").waitFor();
  if (await tab.locator("#tour").count()) fault("it does not close");
}

/** The same on a phone, and without scripts. */
export async function toursOnAPhone(act) {
  await tours(act);
}
toursOnAPhone.options = { viewport: { width: 390, height: 844 }, hasTouch: true };

export async function toursWithoutScripts(act) {
  await tours(act);
}
toursWithoutScripts.options = { javaScriptEnabled: false };

/** An element becomes any other one, whatever both hold, and what has a name in both is the same element afterwards. */
export async function becomes({ tab, fault }) {
  await tab.goto("/models");
  const script = await tab.evaluate(async () => (await fetch(document.querySelector("script[src]").src)).text());
  const part = (from, to) => script.slice(script.indexOf(from), script.indexOf(to));
  const morph = part("const all =", "const make =") + part("const keyOf =", "// --- Regions");
  for (const one of await tab.evaluate(`(() => { ${morph}\n return (${tried})(morph); })()`)) fault(one);
}

function tried(morph) {
  const said = [];
  let state = 7;
  const below = (n) => (state = (state * 48271) % 2147483647) % n;
  function tree(depth, names) {
    const one = document.createElement(["div", "p", "ul", "details", "section"][below(5)]);
    for (const name of ["class", "title", "open", "data-x"]) if (below(3) === 0) one.setAttribute(name, String(below(3)));
    if (below(3) === 0 && names.length) one.setAttribute(below(2) ? "id" : "data-key", names.splice(below(names.length), 1)[0]);
    for (let n = below(depth > 0 ? 5 : 1); n > 0; n -= 1) {
      one.append(below(3) === 0 ? String(below(4)) : below(9) === 0 ? document.createComment("c") : tree(depth - 1, names));
    }
    one.normalize();
    return one;
  }
  // What a reader opened or closed stays, so it is left out of the comparison.
  const closed = (one) => {
    const copy = one.cloneNode(true);
    for (const open of copy.querySelectorAll("details")) open.removeAttribute("open");
    copy.removeAttribute("open");
    for (const fresh of copy.querySelectorAll(".fresh")) fresh.classList.remove("fresh");
    return copy;
  };
  for (let n = 0; n < 2000; n += 1) {
    const [old, fresh] = [0, 0].map(() => {
      const made = document.createElement("div");
      const names = [..."abcdefgh"];
      made.append(tree(3, names), tree(3, names), tree(2, names));
      return made;
    });
    const wanted = fresh.innerHTML;
    const before = new Map([...old.children].map((one) => [one.id || one.dataset.key, one]));
    morph(old, fresh, false);
    if (!closed(old).isEqualNode(closed(fresh))) said.push(`${old.innerHTML} is not ${wanted}`);
    if (fresh.innerHTML !== wanted) said.push(`the new one was changed: ${wanted}`);
    for (const one of old.children) {
      const was = before.get(one.id || one.dataset.key);
      if (was && (one.id || one.dataset.key) && was.nodeName === one.nodeName && was !== one) said.push(`${one.outerHTML} was replaced`);
    }
    if (said.length > 3) break;
  }
  return said;
}

/** Levers are moved and show what would change, with a script in place and without one by loading the page. */
export async function movesLevers({ tab, fault, judge }) {
  await tab.goto("/actions");
  const lever = tab.locator("[id='w.grinder']");
  await lever.focus();
  await tab.evaluate(() => (window.isTheSamePage = true));
  for (let press = 0; press < 40; press++) await tab.keyboard.press("ArrowLeft");
  await tab.locator("#levers .primary").click();
  await tab.getByText("would be another, chance aside").waitFor();
  if (!(await tab.evaluate(() => window.isTheSamePage))) fault("the page was loaded anew");
  if ((await lever.inputValue()) === "1") fault("the lever went back");
  await judge("moved");
  await tab.locator("#levers a", { hasText: "As declared" }).click();
  await tab.getByText("would be another, chance aside").waitFor({ state: "detached" });
  if ((await lever.inputValue()) !== "1") fault("the lever is not as it is declared");
}

export async function movesLeversWithoutScript({ tab }) {
  await tab.goto("/actions");
  await tab.locator("[id='v.cups']").fill("99");
  await tab.locator("#levers .primary").click();
  await tab.waitForURL("**/actions?**v.cups=99**");
  await tab.getByText("would be another, chance aside").waitFor();
  await tab.locator("#levers button", { hasText: "What would it earn?" }).click();
  await tab.waitForURL("**/policies?**v.cups=99**");
  await tab.getByText("Cannot be told").waitFor();
}
movesLeversWithoutScript.options = { javaScriptEnabled: false };

/** An action is declared: what is wrong is told beside its field while it is written, and so is how many it is for. */
export async function declaresAnAction({ tab, fault, judge }) {
  await tab.goto("/actions/new");
  await tab.evaluate(() => (window.isTheSamePage = true));
  await tab.locator("#f-eligible").fill("ordrs_all >= 1");
  await tab.locator("#wrong-eligible", { hasText: "orders_all" }).waitFor();
  if ((await tab.locator("#wrong-name").textContent()) !== "") fault("a name is missed before anybody came to it");
  await judge("mistaken");
  await tab.locator("#f-eligible").fill("orders_all >= 1");
  await tab.locator("#wrong-eligible", { hasNotText: "orders_all" }).waitFor({ state: "attached" });
  await tab.locator("#told", { hasText: "customers may have it now" }).waitFor();
  if ((await tab.locator("#f-eligible").inputValue()) !== "orders_all >= 1") fault("what was written is gone");
  await tab.locator("#f-name").fill("browser_offer");
  await tab.locator("#f-value").fill("3");
  await tab.locator("button[value='save']").click();
  await tab.waitForURL("**/actions/browser_offer");
  if (!(await tab.evaluate(() => window.isTheSamePage))) fault("the page was loaded anew");
  await tab.goto("/actions/browser_offer/edit");
  await tab.locator(".confirm summary").click();
  await tab.locator(".confirm button").click();
  await tab.waitForURL("**/actions");
}

export async function declaresAnActionWithoutScript({ tab }) {
  await tab.goto("/actions/new");
  await tab.locator("#f-eligible").fill("orders_all >= 1");
  await tab.locator("button[value='look']").click();
  await tab.locator("#told", { hasText: "customers may have it now" }).waitFor();
  await tab.locator("button[value='save']").click();
  await tab.locator("#wrong-name", { hasText: "name" }).waitFor();
}
declaresAnActionWithoutScript.options = { javaScriptEnabled: false };
