// Features through GrowthBook's own client, unmodified, from Node.js: loaded and evaluated here, and evaluated by the server.
const assert = require('node:assert')
const { GrowthBook } = require('@growthbook/growthbook')

const fail = (error) => { console.error(error); process.exit(1) }
const apiHost = process.env.RAPPORT_URL

/** The value of `checkout`, and the variation that the client says was met. */
async function asked(id, plan, options) {
  const met = []
  const trackingCallback = (experiment, result) => met.push(`${experiment.key}=${result.key}`)
  const gb = new GrowthBook({ apiHost, attributes: { id, plan }, trackingCallback, ...options })
  const { success, error } = await gb.init({ timeout: 5000 })
  assert.ok(success, error)
  const told = [gb.getFeatureValue('checkout', 'x'), gb.getFeatureValue('limit', 0), gb.isOn('off'), ...met]
  gb.destroy()
  return told
}

async function main() {
  const variants = new Set()
  for (let n = 0; n < 40; n++) {
    const id = `growthbook-node-${n}`
    const local = await asked(id, 'free', { clientKey: process.env.WRITE_KEY })
    const remote = await asked(id, 'free', { clientKey: process.env.SERVER_KEY, remoteEval: true })
    assert.deepEqual(local, remote, id)
    const answer = await fetch(`${apiHost}/v1/decide`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${process.env.SERVER_KEY}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ decision: 'flags', userId: id, context: { plan: 'free' } }),
    })
    const { flags, experiments } = await answer.json()
    assert.deepEqual([flags.checkout.value, `copy=${experiments.copy}`], [local[0], local[3]], id)
    variants.add(local[3])
  }
  assert.equal(variants.size, 2, 'both variations were drawn')
  assert.deepEqual(await asked('growthbook-node', 'pro', { clientKey: process.env.WRITE_KEY }), ['pro', 7, false])
  const remote = { clientKey: process.env.SERVER_KEY, remoteEval: true }
  assert.deepEqual(await asked('growthbook-node', 'pro', remote), ['pro', 7, false])
  const forced = await asked('growthbook-node', 'free', { ...remote, forcedVariations: { copy: 1 } })
  assert.equal(forced[0], 'B')
}

main().then(() => process.exit(0)).catch(fail)
