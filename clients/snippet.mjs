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
      await until('what it says of itself', async () => (await requests()) >= 4)
      rapport('track', 'Late')
      rapport('consent', { analytics: false })
      rapport('track', 'Too Late')
      await pause(300)
      must('something is left: ' + stored(), stored() === '')
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
let browser

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
  } else if (pages[path]) {
    response.setHeader('content-type', 'text/html; charset=utf-8').end(pages[path])
  } else if (path === '/rapport.js') {
    const script = await fetch(url + path)
    response.setHeader('content-type', script.headers.get('content-type')).end(await script.text())
  } else if (path === '/beacon/v1/batch') {
    nRequests += 1
    if (nRequests === 1) return response.writeHead(503).end()
    const sent = await fetch(url + request.url, { method: 'POST', body, headers: { 'content-type': request.headers['content-type'] } })
    batches.push(JSON.parse(body))
    response.writeHead(sent.status).end(await sent.text())
  } else {
    response.writeHead(404).end()
  }
}

async function check() {
  try {
    const events = batches.flatMap((batch) => batch.batch)
    const called = (event) => event.event || event.type
    const named = (name) => events.filter((event) => called(event) === name)
    const text = JSON.stringify(batches)
    for (const secret of ['secret', 'token', 'Too Late', 'Never']) assert(!text.includes(secret), `${secret} was sent`)
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
    assert.deepEqual(counts, { idle_seconds: 0, pointer_moves: 1, pointer_distance: 40, clicks: 4, rage_clicks: 1, dead_clicks: 3, keys: 3, corrections: 1, form_fields_left: 1 })
    const told = named('Segment Consent Preference Updated').map((event) => event.properties.categoryPreferences)
    assert.deepEqual(told, [{ analytics: true, marketing: false }, { analytics: false }])
    assert.equal(events.at(-1).event, 'Segment Consent Preference Updated', 'a refusal is the last thing that is told')
    assert(!named('Late').length, 'what was not sent when the consent was withdrawn is not sent')
    for (const event of events) assert(event.context.consent.categoryPreferences.analytics !== undefined, called(event))
    assert.equal(new Set(events.map((event) => event.anonymousId)).size, 1)

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
