// Does Segment's browser library work as it is, in a browser, over plain http? Serves a page, has Chromium open it, and
// waits until the page says that the library has delivered its events. The library says so of what is lost, too: the server
// must be asked for them.
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { open } from './chromium.mjs'

const url = process.env.RAPPORT_URL

const library = join(dirname(createRequire(import.meta.url).resolve('@segment/analytics-next/package.json')), 'dist/umd/index.js')
const page = `<!doctype html><title>A shop</title>
<script src="/library.js"></script>
<script type="module">
  const say = (said) => fetch('/said', { method: 'POST', body: said })
  try {
    const analytics = AnalyticsNext.AnalyticsBrowser.load({ writeKey: 'client-write-key', cdnURL: '${url}' })
    analytics.on('error', (error) => say('error: ' + JSON.stringify(error)))
    await analytics.identify('segment-browser', { plan: 'pro' })
    await analytics.page('Home')
    const sent = await analytics.track('Product Viewed', { product_id: '1' })
    const failure = sent.failedDelivery?.()
    await say(failure ? 'error: ' + JSON.stringify(failure.reason) : 'delivered')
  } catch (error) {
    await say('error: ' + error)
  }
</script>`

let browser
const server = createServer((request, response) => {
  if (request.url === '/said') {
    let said = ''
    request.on('data', (data) => { said += data })
    request.on('end', () => { response.end(); browser.end(said === 'delivered' ? 0 : 1, said) })
  } else if (request.url === '/library.js') {
    response.setHeader('content-type', 'text/javascript').end(readFileSync(library))
  } else {
    response.setHeader('content-type', 'text/html').end(page)
  }
})

server.listen(0, '127.0.0.1', () => {
  browser = open('segment-browser', `http://127.0.0.1:${server.address().port}/`)
})
