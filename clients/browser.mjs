// Does Segment's browser library work as it is, in a browser, over plain http? Serves a page, has Chromium open it, and
// waits until the page says that the library has delivered its events. The library says so of what is lost, too: the server
// must be asked for them.
import { createServer } from 'node:http'
import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

const url = process.env.RAPPORT_URL
const timeLimitMs = 60_000

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

const profile = mkdtempSync(join(tmpdir(), 'browser-'))
let browser
const end = (code, said) => {
  console.log(`segment-browser: ${said}`)
  // The browser is many processes, which write to its profile until they are gone.
  if (browser?.pid) process.kill(-browser.pid, 'SIGKILL')
  rmSync(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
  process.exit(code)
}

const server = createServer((request, response) => {
  if (request.url === '/said') {
    let said = ''
    request.on('data', (data) => { said += data })
    request.on('end', () => { response.end(); end(said === 'delivered' ? 0 : 1, said) })
  } else if (request.url === '/library.js') {
    response.setHeader('content-type', 'text/javascript').end(readFileSync(library))
  } else {
    response.setHeader('content-type', 'text/html').end(page)
  }
})

server.listen(0, '127.0.0.1', () => {
  const flags = [
    '--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--disable-background-networking',
    '--disable-component-update', '--disable-sync', '--no-first-run', `--user-data-dir=${profile}`,
  ]
  const address = `http://127.0.0.1:${server.address().port}/`
  browser = spawn(process.env.CHROMIUM || 'chromium', [...flags, address], { stdio: 'ignore', detached: true })
  browser.on('error', (error) => end(1, `${error}: install Chromium, or name it in CHROMIUM`))
  setTimeout(() => end(1, `nothing was delivered within ${timeLimitMs / 1000} s`), timeLimitMs)
})
