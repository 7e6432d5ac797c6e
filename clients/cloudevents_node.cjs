// CloudEvents in every mode through the CloudEvents library, from Node.js.
const { CloudEvent, HTTP, httpTransport, emitterFor, Mode } = require('cloudevents')

const url = `${process.env.RAPPORT_URL}/v1/cloudevents?writeKey=${process.env.WRITE_KEY}`
const subject = 'cloudevents-node'
const event = (id, type, data) => new CloudEvent({ id, type, source: '/app', subject, data })

async function post(message) {
  const answer = await fetch(url, { method: 'POST', headers: message.headers, body: message.body })
  const said = await answer.json()
  if (!answer.ok || said.rejected) throw new Error(JSON.stringify(said))
}

async function main() {
  await post(HTTP.binary(event('1', 'Größe gewählt "M" 100 %', { size: 'M' })))
  await post(HTTP.structured(event('2', 'rapport.identify', { traits: { plan: 'pro' } })))
  // The same two once more, and a third one: what was there changes nothing.
  const batch = [event('2', 'rapport.identify', { traits: { plan: 'pro' } }), event('3', 'Signed Up', { plan: 'pro' })]
  await post({ headers: { 'content-type': 'application/cloudevents-batch+json' }, body: JSON.stringify(batch) })
  const emit = emitterFor(httpTransport(url), { mode: Mode.BINARY })
  await emit(event('4', 'Signed Out', {}))
}

main().catch((error) => { console.error(error); process.exit(1) })
