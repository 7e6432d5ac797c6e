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
  const script = page.currentScript;
  const said = script.dataset;
  const address = new URL(script.src).origin + '/beacon/v1/batch?writeKey=' + said.writeKey;
  const KEPT = 'rapport';
  const UNSENT = 'rapport.unsent';
  const ITEM = '[data-rapport-item]';
  const DECISION = '[data-rapport-decision]';
  const PAUSE_MS = 5000;
  const now = () => performance.now();
  const random = () => crypto.getRandomValues(new Uint32Array(4)).join('-');
  // Storage may be forbidden or full: then nothing is remembered, and nothing breaks.
  const read = (name) => {
    try { return JSON.parse(localStorage[name]); } catch { return 0; }
  };
  const write = (name, value) => {
    try { if (value) localStorage[name] = text(value); else delete localStorage[name]; return 1; } catch { return 0; }
  };

  // Who it is, as far as they agreed that it is known: consent, id, user.
  let kept = read(KEPT) || {};
  // Commands that wait for the visitor to decide, events that wait to be sent.
  let waiting = [];
  let queue = [];
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
  let activeAt;
  let changed;
  let pointer;

  // Sending.

  const later = () => { timer ||= wait(send, pause); };

  const add = (type, own, context) => {
    queue.push({ type: type, messageId: random(), anonymousId: kept.id, userId: kept.user, timestamp: new Date(), context: { page: here, consent: { categoryPreferences: kept.consent }, ...context }, ...own });
    later();
  };
  const track = (name, properties) => add('track', { event: name, properties: properties });

  // Leaving, the browser is handed what there is; else the answer says whether it must be sent again. What arrives twice
  // counts once, by its messageId. What another page could not send goes first.
  const send = (leaving) => {
    clearTimeout(timer);
    timer = 0;
    for (const name in lists) track('Product List Viewed', { list_id: name, products: lists[name] });
    lists = {};
    queue = [...read(UNSENT) || [], ...queue];
    write(UNSENT);
    const events = queue.splice(0, 30);
    if (!events[0]) return;
    const body = text({
      batch: events,
      context: {
        library: { name: 'rapport.js', version: 'VERSION' },
        locale: browser.language
      },
      sentAt: new Date()
    });
    const failed = () => {
      if (!stopping) return;
      queue = [...events, ...queue].slice(-200);
      if (write(UNSENT, queue)) queue = [];
      pause = Math.min(pause * 2, 3e5);
      later();
    };
    if (!browser.onLine) failed();
    else if (leaving && browser.sendBeacon?.(address, body)) send(leaving);
    else fetch(address, { method: 'POST', body: body, keepalive: leaving }).then((answer) => {
      if (answer.status == 429 || answer.status > 499) return failed();
      pause = PAUSE_MS;
      send();
    }, failed);
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
    counts = {};
    for (const name of 'seconds_visible idle_seconds scroll_share pointer_moves pointer_distance clicks rage_clicks dead_clicks keys corrections'.split(' ')) counts[name] = 0;
    fields = new Set();
    clicks = [];
    activeAt = now();
    shownAt = page.hidden ? 0 : activeAt;
    scrolled();
  };

  // Tells what was counted since the page was opened, or was last left for another one.
  const leave = () => {
    active();
    if (shownAt) counts.seconds_visible = (now() - shownAt) / 1000;
    counts.form_fields_left = fields.size;
    for (const name in counts) counts[name] = Math.round(counts[name] * 100) / 100;
    if (counts.seconds_visible) track('Page Left', counts);
    begin();
  };

  // Whoever moves on without loading a page changes what is there, and the address before.
  const moved = () => {
    if (route == routed()) return;
    leave();
    send();
    look(here.url);
    seen = new Set();
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

  const distance = (one, other) => Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY);

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

  // Seen is what half of it, or half of the window, shows for a second.
  const find = () => page.querySelectorAll(ITEM + ',' + DECISION).forEach((element) => watching.observe(element));
  const watch = () => {
    const timers = new Map();
    let soon;
    watching = new IntersectionObserver((entries) => entries.forEach((entry) => {
      const element = entry.target;
      clearTimeout(timers.get(element));
      if (entry.intersectionRatio >= .5 || entry.intersectionRect.height * 2 >= innerHeight) timers.set(element, wait(() => stopping && sees(element), 1000));
    }), { threshold: [.1, .5] });
    changes = new MutationObserver(() => {
      changed = 1;
      moved();
      soon ||= wait(() => { soon = 0; if (stopping) find(); }, 500);
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
    clicks = [...clicks.filter((click) => event.timeStamp - click.timeStamp < 1000 && distance(click, event) < 30), event];
    if (clicks[2]) {
      counts.rage_clicks++;
      clicks = [];
    }
    if (item) track('Product Clicked', describe(item));
    if (decision) track('Decision Clicked', { decision_id: decision.dataset.rapportDecision, ...item && describe(item) });
    if (target.closest('input,select,textarea,label,video,audio,a[href],[contenteditable]') || getSelection() + '') return;
    const top = scrollY;
    const counted = counts;
    changed = 0;
    wait(() => {
      if (!changed && scrollY == top && !page.hidden) counted.dead_clicks++;
    }, 1000);
  };

  // Time without a sign of somebody there, from ten seconds on.
  const active = () => {
    const gap = now() - activeAt;
    if (shownAt && gap > 10000) counts.idle_seconds += gap / 1000;
    activeAt += gap;
  };
  const scrolled = () => {
    counts.scroll_share = Math.max(counts.scroll_share, Math.min(1, (scrollY + innerHeight) / page.documentElement.scrollHeight));
  };
  const pointed = (event) => {
    active();
    // A movement ends where the pointer rests.
    if (event.timeStamp - pointer?.timeStamp < 200) counts.pointer_distance += distance(event, pointer);
    else counts.pointer_moves++;
    pointer = event;
  };
  const typed = (event) => {
    active();
    // Which key it was, and what is in the field, stays there.
    counts.keys++;
    if (event.inputType?.startsWith('delete')) counts.corrections++;
    fields.add(event.target);
  };

  const start = () => {
    stopping = new AbortController();
    const on = (name, listener) => addEventListener(name, listener, { capture: true, signal: stopping.signal });
    seen = new Set();
    lists = {};
    look(page.referrer);
    begin();
    on('click', clicked);
    on('pointermove', pointed);
    on('input', typed);
    on('submit', (event) => fields.forEach((field) => field.form == event.target && fields.delete(field)));
    on('scroll', () => { active(); scrolled(); });
    on('visibilitychange', () => {
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
    clearTimeout(timer);
    stopping = timer = 0;
    waiting = [];
    queue = [];
    lists = {};
    kept = {};
    write(KEPT);
    write(UNSENT);
  };

  // What can be asked for.

  const objects = browser.globalPrivacyControl || browser.doNotTrack == 1;
  const commands = {
    // {analytics: true, …}. The server must hear of a refusal, too: it is the last thing that it hears.
    consent: (given) => {
      const agrees = !objects && (given.analytics || given.personalization);
      const news = text(given) != text(kept.consent);
      if (agrees || stopping) {
        kept.consent = given;
        kept.id ||= random();
        if (!agrees) queue = [], lists = {}, write(UNSENT);
        else if (write(KEPT, kept), !stopping) start();
        if (news) track('Segment Consent Preference Updated', { categoryPreferences: given });
      }
      if (agrees) return;
      if (stopping) send(true);
      forget();
    },
    identify: (user, traits) => {
      kept.user = user;
      write(KEPT, kept);
      add('identify', { traits: traits });
    },
    track: track,
    page: view,
    // Somebody else may sit here now.
    reset: () => {
      kept = { consent: kept.consent, id: random() };
      write(KEPT, kept);
    }
  };

  const run = (command) => {
    const list = [...command];
    const name = list.shift();
    if (stopping || name == 'consent') commands[name]?.(...list);
    // Kept in memory only, until the visitor has decided.
    else if (waiting.length < 50) waiting.push(command);
  };

  // Nothing begins before the page is looked at: a browser may have it ready, and never show it.
  let asked = window.rapport?.q || [];
  const go = () => {
    const list = asked;
    asked = 0;
    if (objects) forget();
    else if (kept.consent) start();
    list.forEach(run);
  };
  window.rapport = (...list) => asked ? asked.push(list) : run(list);
  if (page.hidden) addEventListener('visibilitychange', go, { once: true });
  else go();
})();
