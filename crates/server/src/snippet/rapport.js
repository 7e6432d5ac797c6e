// What does a visitor do on the pages of a shop? The browser's part of Rapport, served as /rapport.js.
//
// Nothing is stored or sent before the visitor agreed, and nothing at all where the browser asks not to be tracked. What a
// visitor types is never read: only that something was typed, or taken back.
//
// The server shortens this file at its start (shorten.rs): comments and blanks go, and names that are declared here become
// short ones. For that to stay simple, every statement ends with a semicolon, every object names its keys (no {a} for
// {a: a}, no methods), arguments stand in parentheses without defaults, every declaration is of one name, and there are no
// regular expressions and no templates.
(() => {
  const page = document;
  const browser = navigator;
  const where = location;
  const text = JSON.stringify;
  const wait = setTimeout;
  const cancel = clearTimeout;
  const listen = addEventListener;
  const math = Math;
  const script = page.currentScript;
  const said = script.dataset;
  const address = new URL('/beacon/v1/batch?writeKey=' + said.writeKey, script.src);
  const KEPT = 'rapport';
  const UNSENT = 'rapport.unsent';
  const ITEM = '[data-rapport-item]';
  const DECISION = '[data-rapport-decision]';
  const VISIBILITY = 'visibilitychange';
  const PAUSE_MS = 5e3;
  const random = () => crypto.getRandomValues(new Uint32Array(4)).join('-');
  // Storage may be forbidden or full: then nothing is remembered, and nothing breaks.
  const read = (name) => {
    try { return JSON.parse(localStorage[name]); } catch {}
  };
  const write = (name, value) => {
    try { return value ? localStorage[name] = text(value) : delete localStorage[name]; } catch {}
  };

  // Who it is, as far as they agreed that it is known: consent, id, user. And whether only this tab knows it.
  let kept = {};
  let alone;
  // Commands that wait for the visitor to decide, events that wait to be sent.
  let waiting = [];
  let queue = [];
  // Until the next sending; -1 while an answer is waited for.
  let timer;
  let pause = PAUSE_MS;
  // What stops all listening: there only while the visitor agrees.
  let stopping;
  // The page, and what is counted on it.
  let here;
  let route;
  let counts;
  let fields;
  let clicks;
  // What was seen on it, and what of that is not told yet, by list.
  let watching;
  let changes;
  let seen;
  let lists;
  let shownAt;
  let activeAt = 0;
  let changed;
  let pointer;

  // Sending.

  const later = () => timer ||= wait(send, pause);

  const keep = () => alone = !write(KEPT, kept);
  // What the visitor said in another tab holds in this one, too: it begins where they agreed there, and ends where they refused.
  const heed = () => {
    const known = alone ? kept : !objects && read(KEPT);
    if (known) kept = known, stopping || start();
    else if (stopping) forget();
  };

  const make = (type, own, context) => ({ type: type, messageId: random(), anonymousId: kept.id, userId: kept.user, timestamp: new Date, context: { page: here, consent: { categoryPreferences: kept.consent }, ...context }, ...own });
  const add = (type, own, context) => {
    heed();
    if (!stopping) return;
    queue.push(make(type, own, context));
    later();
  };
  const track = (name, properties) => add('track', { event: name, properties: properties });

  // What another page could not send goes first.
  const unsent = () => [...read(UNSENT) || [], ...queue].slice(-200);

  // Leaving, the browser is handed what there is; else the answer says whether it must be sent again. Until then it stays
  // in the queue: whoever leaves before that hands it over once more. What arrives twice counts once, by its messageId.
  const send = (leaving) => {
    if (timer < 0 && !leaving) return;
    heed();
    for (const name in lists) track('Product List Viewed', { list_id: name, products: lists[name] });
    lists = {};
    cancel(timer);
    timer = 0;
    const all = unsent();
    const events = all.slice(0, 30);
    // Without consent there is only the refusal: it stays stored until it is answered.
    const refusal = !stopping;
    if (!refusal) queue = all, write(UNSENT);
    if (!events[0]) return;
    const body = text({
      batch: events,
      context: {
        library: { name: 'rapport.js', version: 'VERSION' },
        locale: browser.language
      },
      sentAt: new Date
    });
    const ended = (failed) => {
      timer = 0;
      heed();
      if (failed) {
        if (stopping && write(UNSENT, unsent())) queue = [];
        pause = math.min(pause * 2, 3e5);
        later();
      } else {
        queue = queue.filter((event) => !events.includes(event));
        if (refusal) write(UNSENT);
        pause = PAUSE_MS;
        send(leaving);
      }
    };
    timer = -1;
    if (leaving || !browser.onLine) ended(!browser.onLine || !browser.sendBeacon?.(address, body));
    else fetch(address, { method: 'POST', body: body, keepalive: refusal }).then((answer) => ended(answer.status == 429 || answer.status > 499), ended);
  };

  // Pages. Without the query, in which there may be anything: names, addresses, tokens.

  const routed = () => where.pathname + where.search + (where.hash[1] == '/' ? where.hash : '');
  const look = (from) => {
    route = routed();
    here = { path: where.pathname, url: where.origin + where.pathname, title: page.title, referrer: from.split('?')[0] };
  };

  const view = (name, properties) => {
    look(here.referrer);
    const campaign = {};
    new URLSearchParams(where.search).forEach((value, key) => { if (!key.indexOf('utm_')) campaign[key.slice(4).replace('campaign', 'name')] = value; });
    add('page', { name: name, properties: { ...here, ...properties } }, campaign.source && { campaign: campaign });
  };

  const begin = () => {
    // What was not counted is 0.
    counts = new Proxy({}, { get: (known, name) => known[name] || 0 });
    fields = new Set;
    clicks = [];
    shownAt = 0;
    scrolled();
    shownAt = page.hidden ? 0 : activeAt;
  };

  // Tells what was counted since the page was opened, or was last left for another one.
  const leave = () => {
    active();
    if (shownAt) counts.seconds_visible = (activeAt - shownAt) / 1e3;
    counts.form_fields_left = fields.size;
    for (const name in counts) counts[name] = +counts[name].toFixed(2);
    if (counts.seconds_visible) track('Page Left', counts);
    begin();
  };

  // Whoever moves on without loading a page changes what is there, and the address before.
  const moved = () => {
    if (route == routed()) return;
    leave();
    send();
    look(here.url);
    seen = new Set;
    watching.disconnect();
    find();
    // A moment later, when the page has its title.
    if (!said.manual) wait(() => stopping && view(), 50);
  };

  // What was seen and clicked.

  const describe = (element) => {
    const found = {};
    for (const attribute of element.attributes) {
      const name = attribute.name.split('data-rapport-')[1];
      const value = attribute.value;
      // The identifier stays text, whatever it looks like.
      if (name == 'item') found.product_id = value;
      else if (name) found[name.replace('-', '_')] = +value || value;
    }
    return found;
  };

  const distance = (one, other) => math.hypot(one.clientX - other.clientX, one.clientY - other.clientY);

  const sees = (element) => {
    const item = describe(element);
    const name = element.closest('[data-rapport-list]')?.dataset.rapportList || '';
    const known = text(item);
    if (seen.has(known)) return;
    seen.add(known);
    if (item.decision) track('Decision Shown', { decision_id: item.decision });
    if (item.product_id) (lists[name] ||= []).push(item);
    later();
  };

  // Seen is what shows half of itself, or fills half of the window, for a second. The browser tells at steps, each a fifth
  // below the one before: however tall something is, one of them lies where it fills half of the window, or a little more.
  const find = () => stopping && page.querySelectorAll(ITEM + ',' + DECISION).forEach((element) => watching.observe(element));
  const watch = () => {
    const timers = new Map;
    let soon;
    watching = new IntersectionObserver((entries) => entries.forEach((entry) => {
      const element = entry.target;
      const known = timers.get(element);
      const shows = entry.intersectionRatio >= .5 || entry.intersectionRect.height * 2 >= innerHeight;
      timers.set(element, shows ? known || wait(() => {
        timers.delete(element);
        if (stopping) sees(element);
      }, 1e3) : cancel(known));
    }), { threshold: [...Array(40)].map((none, n) => .8 ** n / 2) });
    changes = new MutationObserver(() => {
      changed = 1;
      moved();
      soon ||= wait(() => { soon = 0; find(); }, 500);
    });
    changes.observe(page, { subtree: true, childList: true, attributes: true, characterData: true });
    find();
  };

  // A click is dead where nothing comes of it within a second. Fields and links show nothing by themselves.
  const clicked = (event) => {
    const target = event.target;
    const item = target.closest(ITEM);
    const decision = target.closest(DECISION);
    active();
    counts.clicks++;
    clicks = [...clicks.filter((click) => event.timeStamp - click.timeStamp < 1e3 && distance(click, event) < 30), event];
    if (clicks[2]) counts.rage_clicks++, clicks = [];
    if (item) track('Product Clicked', describe(item));
    if (decision) track('Decision Clicked', { decision_id: describe(decision).decision, ...item && describe(item) });
    if (target.closest('input,select,textarea,label,video,audio,a[href],[contenteditable]') || getSelection() + '') return;
    const top = scrollY;
    const counted = counts;
    changed = 0;
    wait(() => changed || scrollY != top || page.hidden || counted.dead_clicks++, 1e3);
  };

  // Time without a sign of somebody there, from ten seconds on.
  const active = () => {
    const gap = performance.now() - activeAt;
    if (shownAt && gap > 1e4) counts.idle_seconds += gap / 1e3;
    activeAt += gap;
  };
  const scrolled = () => {
    active();
    counts.scroll_share = math.max(counts.scroll_share, math.min(1, (scrollY + innerHeight) / page.documentElement.scrollHeight));
  };

  const start = () => {
    stopping = new AbortController;
    const on = (name, listener) => listen(name, listener, { capture: true, signal: stopping.signal });
    seen = new Set;
    lists = {};
    look(page.referrer);
    begin();
    on('click', clicked);
    on('pointermove', (event) => {
      active();
      // A movement ends where the pointer rests.
      if (event.timeStamp - pointer?.timeStamp < 200) counts.pointer_distance += distance(event, pointer);
      else counts.pointer_moves++;
      pointer = event;
    });
    on('input', (event) => {
      active();
      // Which key it was, and what is in the field, stays there.
      counts.keys++;
      if (event.inputType?.startsWith('delete')) counts.corrections++;
      fields.add(event.target);
    });
    on('submit', (event) => fields.forEach((field) => field.form == event.target && fields.delete(field)));
    on('scroll', scrolled);
    on(VISIBILITY, () => {
      if (!page.hidden) return begin();
      leave();
      send(true);
    });
    on('pageshow', (event) => event.persisted && view());
    watch();
    if (!said.manual) view();
    waiting.forEach(run);
    waiting = [];
  };

  const forget = () => {
    stopping?.abort();
    watching?.disconnect();
    changes?.disconnect();
    cancel(timer);
    stopping = timer = alone = 0;
    waiting = [];
    queue = [];
    lists = {};
    kept = {};
    write(KEPT);
  };

  // What can be asked for.

  const objects = browser.globalPrivacyControl || browser.doNotTrack == 1;
  const commands = {
    // {analytics: true, …}. The server must hear of a refusal, too: it is the last thing that it hears.
    consent: (given) => {
      const told = { event: 'Segment Consent Preference Updated', properties: { categoryPreferences: given } };
      const news = text(given) != text(kept.consent);
      kept.consent = given;
      if (!objects && (given.analytics || given.personalization)) {
        kept.id ||= random();
        keep();
        if (!stopping) start();
        if (news) add('track', told);
      } else {
        const last = stopping && [make('track', told)];
        forget();
        if (last) {
          if (!write(UNSENT, last)) queue = last;
          send();
        }
      }
    },
    identify: (user, traits) => {
      kept.user = user;
      keep();
      add('identify', { traits: traits });
    },
    track: track,
    page: view,
    // Somebody else may sit here now.
    reset: () => {
      kept = { consent: kept.consent, id: random() };
      keep();
    }
  };

  const run = (command) => {
    const list = [...command];
    const name = list.shift();
    heed();
    if (stopping || name == 'consent') commands[name]?.(...list);
    // Kept in memory only, until the visitor has decided.
    else if (waiting.length < 50) waiting.push(command);
  };

  // Nothing begins before the page is looked at: a browser may have it ready, and never show it.
  let asked = window.rapport?.q || [];
  const go = () => {
    const list = asked;
    asked = 0;
    if (objects) forget(), write(UNSENT);
    else listen('storage', heed), heed(), stopping || send();
    list.forEach(run);
  };
  window.rapport = (...list) => asked ? asked.push(list) : run(list);
  page.hidden ? listen(VISIBILITY, go, { once: true }) : go();
})();
