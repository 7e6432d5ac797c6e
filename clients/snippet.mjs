// Does the browser snippet do in a browser what docs/browser.md says? Serves a small shop whose pages load /rapport.js through
// this program, so that it sees every request of theirs, and can let one fail. What arrived is compared at the end.
import { createServer } from 'node:http'
import assert from 'node:assert'
import { open } from './chromium.mjs'

const url = process.env.RAPPORT_URL
const user = 'rapport-snippet'

const stub = 'window.rapport = window.rapport || function () { (rapport.q = rapport.q || []).push(arguments) }'
const load = (more) => `<script>${stub};${more}</script>
<script async src="/rapport.js" data-write-key="${process.env.WRITE_KEY}"></script>
<script>
  const pause = (ms) => new Promise((done) => setTimeout(done, ms))
  const say = (said) => fetch('/said', { method: 'POST', body: said })
  const must = (what, holds) => { if (!holds) throw new Error(what) }
  const until = async (what, holds) => {
    for (let n = 0; !await holds(); n++) { must('in vain: ' + what, n < 200); await pause(50) }
  }
  const requests = () => fetch('/requests').then((answer) => answer.json())
  const arrived = () => fetch('/arrived').then((answer) => answer.json())
  // What becomes of the next request with events: 'fail' or 'hold', which is to be cut off unanswered.
  const next = (deed) => fetch('/next', { method: 'POST', body: deed })
  // Whoever moves on sends what there is.
  const moveOn = (to = window) => { to.history.pushState(null, '', to.location.pathname + '?on=' + Math.random()); to.document.body.append('on') }
  const stored = () => Object.keys(localStorage).sort().join()
  const event = (name, fields, Kind = Event) => new Kind(name, { bubbles: true, ...fields })
  const run = (steps) => addEventListener('load', () => steps().catch((error) => say('error: ' + error.stack)))
</script>`

const items = `<section data-rapport-list="spring" data-rapport-decision="d-1">
  <div data-rapport-item="007" data-rapport-price="4.50" data-rapport-currency="EUR" data-rapport-name="Green tea">tea</div>
  <div data-rapport-item="p2">cup</div>
</section>`

const pages = {
  '/': `<!doctype html><title>Shop</title>${load("rapport('track', 'Product Viewed', { product_id: 'before' })")}
    ${items}<div style="height: 3000px"></div><div data-rapport-item="below">below</div>
    <form><input id="name"></form><p id="dead">nothing here</p>
    <script>run(async () => {
      await pause(1500)
      must('something was sent before there was consent', (await requests()) === 0)
      must('something was stored before there was consent: ' + stored(), stored() === '')
      rapport('consent', { analytics: true, marketing: false })
      rapport('track', 'Signed Up', { plan: 'pro' })
      await until('the first batch, which is answered with 503', async () => (await requests()) === 1)
      await until('what was not sent is stored', () => stored() === 'rapport,rapport.unsent')
      const dead = document.getElementById('dead'), name = document.getElementById('name')
      for (let n = 0; n < 5; n++) dead.dispatchEvent(event('pointermove', { clientX: 10 * n, clientY: 0 }, PointerEvent))
      for (let n = 0; n < 3; n++) dead.dispatchEvent(event('click', { clientX: 5, clientY: 5 }, MouseEvent))
      for (const inputType of ['insertText', 'insertText', 'deleteContentBackward']) {
        name.value = 'my secret'
        name.dispatchEvent(event('input', { inputType, data: 's' }, InputEvent))
      }
      await pause(1200)
      document.querySelector('[data-rapport-item]').dispatchEvent(event('click', {}, MouseEvent))
      await pause(200)
      history.pushState(null, '', '/tea?token=secret')
      document.title = 'Tea'
      document.body.append('tea')
      await pause(600)
      location.href = '/second'
    })</script>`,
  '/second': `<!doctype html><title>Second</title>${load(`rapport('identify', '${user}', { plan: 'pro' })`)}
    <script>run(async () => {
      await until('what it says of itself', async () => (await arrived()).includes('identify'))
      rapport('track', 'Late')
      rapport('consent', { analytics: false })
      rapport('track', 'Too Late')
      await pause(300)
      must('something is left: ' + stored(), stored() === '')
      location.href = '/tall'
    })</script>`,
  '/tall': `<!doctype html><title>Tall</title><style>body { margin: 0 } section { outline: 1px solid }</style>
    ${load("rapport('consent', { analytics: true })")}
    <div style="height: 60vh"></div>
    <section style="height: 300vh" data-rapport-decision="three windows"></section>
    <section style="height: 1200vh" data-rapport-decision="twelve windows"></section>
    <section style="height: 9000vh" data-rapport-decision="ninety windows"></section>
    <script>run(async () => {
      const windows = (n) => scrollTo(0, n * innerHeight)
      for (const [title, start] of [['three', .6], ['twelve', 3.6], ['ninety', 15.6]]) {
        // It fills less than half of the window: that is not seen yet.
        windows(start - .6)
        await pause(1500)
        document.title = title
        moveOn()
        await pause(200)
        // Whoever scrolls on slowly sees it, as it fills ever more of the window.
        for (let n = 0; n < 15; n++) { windows(start - .4 + n / 40); await pause(100) }
        document.title = 'on'
        moveOn()
        await pause(200)
      }
      location.href = '/held'
    })</script>`,
  '/held': `<!doctype html><title>Held</title>${load('')}
    <script>run(async () => {
      await pause(200)
      const known = await requests()
      await next('hold')
      rapport('track', 'Under Way')
      moveOn()
      await until('a request that is not answered', async () => (await requests()) > known)
      location.href = '/tabs'
    })</script>`,
  '/tabs': `<!doctype html><title>Tabs</title>${load('')}
    <script>run(async () => {
      const tab = open('/tab')
      await until('the other tab', () => tab.isReady)
      rapport('consent', { analytics: true, marketing: true })
      tab.rapport('track', 'Agreed Elsewhere')
      moveOn(tab)
      await pause(500)
      tab.rapport('track', 'Withdrawn Elsewhere')
      rapport('consent', { analytics: false })
      await until('the refusal to be told', () => stored() === '')
      const known = await requests()
      await pause(200)
      tab.rapport('identify', 'somebody')
      tab.rapport('reset')
      tab.rapport('track', 'Withdrawn Elsewhere')
      tab.document.getElementById('item').click()
      moveOn(tab)
      await pause(500)
      must('the other tab goes on', (await requests()) === known)
      must('the other tab stored something: ' + stored(), stored() === '')
      tab.close()
      location.href = '/before'
    })</script>`,
  // The other tab was open before the visitor agreed, and they refuse there.
  '/before': `<!doctype html><title>Before</title>${load('')}
    <script>run(async () => {
      const tab = open('/tab')
      await until('the other tab', () => tab.isReady)
      const clicked = async () => (await arrived()).filter((name) => name === 'Product Clicked').length
      const known = await clicked()
      rapport('consent', { analytics: true, marketing: true })
      await pause(300)
      tab.document.getElementById('item').click()
      moveOn(tab)
      await until('the other tab to begin by itself', async () => (await clicked()) === known + 1)
      await next('fail')
      rapport('track', 'Withdrawn Unsent')
      moveOn()
      await until('what was not sent is stored', () => stored() === 'rapport,rapport.unsent')
      tab.rapport('consent', { analytics: false })
      await until('the refusal to be told', () => stored() === '')
      tab.close()
      location.href = '/unreached'
    })</script>`,
  '/unreached': `<!doctype html><title>Unreached</title>${load('')}
    <script>run(async () => {
      const tab = open('/tab')
      await until('the other tab', () => tab.isReady)
      await next('fail')
      rapport('consent', { analytics: true, marketing: true })
      rapport('track', 'Withdrawn Unsent')
      moveOn()
      await until('what was not sent is stored', () => stored() === 'rapport,rapport.unsent')
      const known = await requests()
      Object.defineProperty(tab.navigator, 'onLine', { get: () => false })
      tab.rapport('consent', { analytics: false })
      await pause(300)
      must('offline, something was sent', (await requests()) === known)
      must('only the refusal is left: ' + stored(), stored() === 'rapport.unsent' && JSON.parse(localStorage['rapport.unsent']).length === 1)
      tab.close()
      location.href = '/reached'
    })</script>`,
  '/reached': `<!doctype html><title>Reached</title>${load('')}
    <script>run(async () => {
      await until('the refusal to be told', () => stored() === '')
      location.href = '/late'
    })</script>`,
  // A request fails after the consent was withdrawn elsewhere, and before this tab heard of it.
  '/late': `<!doctype html><title>Late</title>${load('')}
    <script>run(async () => {
      const tab = open('/tab')
      await until('the other tab', () => tab.isReady)
      addEventListener('storage', (event) => event.stopImmediatePropagation(), true)
      let fail
      const sent = window.fetch
      window.fetch = (...call) => call[0].pathname ? new Promise((_, failed) => { fail = failed }) : sent(...call)
      rapport('consent', { analytics: true, marketing: true })
      rapport('track', 'Withdrawn Late')
      moveOn()
      await until('a request', () => fail)
      Object.defineProperty(tab.navigator, 'onLine', { get: () => false })
      tab.rapport('consent', { analytics: false })
      fail()
      await pause(100)
      must('only the refusal is left: ' + stored(), stored() === 'rapport.unsent' && JSON.parse(localStorage['rapport.unsent']).length === 1)
      tab.close()
      location.href = '/offline'
    })</script>`,
  '/tab': `<!doctype html><title>Tab</title>${load('')}<p id="item" data-rapport-item="there">it</p>
    <script>run(async () => { await pause(200); window.isReady = true })</script>`,
  '/offline': `<!doctype html><title>Offline</title>${load("rapport('consent', { analytics: true, marketing: false })")}
    <script>run(async () => {
      await pause(200)
      const known = await requests()
      Object.defineProperty(navigator, 'onLine', { get: () => false })
      rapport('track', 'Withdrawn Offline')
      rapport('consent', { analytics: false })
      await pause(300)
      must('offline, something was sent', (await requests()) === known)
      must('only the refusal is left: ' + stored(), stored() === 'rapport.unsent' && JSON.parse(localStorage['rapport.unsent']).length === 1)
      await next('fail')
      location.href = '/online'
    })</script>`,
  // Nobody agreed here: only what is owed is told, and again where that fails.
  '/online': `<!doctype html><title>Online</title>${load('')}
    <script>run(async () => {
      await until('an answer of 503', async () => (await fetch('/next').then((answer) => answer.text())) === '')
      await pause(200)
      must('the refusal is still left: ' + stored(), stored() === 'rapport.unsent')
      location.href = '/again'
    })</script>`,
  '/again': `<!doctype html><title>Again</title>${load('')}
    <script>run(async () => {
      await until('the refusal to be told', () => stored() === '')
      location.href = '/private'
    })</script>`,
  '/private': `<!doctype html><title>Private</title>
    <script>Object.defineProperty(navigator, 'globalPrivacyControl', { value: true })</script>${load("rapport('consent', { analytics: true })")}
    <script>run(async () => {
      rapport('track', 'Never')
      await pause(500)
      must('something is stored against the wish of the browser: ' + stored(), stored() === '')
      await say('done')
    })</script>`,
}

const batches = []
let nRequests = 0
let next = 'fail'
let browser

const called = (event) => event.event || event.type

async function read(request) {
  const parts = []
  for await (const part of request) parts.push(part)
  return Buffer.concat(parts).toString()
}

async function answer(request, response) {
  const path = request.url.split('?')[0]
  const body = await read(request)
  if (path === '/said') {
    response.end()
    if (body === 'done') check()
    else browser.end(1, body)
  } else if (path === '/requests') {
    response.end(JSON.stringify(nRequests))
  } else if (path === '/arrived') {
    response.end(JSON.stringify(batches.flatMap((batch) => batch.batch).map(called)))
  } else if (path === '/next') {
    if (request.method === 'POST') next = body
    response.end(next)
  } else if (pages[path]) {
    response.setHeader('content-type', 'text/html; charset=utf-8').end(pages[path])
  } else if (path === '/rapport.js') {
    const script = await fetch(url + path)
    response.setHeader('content-type', script.headers.get('content-type')).end(await script.text())
  } else if (path === '/beacon/v1/batch') {
    nRequests += 1
    const deed = next
    next = ''
    if (deed === 'hold') return
    if (deed === 'fail') return response.writeHead(503).end()
    const sent = await fetch(url + request.url, { method: 'POST', body, headers: { 'content-type': request.headers['content-type'] } })
    batches.push(JSON.parse(body))
    response.writeHead(sent.status).end(await sent.text())
  } else {
    response.writeHead(404).end()
  }
}

async function check() {
  try {
    const all = batches.flatMap((batch) => batch.batch)
    const text = JSON.stringify(batches)
    for (const secret of ['secret', 'token', 'Too Late', 'Never', 'Withdrawn']) assert(!text.includes(secret), `${secret} was sent`)

    // One visitor after the other: whoever withdrew the consent is another one when they agree again.
    const visitors = [...new Set(all.map((event) => event.anonymousId))]
    const [events, tall, before, unreached, late, offline] = visitors.map((visitor) => all.filter((event) => event.anonymousId === visitor))
    assert.equal(visitors.length, 6)
    assert.deepEqual(before.filter((event) => called(event) === 'page').map((event) => event.properties.title), ['Tab'])
    for (const visitor of [unreached, late]) assert.deepEqual(visitor.map(called), ['Segment Consent Preference Updated'])
    const shown = tall.filter((event) => called(event) === 'Decision Shown')
    const where = shown.map((event) => `${event.properties.decision_id} on ${event.context.page.title}`)
    const own = where.filter((one) => !one.endsWith(' on on'))
    assert.deepEqual(own, ['three windows on three', 'twelve windows on twelve', 'ninety windows on ninety'])
    assert.equal(new Set(tall.filter((event) => called(event) === 'Under Way').map((event) => event.messageId)).size, 1)
    const elsewhere = tall.find((event) => called(event) === 'Agreed Elsewhere')
    assert.deepEqual(elsewhere.context.consent.categoryPreferences, { analytics: true, marketing: true })
    assert(!tall.some((event) => called(event) === 'Product Clicked'), 'a click in the other tab was told')
    for (const visitor of [tall, before, unreached, late, offline]) {
      assert.deepEqual(visitor.at(-1).properties, { categoryPreferences: { analytics: false } }, 'the refusal is the last')
    }

    const named = (name) => events.filter((event) => called(event) === name)
    assert(named('Product Viewed').length === 1, 'a command from before the consent waits for it')
    assert.deepEqual(named('page').map((event) => event.properties.title), ['Shop', 'Tea', 'Second'])
    assert.deepEqual(named('page').map((event) => event.properties.path), ['/', '/tea', '/second'])
    assert.deepEqual(named('Product List Viewed').map((event) => event.properties), [{ list_id: 'spring', products: [
      { product_id: '007', price: 4.5, currency: 'EUR', name: 'Green tea' }, { product_id: 'p2' },
    ] }])
    assert.deepEqual(named('Decision Shown').map((event) => event.properties), [{ decision_id: 'd-1' }])
    assert.equal(named('Product Clicked')[0].properties.product_id, '007')
    assert.deepEqual([named('Decision Clicked')[0].properties.decision_id, named('Decision Clicked')[0].properties.product_id], ['d-1', '007'])
    const left = named('Page Left')
    assert.equal(named('identify').length, 1)
    assert.equal(left.length, 2, 'one for each page that was left, but for where the consent was withdrawn')
    const { seconds_visible: seconds, scroll_share: share, ...counts } = left[0].properties
    assert(seconds > 1 && seconds < 30, `${seconds} seconds`)
    assert(share > 0 && share < 1, `${share} of the page`)
    assert.deepEqual(counts, { pointer_moves: 1, pointer_distance: 40, clicks: 4, rage_clicks: 1, dead_clicks: 3, keys: 3, corrections: 1, form_fields_left: 1 })
    const told = named('Segment Consent Preference Updated').map((event) => event.properties.categoryPreferences)
    assert.deepEqual(told, [{ analytics: true, marketing: false }, { analytics: false }])
    assert.equal(events.at(-1).event, 'Segment Consent Preference Updated', 'a refusal is the last thing that is told')
    assert(!named('Late').length, 'what was not sent when the consent was withdrawn is not sent')
    for (const event of events) assert(event.context.consent.categoryPreferences.analytics !== undefined, called(event))

    // All of it is understood by the server, and belongs to the customer who said who they are.
    const asked = await fetch(`${url}/v1/customers/${user}`, { headers: { authorization: `Bearer ${process.env.SERVER_KEY}` } })
    const customer = await asked.json()
    const ids = new Set(events.map((event) => event.messageId))
    assert.equal(customer.eventCount, ids.size, JSON.stringify(customer))
    browser.end(0, `all ${ids.size} events arrived`)
  } catch (error) {
    browser.end(1, `${error.stack}\n${JSON.stringify(batches)}`)
  }
}

const server = createServer((request, response) => answer(request, response).catch((error) => browser.end(1, error.stack)))
server.listen(0, '127.0.0.1', () => { browser = open('rapport-snippet', `http://127.0.0.1:${server.address().port}/`) })
