// Has Chromium open a page, and ends it with the program: it is many processes, which write to its profile until they are
// gone.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const timeLimitMs = 100_000

// Opens the address; `end(code, said)` of what comes back ends the browser and the program.
export function open(name, address) {
  const profile = mkdtempSync(join(tmpdir(), 'browser-'))
  const flags = [
    '--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--disable-background-networking',
    '--disable-component-update', '--disable-sync', '--no-first-run', '--disable-popup-blocking', `--user-data-dir=${profile}`,
  ]
  const browser = spawn(process.env.CHROMIUM || 'chromium', [...flags, address], { stdio: 'ignore', detached: true })
  const end = (code, said) => {
    console.log(`${name}: ${said}`)
    if (browser.pid) process.kill(-browser.pid, 'SIGKILL')
    rmSync(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
    process.exit(code)
  }
  browser.on('error', (error) => end(1, `${error}: install Chromium, or name it in CHROMIUM`))
  setTimeout(() => end(1, `it did not come to an end within ${timeLimitMs / 1000} s`), timeLimitMs)
  return { end }
}
