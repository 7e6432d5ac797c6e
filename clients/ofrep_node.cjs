// Flags through OpenFeature's own clients and both of its OFREP providers, unmodified, from Node.js: one by one as servers ask, and
// all at once as browsers do, with polling by ETag.
const assert = require('node:assert')
const { OpenFeature } = require('@openfeature/server-sdk')
const { OFREPProvider } = require('@openfeature/ofrep-provider')
const web = require('@openfeature/web-sdk')
const { OFREPWebProvider } = require('@openfeature/ofrep-web-provider')

const fail = (error) => { console.error(error); process.exit(1) }
const baseUrl = process.env.RAPPORT_URL
const headers = [['Authorization', `Bearer ${process.env.SERVER_KEY}`]]

async function server() {
  await OpenFeature.setProviderAndWait(new OFREPProvider({ baseUrl, headers }))
  const flags = OpenFeature.getClient()
  const pro = { targetingKey: 'ofrep-node', plan: 'pro' }
  assert.equal(await flags.getStringValue('checkout', 'x', pro), 'pro')
  assert.equal(await flags.getNumberValue('price', 9, pro), 0.5)
  assert.equal(await flags.getNumberValue('limit', 0, pro), 7)
  assert.deepEqual(await flags.getObjectValue('menu', {}, pro), { items: [] })
  const login = await flags.getBooleanDetails('login', false, pro)
  assert.deepEqual([login.value, login.reason, login.flagMetadata.reason], [true, 'STATIC', 'default'])
  const drawn = await flags.getStringDetails('checkout', 'x', { targetingKey: 'ofrep-node' })
  assert.ok(drawn.reason === 'SPLIT' && ['control', 'bold'].includes(drawn.variant), JSON.stringify(drawn))
  const off = await flags.getBooleanDetails('off', true, pro)
  assert.equal(off.value, true, 'what is off has the value of the code')
  const unknown = await flags.getBooleanDetails('chekout', true, pro)
  assert.deepEqual([unknown.value, unknown.errorCode], [true, 'FLAG_NOT_FOUND'])
  const odd = await flags.getBooleanDetails('a/b c?d', true, pro)
  assert.equal(odd.errorCode, 'FLAG_NOT_FOUND')
  const mismatch = await flags.getBooleanDetails('checkout', true, pro)
  assert.deepEqual([mismatch.value, mismatch.errorCode], [true, 'TYPE_MISMATCH'])
  const nobody = await flags.getStringDetails('checkout', 'x', {})
  assert.deepEqual([nobody.value, nobody.errorCode], ['x', 'TARGETING_KEY_MISSING'])
  await OpenFeature.close()
  return drawn.variant
}

async function browser(variant) {
  const asked = []
  const fetchImplementation = async (input, init) => {
    const answer = await fetch(input, init)
    asked.push(answer.status)
    return answer
  }
  await web.OpenFeature.setContext({ targetingKey: 'ofrep-node', plan: 'pro' })
  const provider = new OFREPWebProvider({ baseUrl, headers, fetchImplementation, pollInterval: 100 })
  await web.OpenFeature.setProviderAndWait(provider)
  const flags = web.OpenFeature.getClient()
  assert.equal(flags.getStringValue('checkout', 'x'), 'pro')
  assert.equal(flags.getNumberValue('price', 9), 0.5)
  assert.equal(flags.getBooleanValue('off', true), true)
  assert.equal(flags.getBooleanDetails('chekout', true).errorCode, 'FLAG_NOT_FOUND')
  for (let i = 0; i < 100 && !asked.includes(304); i++) await new Promise((done) => setTimeout(done, 50))
  assert.ok(asked.includes(304), `nothing changed, and that was not said: ${asked}`)
  await web.OpenFeature.setContext({ targetingKey: 'ofrep-node', plan: 'free' })
  const drawn = flags.getStringDetails('checkout', 'x')
  assert.deepEqual([drawn.variant, drawn.reason], [variant, 'SPLIT'], 'another context, another answer')
  await web.OpenFeature.close()
}

server().then(browser).then(() => process.exit(0)).catch(fail)
